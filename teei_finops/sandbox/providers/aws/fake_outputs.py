"""Plausible values for the outputs of a resource that only AWS would know."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.identifiers import arn
from teei_finops.sandbox.providers.aws.schema import Schema, is_object_type


def fake_outputs(
    schema: Schema, token: str, resource_id: str, region: str, account: str, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """A value of the right type for each output of a resource type that the inputs do not give."""
    outputs: dict[str, Any] = {}
    for name, annotation in schema.outputs.items():
        if name in inputs or name == "tagsAll":
            continue
        if name == "arn":
            outputs[name] = arn(token, resource_id, region, account)
        elif name == "region":
            outputs[name] = region
        elif name in ("accountId", "ownerId"):
            outputs[name] = account
        elif name not in schema.inputs:
            outputs[name] = _fake_value(name, annotation, resource_id, region, account, token)
    return outputs


def _fake_value(name: str, annotation: Any, resource_id: str, region: str, account: str, token: str) -> Any:
    if name.lower().endswith("arn"):
        return arn(token, resource_id, region, account)
    if re.search(r"(dnsName|domainName|endpoint|address|hostname)$", name, re.IGNORECASE):
        return f"{re.sub('[^a-z0-9-]+', '-', resource_id.lower())}.{region}.sandbox.amazonaws.com"
    if re.search(r"(^ip|Ip|ipAddress)$", name):
        number = int(hashlib.sha256(f"{resource_id}{name}".encode()).hexdigest()[:4], 16)
        return f"10.0.{number >> 8}.{number & 255}"
    output_type = getattr(annotation, "__origin__", annotation)
    if not isinstance(output_type, type):
        return None
    for scalar_type, value in ((bool, False), (int | float, 0), (str, f"{name}-{resource_id}")):
        if issubclass(output_type, scalar_type):
            return value
    if is_object_type(output_type) or issubclass(output_type, Mapping):
        return {}
    return [] if output_type.__name__ in ("Sequence", "list") else None
