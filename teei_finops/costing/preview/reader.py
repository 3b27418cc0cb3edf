"""Reads a preview of any Pulumi program into a `Plan`: the only reader of `pulumi preview --json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from teei_finops.costing.preview.events import read_event_log
from teei_finops.costing.preview.formats import read_preview
from teei_finops.costing.preview.plan import NotApplicable, Plan, PolicyEvent, Resource, State
from teei_finops.costing.preview.steps import RawPreview, Step

# Steps of the engine → the operation that a reviewer sees.
_OPERATIONS = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
    "read-replacement": "read",
    "read-discard": "discard",
    "discard-replaced": "discard",
    "remove-pending-replace": "discard",
}
# Of two steps on one URN that are no replacement, the one with the higher rank is shown.
_RANK = {"discard": 0, "refresh": 1, "same": 2, "delete": 3, "read": 4, "create": 5, "update": 5, "import": 6}


def read_plan(text: str, *, name: str, events: str | None = None) -> Plan:
    """Reads one preview, the single document or the streaming events; `name` is its name in error messages.

    `events` is the engine's event log of the same run: it adds policy reports, which the single document
    leaves out. Raises `PreviewError`, whose message is one line.
    """
    raw = read_preview(text, name)
    log = read_event_log(events, f"{name} (event log)") if events is not None else raw
    policy = tuple(_policy_events(log))
    resources = _fold_steps(raw.steps)
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


def _fold_steps(steps: list[Step]) -> tuple[Resource, ...]:
    by_urn: dict[str, Step] = {}
    for step in steps:
        earlier = by_urn.get(step.urn)
        by_urn[step.urn] = step if earlier is None else _merge(earlier, step)
    return tuple(_resource(step) for step in by_urn.values())


def _merge(first: Step, second: Step) -> Step:
    """One step for two on the same URN."""
    ops = {_OPERATIONS.get(first.op, first.op), _OPERATIONS.get(second.op, second.op)}
    is_replacement = "replace" in ops or ops == {"delete", "create"}
    if is_replacement and not _is_leftover(first) and not _is_leftover(second):
        full = next((s for s in (second, first) if s.op == "replace"), None)
        base = full or (first if first.new else second)
        old = base.old or first.old or second.old
        new = base.new or first.new or second.new
        return base._replace(op="replace", old=old, new=new)
    if "import" in ops:
        imported, other = (first, second) if first.op == "import" else (second, first)
        return imported._replace(old=None, new=other.new or imported.new)
    if _is_leftover(first):
        return second
    if _is_leftover(second):
        return first
    return max((second, first), key=lambda s: _RANK.get(_OPERATIONS.get(s.op, s.op), 5))


def _is_leftover(step: Step) -> bool:
    """The deletion of what an earlier, unfinished replacement left behind under the same URN."""
    return (
        step.op in ("delete", "delete-replaced") and bool((step.old or {}).get("delete")) and step.new is None
    )


def _resource(step: Step) -> Resource:
    state = step.new or step.old or {}
    custom = state.get("custom")
    if custom is None:  # the stream leaves it out for components; a hand-written preview may always do
        custom = step.type.startswith(("aws:", "kubernetes:", "pulumi:providers:"))
    return Resource(
        urn=step.urn,
        name=step.urn.split("::", 3)[3],
        type=step.type,
        op=_OPERATIONS.get(step.op, step.op),
        old=State(step.old) if step.old else None,
        new=State(step.new) if step.new else None,
        parent=_text(state.get("parent")),
        provider=_text(state.get("provider")) or step.provider,
        custom=bool(custom),
        step=step,
    )


def _policy_events(raw: RawPreview) -> Iterator[PolicyEvent]:
    for kind, event in raw.events:
        if kind == "policyEvent":
            yield PolicyEvent(
                urn=_text(event.get("resourceUrn")),
                pack=_text(event.get("policyPackName")),
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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
