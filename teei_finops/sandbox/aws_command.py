"""Asks the AWS account of a stack as the AWS CLI would: `aws --stack prod s3api list-buckets`."""

import argparse
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from teei_finops.sandbox.commands import known_stack
from teei_finops.sandbox.environment import Place
from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.providers.attached import account_of

_ALIASES = {"s3api": "s3", "configservice": "config"}


def ask(options: argparse.Namespace, place: Place) -> int:
    """Call one operation and print what AWS answers as JSON."""
    project = known_stack(place, options.stack)
    account = account_of(place, project, options.stack)
    try:
        with account.boto3() as boto3:
            print(json.dumps(_call(boto3, options), indent=2, default=_text))
    finally:
        account.close()
    return 0


def _call(boto3: Any, options: argparse.Namespace) -> Any:
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError

    service = _ALIASES.get(options.service, options.service)
    if service not in boto3.Session().get_available_services():
        raise SandboxError(f"aws: there is no service {options.service!r}")
    client = boto3.client(service, region_name=options.region)
    name = options.operation.replace("-", "_")
    operation = client.meta.method_to_api_mapping.get(name)
    if operation is None:
        raise SandboxError(f"aws: {options.service} has no operation {options.operation!r}")
    shape = client.meta.service_model.operation_model(operation).input_shape
    members = {xform_name(member, "-"): member for member in (shape.members if shape else {})}
    try:
        found = getattr(client, name)(**_parameters(options.parameters, members, options.operation))
    except (BotoCoreError, ClientError) as error:
        raise SandboxError(f"aws: {error}") from None
    found.pop("ResponseMetadata", None)
    return found


def _parameters(words: Sequence[str], members: dict[str, str], operation: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for flag, value in zip(words[::2], words[1::2], strict=False):
        member = members.get(flag.removeprefix("--"))
        if member is None or not flag.startswith("--"):
            known = ", ".join(f"--{name}" for name in members)
            raise SandboxError(f"aws: {operation} does not take {flag}; it takes {known}")
        result[member] = json.loads(value) if value[:1] in "[{" or value in ("true", "false") else value
    if len(words) % 2:
        raise SandboxError(f"aws: {words[-1]} has no value")
    return result


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.read().decode(errors="replace") if hasattr(value, "read") else str(value)
