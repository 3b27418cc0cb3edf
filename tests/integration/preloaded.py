"""The modules that take most of the time of a sandbox command, imported once for all that are forked."""

from pathlib import Path

import cloudcoil.models.keda  # noqa: F401
import moto.ec2
import moto.elbv2
import moto.rds  # noqa: F401

import teei_finops.sandbox.run  # noqa: F401
from teei_finops.sandbox.preload import preload_sdk_modules

preload_sdk_modules(Path(__file__).parents[2])
