"""Handlers of the resource types that the fake AWS account really creates: one module a service.

A type without a handler gets an id and plausible outputs only.
"""

from teei_finops.sandbox.providers.aws.resource_handler import handler_for
from teei_finops.sandbox.providers.aws.resources import (  # noqa: F401 importing a module registers its handlers
    billing_exports,
    cloudwatch,
    cost_management,
    eventbridge,
    iam,
    kms,
    lambda_functions,
    load_balancers,
    messaging,
    rds,
    s3,
    s3_lifecycle,
    secrets_manager,
    security_groups,
    ses,
)

__all__ = ["handler_for"]
