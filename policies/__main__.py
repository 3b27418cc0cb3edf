"""Started by the engine, in this directory and with no PYTHONPATH, as `python -m pulumi.policy ADDRESS .`.

TEEI_FINOPS_PROJECT is the folder with `exemptions.yaml`, `budgets.yaml` and `usage.yaml`; without it they are
read from the folder above the pack.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi.runtime import get_config_env
from pulumi_policy import EnforcementLevel, PolicyPack

from policies import analyzer, pack
from teei_finops.policy_report import VARIABLE

if {"-h", "--help"} & set(sys.argv[1:]):
    print("The engine starts the policy pack: pulumi preview --policy-pack PATH_OF_THIS_FOLDER")
    sys.exit()
root = Path(os.environ.get("TEEI_FINOPS_PROJECT") or pack.ROOT)
policies, context = pack.build(get_config_env(), datetime.now(UTC).date(), root=root)
if os.environ.get(VARIABLE):
    context.report_file = Path(os.environ[VARIABLE])
    try:
        context.save_report()
    except OSError as error:
        sys.exit(f"policies: {context.report_file}: {error.strerror}; set {VARIABLE} to a writable path")
analyzer.install(context)
PolicyPack(pack.NAME, policies, EnforcementLevel.MANDATORY, description=pack.DESCRIPTION)
