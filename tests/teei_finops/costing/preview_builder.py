"""Small previews in both formats of the engine: the single document and the streaming events."""

from __future__ import annotations

import json
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = "[secret]"
BASE = "urn:pulumi:dev::shop"
DEFAULT_PROVIDER = f"{BASE}::pulumi:providers:aws::default_7_51_0::0d1e"
STACK = f"{BASE}::pulumi:pulumi:Stack::shop-dev"

QUEUE = "aws:sqs/queue:Queue"
VOLUME = "aws:ebs/volume:Volume"
INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


def urn(token: str, name: str) -> str:
    return f"{BASE}::{token}::{name}"


def state(token: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    fields = {"urn": urn(token, name), "custom": True, "type": token, "inputs": inputs, "parent": STACK}
    return fields | {"provider": DEFAULT_PROVIDER} | more


def step(op: str, token: str, name: str, new=None, old=None, **more: Any) -> dict[str, Any]:
    """One step; `new` and `old` are inputs, `more` goes into both states."""
    result: dict[str, Any] = {"op": op, "urn": urn(token, name)}
    if old is not None:
        result["oldState"] = state(token, name, old, **more)
    if new is not None:
        result["newState"] = state(token, name, new, **more)
    return result


def create(token: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return step("create", token, name, new=inputs, **more)


def provider(name: str, inputs: dict[str, Any], op: str = "create") -> dict[str, Any]:
    token = "pulumi:providers:aws"
    new = {"urn": urn(token, name), "custom": True, "type": token, "inputs": inputs}
    return {"op": op, "urn": urn(token, name), "newState": new}


def preview(*steps: dict[str, Any], config=None, summary=None, diagnostics=None) -> str:
    document: dict[str, Any] = {
        "config": {"aws:region": "us-east-1"} if config is None else config,
        "steps": list(steps),
        "changeSummary": summary or {},
    }
    if diagnostics:
        document["diagnostics"] = diagnostics
    return json.dumps(document, indent=2)


def stream(*steps: dict[str, Any], config=None, result: str = "succeeded") -> str:
    """The same steps as engine events, which carry no dependencies."""
    lines: list[dict[str, Any]] = [{"preludeEvent": {"config": config or {"aws:region": "us-east-1"}}}]
    for preview_step in steps:
        sides = {
            side: {
                k: v
                for k, v in (preview_step.get(f"{side}State") or {}).items()
                if k != "propertyDependencies"
            }
            or None
            for side in ("old", "new")
        }
        token = preview_step["urn"].split("::")[2].rpartition("$")[2]
        metadata = {"op": preview_step["op"], "urn": preview_step["urn"], "type": token, **sides}
        lines.append({"resourcePreEvent": {"metadata": metadata, "planning": True}})
    lines.append({"summaryEvent": {"resourceChanges": {}, "result": result}})
    return "".join(json.dumps(line) + "\n" for line in lines)
