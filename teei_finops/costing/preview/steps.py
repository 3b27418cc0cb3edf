"""The steps of a plan as the engine wrote them, whatever the format they were read from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from teei_finops.errors import UserError

NOT_A_PREVIEW = "not the output of `pulumi preview --json`"
# The states without which the cost of an operation is not known.
_REQUIRED_STATES = {
    "create": ("new",),
    "update": ("old", "new"),
    "replace": ("old", "new"),
    "create-replacement": ("new",),
    "delete": ("old",),
    "delete-replaced": ("old",),
    "import": ("new",),
    "import-replacement": ("new",),
    "same": ("new",),
}
_COUNTED = ("create", "update", "replace", "delete", "import")


class PreviewError(UserError):
    """The text is not a complete preview; the message is one line with the problem and the fix."""


class Step(NamedTuple):
    """One step of the plan, as the engine wrote it: `old` and `new` are its raw resource states."""

    op: str
    urn: str
    type: str
    provider: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    detailed_diff: dict[str, Any] | None
    diffs: tuple[str, ...]
    replaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RawPreview:
    """One preview as read; `summary` counts resources by operation, `events` are its policy events."""

    config: dict[str, Any]
    steps: list[Step]
    summary: dict[str, int]
    errors: list[str]
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    packs: dict[str, str] = field(default_factory=dict)


def step_of(
    raw: dict[str, Any],
    old: Any,
    new: Any,
    *,
    replaces: str,
    diffs: str,
    where: str,
) -> Step:
    """`replaces` and `diffs` are the keys of `raw` that name the changed properties.

    Raises `PreviewError` for a step without a URN, or without the states that its operation has.
    """
    old, new = _state(old, where), _state(new, where)
    state = new or old or {}
    urn = raw.get("urn") or state.get("urn")
    if not isinstance(urn, str) or urn.count("::") < 3:
        raise PreviewError(f"{where} has no URN: {NOT_A_PREVIEW}")
    op = str(raw.get("op"))
    required = _REQUIRED_STATES.get(op, ())
    for side, side_state in (("old", old), ("new", new)):
        if side_state is None and side in required:
            raise PreviewError(
                f"{where} ({op} of {urn.rpartition('::')[2]}) has no {side} state, so what it costs is not "
                "known; pass the whole output of `pulumi preview --json`"
            )
    kind = state.get("type") or urn.split("::")[2].rpartition("$")[2]
    provider = raw.get("provider") or state.get("provider") or ""
    detailed = raw.get("detailedDiff")
    return Step(
        op=op,
        urn=urn,
        type=kind if isinstance(kind, str) else "",
        provider=provider if isinstance(provider, str) else "",
        old=old,
        new=new,
        detailed_diff=detailed if isinstance(detailed, dict) else None,
        diffs=_strings(raw.get(diffs)),
        replaces=_strings(raw.get(replaces)),
    )


def check_summary(preview: RawPreview, name: str) -> RawPreview:
    """Raises `PreviewError` when the summary counts more changes than the preview has steps."""
    steps_by_op = Counter(step.op for step in preview.steps)
    for op in _COUNTED:
        counted, steps = preview.summary.get(op, 0), steps_by_op[op]
        if counted > steps:
            raise PreviewError(
                f"{name}: incomplete: its summary counts {counted} to {op}, but it has {steps} such steps; "
                "pass the whole output of `pulumi preview --json`"
            )
    return preview


def config_of(raw: Any) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}


def counts_of(raw: Any) -> dict[str, int]:
    """The integer entries of a summary."""
    return {k: v for k, v in raw.items() if isinstance(v, int)} if isinstance(raw, dict) else {}


def one_line(text: str) -> str:
    return " ".join(text.split())


def _state(raw: Any, where: str) -> dict[str, Any] | None:
    if raw is None or isinstance(raw, dict):
        return raw or None
    raise PreviewError(f"{where} has a state that is not an object: {NOT_A_PREVIEW}")


def _strings(raw: Any) -> tuple[str, ...]:
    return tuple(item for item in raw if isinstance(item, str)) if isinstance(raw, list) else ()
