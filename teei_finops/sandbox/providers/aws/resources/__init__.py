"""The types that are really made, in a moto account, through boto3: one file for each family of services."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    registered,
)

__all__ = ["Clients", "Made", "Maker", "RefusedError", "maker_of", "unknown_again"]

_FILES = {
    "budgets": "cost",
    "costexplorer": "cost",
    "s3": "storage",
    "rds": "databases",
    "sqs": "messaging",
    "sns": "messaging",
    "lambda": "lambda_functions",
    "scheduler": "schedules",
    "secretsmanager": "secrets",
    "kms": "secrets",
    "iam": "identities",
    "cloudwatch": "cloudwatch",
    "lb": "load_balancers",
    "ec2": "network",
    "vpc": "network",
    "ses": "mail",
    "sesv2": "mail",
}


def maker_of(token: str) -> Maker | None:
    """What makes resources of a type; None for a type that only gets an id."""
    file = _FILES.get(token.removeprefix("aws:").partition("/")[0])
    if file is None:
        return None
    import_module(f"teei_finops.sandbox.providers.aws.resources.{file}")
    return registered(token)


def unknown_again(token: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> frozenset[str]:
    """The outputs that a change of inputs leaves open until it is made, though the resource is there."""
    maker = maker_of(token)
    return maker.unknown_again(olds, news) if maker else frozenset()
