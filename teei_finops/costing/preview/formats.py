"""The two shapes that `pulumi preview --json` writes, read as one list of steps.

Without `PULUMI_ENABLE_STREAMING_JSON_PREVIEW` the engine prints one document (`steps`, `changeSummary`,
`diagnostics`); with it, engine events, one JSON object a line. Seen on engine v3.259.0, 2026-11-24.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from teei_finops.errors import UserError


class PreviewError(UserError):
    """The text is not a complete preview; the message is one line with the problem and the fix."""


@dataclass(frozen=True, slots=True)
class Step:
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


def read_preview(text: str, name: str) -> RawPreview:
    """Raises `PreviewError` when `text` is empty, incomplete or not a preview."""
    text = text.lstrip("\ufeff \t\r\n")
    if not text.rstrip():
        raise PreviewError(f"{name}: empty; pass the output of `pulumi preview --json`")
    first, _, rest = text.partition("\n")
    head = _loads_or_none(first)
    if isinstance(head, dict) and _event_of(head) is not None:
        return _read_stream(text, name)
    try:
        document = head if head is not None and not rest.strip() else json.loads(text)
    except RecursionError:
        raise PreviewError(f"{name}: nested too deeply to be the output of `pulumi preview --json`") from None
    except ValueError as error:
        raise PreviewError(_why_not_json(text, name, error)) from None
    return _read_document(document, name)


def read_event_log(text: str, name: str) -> RawPreview:
    """Reads the engine's event log of a run, which has the streaming format."""
    if not text.strip():
        raise PreviewError(f"{name}: the event log is empty")
    return _read_stream(text, name)


def _loads_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _why_not_json(text: str, name: str, error: ValueError) -> str:
    at_the_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip())
    if text[0] == "{" and (at_the_end or not text.rstrip().endswith("}")):
        return f"{name}: cut off; the JSON ends before the preview does, run `pulumi preview --json` again"
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return f"{name}: not the output of `pulumi preview --json`: it is not JSON{where}"


def _read_document(document: Any, name: str) -> RawPreview:
    if not isinstance(document, dict) or not ("steps" in document or "changeSummary" in document):
        raise PreviewError(f"{name}: not the output of `pulumi preview --json`: it has no `steps`")
    steps = document.get("steps") or []
    if not isinstance(steps, list):
        raise PreviewError(f"{name}: not the output of `pulumi preview --json`: `steps` is not a list")
    read = [_document_step(step, f"{name}: step {number}") for number, step in enumerate(steps, 1)]
    diagnostics = document.get("diagnostics") or []
    errors = [
        _one_line(str(entry.get("message", "")))
        for entry in (diagnostics if isinstance(diagnostics, list) else [])
        if isinstance(entry, dict) and entry.get("severity") == "error"
    ]
    return RawPreview(_config(document.get("config")), read, _counts(document.get("changeSummary")), errors)


def _document_step(step: Any, where: str) -> Step:
    if not isinstance(step, dict) or not isinstance(step.get("op"), str):
        raise PreviewError(f"{where} has no `op`: not the output of `pulumi preview --json`")
    old, new = _state(step.get("oldState"), where), _state(step.get("newState"), where)
    return _step(step, old, new, "replaceReasons", "diffReasons", where)


def _read_stream(text: str, name: str) -> RawPreview:
    config: dict[str, Any] = {}
    steps: list[Step] = []
    errors: list[str] = []
    policy: list[tuple[str, dict[str, Any]]] = []
    summary: dict[str, Any] | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        event = _loads_or_none(line)
        kind = _event_of(event) if isinstance(event, dict) else None
        if kind is None:
            if summary is None and number == len(lines):
                break
            raise PreviewError(f"{name}: line {number} is not an engine event")
        body = event[kind] if isinstance(event[kind], dict) else {}
        if kind in ("resourcePreEvent", "resOutputsEvent"):
            metadata = body.get("metadata") or {}
            # An import's outputs event has the new state as `old`, too; only for a refresh is it the
            # event with the new state.
            if (kind == "resourcePreEvent") is (metadata.get("op") != "refresh"):
                steps.append(_stream_step(metadata, f"{name}: line {number}"))
        elif kind == "preludeEvent":
            config = _config(body.get("config"))
        elif kind == "diagnosticEvent" and body.get("severity") == "error":
            errors.append(_one_line(f"{body.get('prefix', '')}{body.get('message', '')}"))
        elif kind == "errorEvent":
            errors.append(_one_line(f"error: {body.get('error', 'the engine reported an error')}"))
        elif kind == "summaryEvent":
            summary = body
        elif kind.startswith("policy"):
            policy.append((kind, body))
    if summary is None:
        raise PreviewError(f"{name}: cut off; it has no summaryEvent, run `pulumi preview --json` again")
    if summary.get("result") not in (None, "", "succeeded") and not errors:
        errors.append("error: preview failed")
    counts = _counts(summary.get("resourceChanges"))
    return RawPreview(config, steps, counts, errors, policy, _packs(summary.get("PolicyPacks")))


def _event_of(event: dict[str, Any]) -> str | None:
    return next((key for key in event if key.endswith("Event")), None)


def _stream_step(metadata: dict[str, Any], where: str) -> Step:
    old, new = _state(metadata.get("old"), where), _state(metadata.get("new"), where)
    return _step(metadata, old, new, "keys", "diffs", where)


def _step(
    raw: dict[str, Any],
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    replaces: str,
    diffs: str,
    where: str,
) -> Step:
    state = new or old or {}
    urn = raw.get("urn") or state.get("urn")
    if not isinstance(urn, str) or urn.count("::") < 3:
        raise PreviewError(f"{where} has no URN: not the output of `pulumi preview --json`")
    kind = state.get("type") or urn.split("::")[2].rpartition("$")[2]
    provider = raw.get("provider") or state.get("provider") or ""
    detailed = raw.get("detailedDiff")
    return Step(
        op=str(raw.get("op")),
        urn=urn,
        type=kind if isinstance(kind, str) else "",
        provider=provider if isinstance(provider, str) else "",
        old=old,
        new=new,
        detailed_diff=detailed if isinstance(detailed, dict) else None,
        diffs=_strings(raw.get(diffs)),
        replaces=_strings(raw.get(replaces)),
    )


def _state(raw: Any, where: str) -> dict[str, Any] | None:
    if raw is None or isinstance(raw, dict):
        return raw or None
    raise PreviewError(
        f"{where} has a state that is not an object: not the output of `pulumi preview --json`"
    )


def _config(raw: Any) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}


def _counts(raw: Any) -> dict[str, int]:
    return {k: v for k, v in raw.items() if isinstance(v, int)} if isinstance(raw, dict) else {}


def _packs(raw: Any) -> dict[str, str]:
    """Name and version of each policy pack; the engine writes a local one as `name|local|folder`."""
    packs = raw if isinstance(raw, dict) else {}
    return {name.partition("|")[0]: str(version) for name, version in packs.items()}


def _strings(raw: Any) -> tuple[str, ...]:
    return tuple(item for item in raw if isinstance(item, str)) if isinstance(raw, list) else ()


def _one_line(text: str) -> str:
    return " ".join(text.split())
