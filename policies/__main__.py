"""Started by the engine, in this directory and with no PYTHONPATH, as `python -m pulumi.policy ADDRESS .`."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi.runtime import get_config_env
from pulumi_policy import EnforcementLevel, PolicyPack

from policies import analyzer, pack
from teei_finops.policy_report import VARIABLE

policies, context = pack.build(get_config_env(), datetime.now(UTC).date())
if os.environ.get(VARIABLE):
    context.report_file = Path(os.environ[VARIABLE])
    try:
        context.save_report()
    except OSError as error:
        sys.exit(f"policies: {context.report_file}: {error.strerror}; set {VARIABLE} to a writable path")
analyzer.install(context)
PolicyPack(pack.NAME, policies, EnforcementLevel.MANDATORY, description=pack.DESCRIPTION)
