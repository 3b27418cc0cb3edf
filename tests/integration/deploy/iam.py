"""Whether IAM statements allow an action on a resource; conditions are taken as met."""

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any


def is_allowed(statements: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    effects = {
        statement["Effect"] for statement in statements if _matches(statement, action.lower(), resource)
    }
    return effects == {"Allow"}


def _matches(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if not any(fnmatch.fnmatchcase(action, pattern.lower()) for pattern in _list(statement["Action"])):
        return False
    if "NotResource" in statement:
        return not _is_one_of(resource, statement["NotResource"])
    return _is_one_of(resource, statement["Resource"])


def _is_one_of(resource: str, patterns: str | list[str]) -> bool:
    return any(fnmatch.fnmatchcase(resource, pattern) for pattern in _list(patterns))


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
