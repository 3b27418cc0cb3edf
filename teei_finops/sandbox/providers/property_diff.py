"""What changed between two sets of properties, path by path, as providers report it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import provider_pb2

_Kind = provider_pb2.PropertyDiff


@dataclass(frozen=True)
class Difference:
    """One changed path such as `rules[0].prefix`; `top` is the property it belongs to."""

    path: str
    top: str
    kind: str  # ADD, DELETE or UPDATE


def differences(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Iterator[Difference]:
    """Changed paths in the order of their names; names that begin with __ are bookkeeping."""
    for key in sorted({*olds, *news}):
        if not key.startswith("__"):
            old, new = olds.get(key, _MISSING), news.get(key, _MISSING)
            for path, kind in _walk(old, new, _step(key)):
                yield Difference(path=path, top=key, kind=kind)


def diff_response(
    found: list[Difference], replaces: Callable[[Difference], bool], *, delete_before_replace: bool = False
) -> provider_pb2.DiffResponse:
    """The provider's answer; `replaces` says which differences cannot be made in place."""
    response = provider_pb2.DiffResponse
    replaced = [item for item in found if replaces(item)]
    return response(
        changes=response.DIFF_SOME if found else response.DIFF_NONE,
        diffs=list(dict.fromkeys(item.top for item in found)),
        replaces=list(dict.fromkeys(item.top for item in replaced)),
        deleteBeforeReplace=bool(replaced) and delete_before_replace,
        hasDetailedDiff=bool(found),
        detailedDiff={
            item.path: _Kind(
                kind=getattr(_Kind, f"{item.kind}_REPLACE" if item in replaced else item.kind), inputDiff=True
            )
            for item in found
        },
    )


_MISSING = object()


def _walk(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if old is _MISSING:
        yield path, "ADD"
    elif new is _MISSING:
        yield path, "DELETE"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if not key.startswith("__"):
                yield from _walk(
                    old.get(key, _MISSING), new.get(key, _MISSING), path + _step(key, inside=True)
                )
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else _MISSING
            right = new[index] if index < len(new) else _MISSING
            yield from _walk(left, right, f"{path}[{index}]")
    elif old != new:
        yield path, "UPDATE"


def _step(key: str, *, inside: bool = False) -> str:
    if any(character in key for character in '.["'):
        quoted = key.replace('"', '\\"')
        return f'["{quoted}"]'
    return f".{key}" if inside else key
