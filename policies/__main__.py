"""Started by the engine, in this directory and with no PYTHONPATH, as `python -m pulumi.policy ADDRESS .`.

`finops.yaml`, `exemptions.yaml`, `budgets.yaml` and `usage.yaml` are read from the folder of the project,
which the variable TEEI_FINOPS_PROJECT can name; where there is none, from the folder above the pack.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi.runtime import get_config_env
from pulumi_policy import EnforcementLevel, PolicyPack

from policies import analyzer, pack, project
from teei_finops.errors import UserError
from teei_finops.policy_report import VARIABLE

if {"-h", "--help"} & set(sys.argv[1:]):
    print("The engine starts the policy pack: pulumi preview --policy-pack PATH_OF_THIS_FOLDER")
    sys.exit()
folder = project.project_folder(os.environ, Path.cwd())
policies, context = pack.build(get_config_env(), datetime.now(UTC).date(), root=folder)
try:
    config = project.initial_config(folder, policies)
except UserError as error:
    sys.exit(f"policies: {error}")
if os.environ.get(VARIABLE):
    context.report_file = Path(os.environ[VARIABLE])
    try:
        context.save_report()
    except OSError as error:
        sys.exit(f"policies: {context.report_file}: {error.strerror}; set {VARIABLE} to a writable path")
analyzer.install(context)
PolicyPack(pack.NAME, policies, EnforcementLevel.MANDATORY, dict(config), description=pack.DESCRIPTION)
