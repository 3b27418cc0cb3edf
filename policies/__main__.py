"""Started by the engine, in this directory and with no PYTHONPATH, as `python -m pulumi.policy ADDRESS .`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi.runtime import get_config_env
from pulumi_policy import EnforcementLevel, PolicyPack

from policies import analyzer as servicer
from policies import pack

policies, context = pack.build(get_config_env(), datetime.now(UTC).date())
servicer.install(context)
PolicyPack(pack.NAME, policies, EnforcementLevel.MANDATORY, description=pack.DESCRIPTION)
