"""Calls one operation on the fake AWS account of a stack: `sandbox aws --stack prod s3api list-buckets`."""

import argparse
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from teei_finops.sandbox.commands import project_with_stack
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.providers.attached import account_of, journal_file
from teei_finops.sandbox.stacks import Project, checkpoint_file, resources_in
from teei_finops.sandbox.workspace import Workspace

# Service names of the AWS CLI that differ from boto3's.
_BOTO3_NAMES = {"s3api": "s3", "configservice": "config"}


def query_account(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the response of one operation as JSON; the account has what `sandbox --moto` created.

    Raises SandboxError for an unknown stack, service, operation or parameter, and for an error response.
    """
    project = project_with_stack(workspace, options.stack)
    _check_account(workspace, project, options.stack)
    account = account_of(workspace, project, options.stack)
    try:
        with account.session(options.region) as session:
            print(json.dumps(_response(session, options), indent=2, default=_to_text))
    finally:
        account.close()
    return 0


def _check_account(workspace: Workspace, project: Project, stack: str) -> None:
    """Raise SandboxError when the stack was deployed without an account, which would seem to be empty."""
    resources = resources_in(checkpoint_file(workspace, project.name, stack))
    has_aws_resources = any(resource["type"].startswith("aws:") for resource in resources)
    if has_aws_resources and not journal_file(workspace, project, stack).exists():
        raise SandboxError(
            f"aws: {stack} was deployed without a fake account; destroy it, and deploy it with --moto"
        )


def _response(session: Any, options: argparse.Namespace) -> Any:
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    service = _BOTO3_NAMES.get(options.service, options.service)
    if service not in session.get_available_services():
        raise SandboxError(f"aws: unknown service {options.service!r}; use the AWS CLI's name, such as s3api")
    client = session.client(service)
    method = options.operation.replace("-", "_")
    operation = client.meta.method_to_api_mapping.get(method)
    if operation is None:
        raise SandboxError(
            f"aws: {options.service}: unknown operation {options.operation!r}; "
            "use the AWS CLI's name, such as list-buckets"
        )
    shape = client.meta.service_model.operation_model(operation).input_shape
    members = {xform_name(member, "-"): member for member in (shape.members if shape else {})}
    try:
        response = getattr(client, method)(**_parameters(options.parameters, members, options.operation))
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise SandboxError(f"aws: {error}") from None
    response.pop("ResponseMetadata", None)
    return response


def _parameters(words: Sequence[str], members: dict[str, str], operation: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for flag, value in zip(words[::2], words[1::2], strict=False):
        member = members.get(flag.removeprefix("--"))
        if member is None or not flag.startswith("--"):
            known = ", ".join(f"--{name}" for name in members)
            raise SandboxError(f"aws: {operation}: unknown parameter {flag}; known parameters: {known}")
        parameters[member] = json.loads(value) if value[:1] in "[{" or value in ("true", "false") else value
    if len(words) % 2:
        raise SandboxError(f"aws: {operation}: {words[-1]} needs a value after it")
    return parameters


def _to_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.read().decode(errors="replace") if hasattr(value, "read") else str(value)
