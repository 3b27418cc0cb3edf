"""The differences between two sets of properties, by path, as providers report them to the engine."""

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
    """The changed paths in alphabetical order; names that begin with __ are internal and left out."""
    for key in sorted({*olds, *news}):
        if not key.startswith("__"):
            old, new = olds.get(key, _MISSING), news.get(key, _MISSING)
            for path, kind in _walk(old, new, _step(key)):
                yield Difference(path=path, top=key, kind=kind)


def diff_response(
    changes: list[Difference], replaces: Callable[[Difference], bool], *, delete_before_replace: bool = False
) -> provider_pb2.DiffResponse:
    """The response to Diff; `replaces` tells whether a change replaces the resource."""
    response = provider_pb2.DiffResponse
    replacing = [change for change in changes if replaces(change)]
    return response(
        changes=response.DIFF_SOME if changes else response.DIFF_NONE,
        diffs=list(dict.fromkeys(change.top for change in changes)),
        replaces=list(dict.fromkeys(change.top for change in replacing)),
        deleteBeforeReplace=bool(replacing) and delete_before_replace,
        hasDetailedDiff=bool(changes),
        detailedDiff={
            change.path: _Kind(
                kind=getattr(_Kind, f"{change.kind}_REPLACE" if change in replacing else change.kind),
                inputDiff=True,
            )
            for change in changes
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
