"""The stack config as the engine passes it to the program, with single values replaced."""

import json
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components import settings

ROOT = Path(__file__).parents[2]
STACKS = ("prod", "prod-eu", "staging")
ABSENT = object()
# The changes that let pods serve the AI budget API.
KUBERNETES = {
    "ai_budget_service.runtime": "kubernetes",
    "ai_budget_service.kubernetes": {
        "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/ai-budget@sha256:{'a' * 64}",
        "oidc_issuer": f"oidc.eks.us-east-1.amazonaws.com/id/{'A' * 32}",
        "max_replicas": 8,
    },
}


def config(stack: str, changes: dict[str, Any] | None = None) -> dict[str, str]:
    """The config of `stack`; `changes` maps paths such as `budgets.cloud-s3.limit` to values or `ABSENT`.

    With changes, every default is written out, so that a path may lead to one.
    """
    document = deepcopy(explicit(stack)) if changes else _files(stack)
    for path, value in (changes or {}).items():
        parts = path.replace("[", ".").replace("]", "").split(".")
        *parents, last = [int(part) if part.isdigit() else part for part in parts]
        section = document
        for part in parents:
            section = section[part]
        if value is ABSENT:
            del section[last]
        else:
            section[last] = deepcopy(value)
    return encoded(document)


def encoded(document: dict[str, Any]) -> dict[str, str]:
    """`document` as the engine passes it: full keys, objects as JSON."""
    return {
        f"{settings.PREFIX}{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in document.items()
    }


@cache
def explicit(stack: str) -> dict[str, Any]:
    """The config of `stack` with every default written out."""
    return _plain(settings.parse(encoded(_files(stack))).model_dump(exclude_none=True))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Decimal():
            return int(value) if value == int(value) else float(value)
    return value


@cache
def _files(stack: str) -> dict[str, Any]:
    """The values of the stack file and the defaults of Pulumi.yaml, as the engine merges them."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    shared = {key: declared["default"] for key, declared in project.items()}
    values = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key.removeprefix(settings.PREFIX): value for key, value in {**shared, **values}.items()}
