"""The stand-ins that answer for the providers a program may use."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from teei_finops.sandbox.environment import Place
from teei_finops.sandbox.providers.aws.account import Account, Key
from teei_finops.sandbox.providers.aws.provider import AwsStandIn
from teei_finops.sandbox.providers.fake_provider import StandIn
from teei_finops.sandbox.providers.generic import OtherStandIn, other_providers
from teei_finops.sandbox.providers.kubernetes.provider import KubernetesStandIn
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in, short_name


@contextmanager
def stand_ins(place: Place, project: Project | None, stack: str | None) -> Iterator[Mapping[str, StandIn]]:
    """Each attached provider by its package name; the engine has to know them all before it starts."""
    account = account_of(place, project, stack)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    try:
        yield {
            "aws": AwsStandIn(version("pulumi_aws"), account, region),
            "kubernetes": KubernetesStandIn(
                version("pulumi_kubernetes"), lambda: _resources(place, project, stack)
            ),
            **{name: OtherStandIn(name) for name in other_providers()},
        }
    finally:
        account.close()


def account_of(place: Place, project: Project | None, stack: str | None) -> Account:
    """The AWS account that holds what a stack made in earlier runs."""
    if project is None or stack is None:
        return Account(None)
    journal = place.scratch / "aws" / project.name / f"{short_name(stack)}.jsonl"
    return Account(journal, lambda: _aws_keys(place, project, stack))


def _aws_keys(place: Place, project: Project, stack: str) -> Iterator[Key]:
    for resource in _resources(place, project, stack):
        if resource.get("type", "").startswith("aws:") and resource.get("id"):
            yield resource["type"], resource["id"]


def _resources(place: Place, project: Project | None, stack: str | None) -> list[dict]:
    if project is None or stack is None:
        return []
    return resources_in(checkpoint_file(place, project.name, stack))
