"""The fake providers that the sandbox attaches to the engine, and the fake AWS account of a stack."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from teei_finops.sandbox.environment import default_region
from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.endpoint import aws_endpoint
from teei_finops.sandbox.providers.aws.journal import Key
from teei_finops.sandbox.providers.aws.provider import FakeAwsProvider
from teei_finops.sandbox.providers.fake_provider import FakeProvider
from teei_finops.sandbox.providers.generic import GenericProvider
from teei_finops.sandbox.providers.kubernetes.provider import FakeKubernetesProvider
from teei_finops.sandbox.providers.lookups import read_stated_results
from teei_finops.sandbox.providers.package_schema import tokens_in
from teei_finops.sandbox.providers.packages import Package
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in, short_name
from teei_finops.sandbox.workspace import Workspace


@dataclass(frozen=True)
class Attached:
    """The fake providers by package name, and the URL at which AWS SDKs reach the fake account."""

    providers: Mapping[str, FakeProvider]
    aws_endpoint: str


@contextmanager
def fake_providers(
    workspace: Workspace,
    project: Project | None,
    stack: str | None,
    packages: Sequence[Package],
    *,
    aws_version: str | None,
    with_account: bool,
) -> Iterator[Attached]:
    """Every fake provider by its package name: the engine needs the whole list before it starts.

    `packages` are those of a generic fake; `aws_version` is the program's version of
    pulumi-aws. Raises SandboxError for an invalid `lookups.yaml`.
    """
    account = account_of(workspace, project, stack) if with_account else FakeAccount(None)
    tokens = tokens_in(workspace.project)
    stated = read_stated_results(workspace.project)
    aws = FakeAwsProvider(
        aws_version or version("pulumi_aws"),
        account if with_account else None,
        default_region(),
        stated,
        tokens,
    )
    kubernetes = FakeKubernetesProvider(
        version("pulumi_kubernetes"), lambda: _resources_in_state(workspace, project, stack), tokens
    )
    generic = {package.name: GenericProvider(package, stated, tokens) for package in packages}
    try:
        with aws_endpoint(account) as url:
            yield Attached({"aws": aws, "kubernetes": kubernetes, **generic}, url)
    finally:
        account.close()


def account_of(workspace: Workspace, project: Project | None, stack: str | None) -> FakeAccount:
    """The fake AWS account with the resources that earlier runs created for a stack."""
    if project is None or stack is None:
        return FakeAccount(None)
    return FakeAccount(
        journal_file(workspace, project, stack), lambda: _aws_keys_in_state(workspace, project, stack)
    )


def journal_file(workspace: Workspace, project: Project, stack: str) -> Path:
    """The file from which the account of a stack is restored; it exists while the account has resources."""
    return workspace.scratch / "aws" / project.name / f"{short_name(stack)}.jsonl"


def _aws_keys_in_state(workspace: Workspace, project: Project, stack: str) -> Iterator[Key]:
    for resource in _resources_in_state(workspace, project, stack):
        if resource.get("type", "").startswith("aws:") and resource.get("id"):
            yield resource["type"], resource["id"]


def _resources_in_state(workspace: Workspace, project: Project | None, stack: str | None) -> list[dict]:
    if project is None or stack is None:
        return []
    return resources_in(checkpoint_file(workspace, project.name, stack))
