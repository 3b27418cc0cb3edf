"""The stack files as the engine passes them to the program, with single values replaced."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
STACKS = ("prod", "prod-eu", "staging")
ABSENT = object()


def config(stack: str, changes: dict[str, Any] | None = None) -> dict[str, str]:
    """The config of `stack`; `changes` maps paths such as `budgets.cloud-s3.limit` to values or `ABSENT`."""
    document = deepcopy(_document(stack))
    for path, value in (changes or {}).items():
        parts = f"teei-finops:{path}".replace("[", ".").replace("]", "").split(".")
        *parents, last = [int(part) if part.isdigit() else part for part in parts]
        place = document
        for part in parents:
            place = place[part]
        if value is ABSENT:
            del place[last]
        else:
            place[last] = value
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}


@cache
def _document(stack: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
