"""Engine events: one JSON object a line, or one JSON array.

`pulumi preview --json` streams them with `PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true`; the engine's
event log has the same format. Seen on engine v3.259.0, 2026-11-24.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from teei_finops.costing.preview.steps import (
    PreviewError,
    RawPreview,
    Step,
    config_of,
    counts_of,
    one_line,
    step_of,
)

Event = tuple[str, dict[str, Any]]  # where it is, for error messages, and the event


def is_event(value: Any) -> bool:
    return isinstance(value, dict) and _kind_of(value) is not None


def read_event_log(text: str, name: str) -> RawPreview:
    """Reads the engine's event log of a run, which has the streaming format."""
    if not text.strip():
        raise PreviewError(f"{name}: the event log is empty")
    return read_stream(text, name)


def read_stream(text: str, name: str, first_line: int = 1) -> RawPreview:
    """Reads one event a line; `first_line` is the number of the first line in the file."""
    return _read(_lines(text, name, first_line), name)


def read_array(events: list[dict[str, Any]], name: str) -> RawPreview:
    return _read(((f"{name}: event {number}", event) for number, event in enumerate(events, 1)), name)


def _lines(text: str, name: str, first_line: int) -> Iterator[Event]:
    lines = text.splitlines()
    has_summary = False
    for number, line in enumerate(lines, first_line):
        if not line.strip():
            continue
        event = _parse(line)
        if event is None:
            if not has_summary and number == first_line + len(lines) - 1:
                return  # cut off in the middle of its last line
            raise PreviewError(f"{name}: line {number} is not an engine event")
        has_summary = has_summary or "summaryEvent" in event
        yield f"{name}: line {number}", event


def _parse(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if is_event(event) else None


def _read(events: Iterable[Event], name: str) -> RawPreview:
    config: dict[str, Any] = {}
    steps: list[Step] = []
    errors: list[str] = []
    policy: list[tuple[str, dict[str, Any]]] = []
    summary: dict[str, Any] | None = None
    for where, event in events:
        kind = _kind_of(event) or ""
        body = event[kind] if isinstance(event[kind], dict) else {}
        if kind in ("resourcePreEvent", "resOutputsEvent"):
            metadata = body.get("metadata") or {}
            # An import's outputs event has the new state as `old`, too; only for a refresh is it the
            # event with the new state.
            if (kind == "resourcePreEvent") is (metadata.get("op") != "refresh"):
                steps.append(
                    step_of(
                        metadata,
                        metadata.get("old"),
                        metadata.get("new"),
                        replaces="keys",
                        diffs="diffs",
                        where=where,
                    )
                )
        elif kind == "preludeEvent":
            config = config_of(body.get("config"))
        elif kind == "diagnosticEvent" and body.get("severity") == "error":
            errors.append(one_line(f"{body.get('prefix', '')}{body.get('message', '')}"))
        elif kind == "errorEvent":
            errors.append(one_line(f"error: {body.get('error', 'the engine reported an error')}"))
        elif kind == "summaryEvent":
            summary = body
        elif kind.startswith("policy"):
            policy.append((kind, body))
    if summary is None:
        raise PreviewError(f"{name}: cut off; it has no summaryEvent, run `pulumi preview --json` again")
    if summary.get("result") not in (None, "", "succeeded") and not errors:
        errors.append("error: preview failed")
    counts = counts_of(summary.get("resourceChanges"))
    return RawPreview(config, steps, counts, errors, policy, _packs(summary.get("PolicyPacks")))


def _kind_of(event: dict[str, Any]) -> str | None:
    return next((key for key in event if key.endswith("Event")), None)


def _packs(raw: Any) -> dict[str, str]:
    """Name and version of each policy pack; the engine writes a local one as `name|local|folder`."""
    packs = raw if isinstance(raw, dict) else {}
    return {name.partition("|")[0]: str(version) for name, version in packs.items()}
