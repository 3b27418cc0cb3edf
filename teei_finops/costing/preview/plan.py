"""The resources of one stack, before and after: the only reader of `pulumi preview --json`.

Works for any Pulumi program. Each URN appears once: replacement steps are folded into `replace`, an adoption
into `import`. Unknown values are the engine's placeholders, secrets its `[secret]`; `is_unknown` and
`is_secret` tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from teei_finops.costing.preview.formats import PreviewError, RawPreview, Step, read_event_log, read_preview

__all__ = ["Plan", "PreviewError", "read_plan"]

# The engine's placeholders for values it learns on deploy (pulumi/sdk resource/plugin/rpc.go, v3.259.0).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # a string, and in JSON every kind
UNKNOWN_VALUES = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
SECRET = "[secret]"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
_PATH_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')
_SOURCE = re.compile(r"^project:///(?P<file>[^#]+)#(?P<line>\d+)")

# Operations that say nothing of what the stack holds afterwards.
_FOLD = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
    "read-replacement": "read",
    "read-discard": "discard",
    "discard-replaced": "discard",
    "remove-pending-replace": "discard",
}
_RANK = {"discard": 0, "refresh": 1, "same": 2, "delete": 3, "read": 4, "create": 5, "update": 5, "import": 6}


def is_unknown(value: Any) -> bool:
    return isinstance(value, str) and (value in UNKNOWN_VALUES or value.endswith(UNKNOWN))


def is_secret(value: Any) -> bool:
    if isinstance(value, str):
        return value == SECRET
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The line of the program that made a resource; `file` is relative to the project."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class State:
    """One side of a resource: the engine's own JSON object behind typed names. Missing parts are empty."""

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


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that differs; `kind` is add, update or delete, `replaces` when it forces a replacement."""

    path: str
    kind: str
    before: Any
    after: Any
    replaces: bool


@dataclass(frozen=True)
class Resource:
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
        """A delete reads it from the old state: that is the option in force when the resource goes."""
        return bool((self.old or self.state).raw.get("retainOnDelete"))

    @property
    def dependencies(self) -> tuple[str, ...]:
        return tuple(self.state.raw.get("dependencies") or ())

    @property
    def property_dependencies(self) -> dict[str, list[str]]:
        return self.state.property_dependencies

    @cached_property
    def source(self) -> SourceLine | None:
        return _source(self.state.raw)

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Paths of inputs that are known only on deploy."""
        return tuple(_unknown_paths(self.new.inputs, "")) if self.new else ()

    @cached_property
    def changes(self) -> tuple[PropertyChange, ...]:
        return tuple(_changes(self))


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """A violation that the policy pack reported during the same run."""

    urn: str
    policy: str
    enforcement: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A policy that could not judge a resource, with its reason (a value unknown until deploy)."""

    urn: str
    policy: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What one preview says about one stack.

    `complete` is False when the preview ended in errors (a policy that said no is not one). `totals_of` is
    `change` when the preview left out unchanged resources, else `stack`. `packs` are the policy packs that
    judged it, by name, with their versions.
    """

    name: str
    stack: str
    project: str
    config: dict[str, Any]
    resources: tuple[Resource, ...]
    policy: tuple[PolicyReport, ...]
    not_applicable: tuple[NotApplicable, ...]
    errors: tuple[str, ...]
    complete: bool
    totals_of: str
    packs: dict[str, str]

    @cached_property
    def provider_regions(self) -> dict[tuple[str, bool], str]:
        """What `teei_finops.costing.regions` has found so far, by provider and side."""
        return {}

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        return {resource.urn: resource for resource in self.resources}


def read_plan(text: str, *, name: str, events: str | None = None) -> Plan:
    """Reads one preview, the single document or the streaming events; `name` is what error lines call it.

    `events` is the engine's event log of the same run: it adds policy reports, which the single document
    leaves out. Raises `PreviewError` with one clear line.
    """
    raw = read_preview(text, name)
    log = read_event_log(events, f"{name} (event log)") if events is not None else raw
    policy = tuple(_policy_reports(log))
    resources = _fold(raw.steps)
    errors = list(dict.fromkeys([*raw.errors, *log.errors]))
    if any(report.enforcement == "mandatory" for report in policy):
        errors = [error for error in errors if error != "error: preview failed"]
    first = raw.steps[0].urn.split("::") if raw.steps else []
    shown = len({step.urn for step in raw.steps if step.op == "same"})
    return Plan(
        name=name,
        stack=first[0].removeprefix("urn:pulumi:") if first else "",
        project=first[1] if first else "",
        config=raw.config,
        resources=resources,
        policy=policy,
        not_applicable=tuple(_not_applicable(log)),
        errors=tuple(errors),
        complete=not errors,
        totals_of="change" if raw.summary.get("same", 0) > shown else "stack",
        packs=log.packs,
    )


def _fold(steps: list[Step]) -> tuple[Resource, ...]:
    chosen: dict[str, Step] = {}
    for step in steps:
        seen = chosen.get(step.urn)
        chosen[step.urn] = step if seen is None else _merge(seen, step)
    return tuple(_resource(step) for step in chosen.values())


def _merge(first: Step, second: Step) -> Step:
    """What two steps on one URN amount to."""
    ops = {_FOLD.get(first.op, first.op), _FOLD.get(second.op, second.op)}
    replaced = "replace" in ops or ops == {"delete", "create"}
    if replaced and not _is_leftover(first) and not _is_leftover(second):
        full = next((s for s in (second, first) if s.op == "replace"), None)
        base = full or (first if first.new else second)
        old = base.old or first.old or second.old
        new = base.new or first.new or second.new
        return _with(base, op="replace", old=old, new=new)
    if "import" in ops:
        adopted, other = (first, second) if first.op == "import" else (second, first)
        return _with(adopted, old=None, new=other.new or adopted.new)
    if _is_leftover(first):
        return second
    if _is_leftover(second):
        return first
    return max((second, first), key=lambda s: _RANK.get(_FOLD.get(s.op, s.op), 5))


def _is_leftover(step: Step) -> bool:
    """The deletion of what an earlier, unfinished replacement left behind under the same URN."""
    return (
        step.op in ("delete", "delete-replaced") and bool((step.old or {}).get("delete")) and step.new is None
    )


def _with(step: Step, *, old: Any, new: Any, op: str | None = None) -> Step:
    return Step(
        op or step.op,
        step.urn,
        step.type,
        step.provider,
        old,
        new,
        step.detailed_diff,
        step.diffs,
        step.replaces,
    )


def _resource(step: Step) -> Resource:
    state = step.new or step.old or {}
    custom = state.get("custom")
    if (
        custom is None
    ):  # the stream leaves it out for components; a hand-made preview may leave it out anywhere
        custom = step.type.startswith(("aws:", "kubernetes:", "pulumi:providers:"))
    return Resource(
        urn=step.urn,
        name=step.urn.split("::", 3)[3],
        type=step.type,
        op=_FOLD.get(step.op, step.op),
        old=State(step.old) if step.old else None,
        new=State(step.new) if step.new else None,
        parent=_text(state.get("parent")),
        provider=_text(state.get("provider")) or step.provider,
        custom=bool(custom),
        step=step,
    )


def _policy_reports(raw: RawPreview) -> Iterator[PolicyReport]:
    for kind, event in raw.events:
        if kind == "policyEvent":
            yield PolicyReport(
                urn=_text(event.get("resourceUrn")),
                policy=_text(event.get("policyName")),
                enforcement=_text(event.get("enforcementLevel")),
                severity=_text(event.get("severity")),
                message=_text(event.get("message")).strip(),
            )


def _not_applicable(raw: RawPreview) -> Iterator[NotApplicable]:
    for _, event in raw.events:
        for entry in event.get("notApplicable") or ():
            if isinstance(entry, dict):
                policy = _text(entry.get("policyName")) or _text(entry.get("name"))
                yield NotApplicable(_text(event.get("resourceUrn")), policy, _text(entry.get("reason")))


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


def _unknown_paths(value: Any, path: str) -> Iterator[str]:
    if is_unknown(value):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "__defaults":
                yield from _unknown_paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_paths(item, f"{path}[{index}]")


def _changes(resource: Resource) -> Iterator[PropertyChange]:
    step, old, new = resource.step, resource.old, resource.new
    if old is None or new is None:
        return
    paths: dict[str, Any] = dict(step.detailed_diff or {})
    if not paths:
        paths = dict.fromkeys(step.diffs or step.replaces)
    for path, diff in paths.items():
        kind = _text(diff.get("kind") or diff.get("diffKind")) if isinstance(diff, dict) else ""
        before = _at(old.inputs, path, _at(old.outputs, path))
        after = _at(new.inputs, path)
        base = kind.removesuffix("-replace") or (
            "add" if before is None else "delete" if after is None else "update"
        )
        yield PropertyChange(path, base, before, after, kind.endswith("-replace") or path in step.replaces)


def _at(value: Any, path: str, default: Any = None) -> Any:
    for quoted, index, name in _PATH_PART.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            value = value.get(quoted or name) if isinstance(value, dict) else None
        if value is None:
            return default
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
