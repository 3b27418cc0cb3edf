"""Which properties of a resource differ, and which of its inputs are known only on deploy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from teei_finops.costing.preview.steps import Step
from teei_finops.costing.preview.values import is_unknown

_PATH_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that differs; `kind` is add, update or delete, `replaces` when it forces a replacement."""

    path: str
    kind: str
    before: Any
    after: Any
    replaces: bool


def property_changes(step: Step) -> Iterator[PropertyChange]:
    """The differences that the engine reports; none for a step that only creates or deletes."""
    if step.old is None or step.new is None:
        return
    old_inputs, old_outputs = step.old.get("inputs") or {}, step.old.get("outputs") or {}
    new_inputs = step.new.get("inputs") or {}
    paths: dict[str, Any] = dict(step.detailed_diff or dict.fromkeys(step.diffs or step.replaces))
    for path, diff in paths.items():
        kind = (diff.get("kind") or diff.get("diffKind")) if isinstance(diff, dict) else ""
        kind = kind if isinstance(kind, str) else ""
        before = _at(old_inputs, path, _at(old_outputs, path))
        after = _at(new_inputs, path)
        change = kind.removesuffix("-replace") or (
            "add" if before is None else "delete" if after is None else "update"
        )
        yield PropertyChange(path, change, before, after, kind.endswith("-replace") or path in step.replaces)


def unknown_paths(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all values in `value` that are known only on deploy."""
    if is_unknown(value):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "__defaults":
                yield from unknown_paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_paths(item, f"{path}[{index}]")


def _at(value: Any, path: str, default: Any = None) -> Any:
    """The value at a path of the engine (`rules[0].name`, `tags["a.b"]`), `default` where there is none."""
    for quoted, index, name in _PATH_PART.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            value = value.get(quoted or name) if isinstance(value, dict) else None
        if value is None:
            return default
    return value
