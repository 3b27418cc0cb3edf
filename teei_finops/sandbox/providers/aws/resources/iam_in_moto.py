"""The policies that AWS manages: moto 5.2 has them, but reads all of them at once or none."""

import json
from functools import cache
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import Clients


def ensure_managed_policy(aws: Clients, arn: str) -> None:
    """Have the policy in the account if AWS has one with this ARN."""
    if not arn.startswith("arn:aws:iam::aws:policy/"):
        return
    from moto.iam.models import AWSManagedPolicy, iam_backends

    backend = iam_backends[aws.account]["aws"]
    held = backend.managed_policies
    name = arn.rsplit("/", 1)[-1]
    if arn not in held and name in _policies():
        policy: Any = AWSManagedPolicy.from_data(name, aws.account, backend.region_name, _policies()[name])
        if policy.arn == arn:
            held[arn] = policy


@cache
def _policies() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return json.loads(aws_managed_policies_data)
