"""The plan of one stack: its resources before and after the change, from one preview.

Each URN appears once: replacement steps are folded into `replace`, an adoption into `import`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from teei_finops.costing.preview.property_changes import PropertyChange, property_changes, unknown_paths
from teei_finops.costing.preview.steps import Step

_SOURCE = re.compile(r"^project:///(?P<file>[^#]+)#(?P<line>\d+)")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The line of the program that made a resource; `file` is relative to the project."""

    file: str
    line: int


class State(NamedTuple):
    """A resource before or after a change, the engine's JSON behind typed names; missing parts are empty."""

    raw: dict[str, Any]

    @property
    def id(self) -> str:
        return _text(self.raw.get("id"))

    @property
    def inputs(self) -> dict[str, Any]:
        return self.raw.get("inputs") or {}

    @property
    def outputs(self) -> dict[str, Any]:
        return self.raw.get("outputs") or {}

    @property
    def provider(self) -> str:
        return _text(self.raw.get("provider"))

    @property
    def property_dependencies(self) -> dict[str, list[str]]:
        return self.raw.get("propertyDependencies") or {}

    @property
    def external(self) -> bool:
        return bool(self.raw.get("external"))


class Resource(NamedTuple):
    """One URN of the plan.

    `op` is create, update, replace, delete, same, import, read, discard or refresh.
    """

    urn: str
    name: str
    type: str
    op: str
    old: State | None
    new: State | None
    parent: str
    provider: str
    custom: bool
    step: Step

    @property
    def state(self) -> State:
        return self.new or self.old or State({})

    @property
    def external(self) -> bool:
        return self.state.external

    @property
    def protect(self) -> bool:
        return bool(self.state.raw.get("protect"))

    @property
    def retain_on_delete(self) -> bool:
        """The old state's option, where there is one: it is in force when the resource is deleted."""
        return bool((self.old or self.state).raw.get("retainOnDelete"))

    @property
    def dependencies(self) -> tuple[str, ...]:
        return tuple(self.state.raw.get("dependencies") or ())

    @property
    def property_dependencies(self) -> dict[str, list[str]]:
        return self.state.property_dependencies

    @property
    def source(self) -> SourceLine | None:
        return _source(self.state.raw)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Paths of inputs that are known only on deploy."""
        return tuple(unknown_paths(self.new.inputs)) if self.new else ()

    @property
    def changes(self) -> tuple[PropertyChange, ...]:
        return tuple(property_changes(self.step))


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """A violation that a policy pack reported during the same run, as the engine logs it."""

    urn: str
    pack: str
    policy: str
    enforcement: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A policy that could not evaluate a resource, with its reason (a value unknown until deploy)."""

    urn: str
    policy: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What one preview says about one stack.

    `complete` is False when the preview failed (a mandatory policy violation is not one).
    `totals_of` is `change` when the preview left out unchanged resources, else `stack`. `packs` are the
    policy packs that ran, by name, with their versions.
    """

    name: str
    stack: str
    project: str
    config: dict[str, Any]
    resources: tuple[Resource, ...]
    policy: tuple[PolicyEvent, ...]
    not_applicable: tuple[NotApplicable, ...]
    errors: tuple[str, ...]
    complete: bool
    totals_of: str
    packs: dict[str, str]

    @cached_property
    def provider_regions(self) -> dict[tuple[str, bool], str]:
        """What `teei_finops.costing.regions` has resolved, by provider URN and whether in the old state."""
        return {}

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        return {resource.urn: resource for resource in self.resources}


def _source(raw: dict[str, Any]) -> SourceLine | None:
    frames = raw.get("stackTrace") or ()
    candidates = [
        raw.get("sourcePosition"),
        *(f.get("sourcePosition") for f in frames if isinstance(f, dict)),
    ]
    for position in candidates:
        match = _SOURCE.match(position) if isinstance(position, str) else None
        if match and not re.search(r"(^|/)(\.\.|site-packages|node_modules)/", match["file"]):
            return SourceLine(match["file"], int(match["line"]))
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
