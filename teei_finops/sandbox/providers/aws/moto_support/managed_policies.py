"""IAM policies that AWS manages, each loaded when a role attaches it.

moto can only load all of them (`MOTO_IAM_LOAD_MANAGED_POLICIES`), which takes seconds, or none.
"""

import json
from functools import cache
from typing import Any

from teei_finops.sandbox.providers.aws.api import Clients


def load_managed_policy(aws: Clients, arn: str) -> None:
    """Add a policy to the account if AWS manages one with this ARN."""
    if not arn.startswith("arn:aws:iam::aws:policy/"):
        return
    from moto.iam.models import AWSManagedPolicy, iam_backends

    backend = iam_backends[aws.account]["aws"]
    name = arn.rsplit("/", 1)[-1]
    if arn not in backend.managed_policies and name in _policies():
        policy: Any = AWSManagedPolicy.from_data(name, aws.account, backend.region_name, _policies()[name])
        if policy.arn == arn:
            backend.managed_policies[arn] = policy


@cache
def _policies() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return json.loads(aws_managed_policies_data)
