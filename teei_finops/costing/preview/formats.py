"""Recognises what a file holds: a preview (one document, or engine events) or an exported stack.

`pulumi preview --json` prints one document (`steps`, `changeSummary`, `diagnostics`), or engine events with
`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true`. `pulumi stack export` prints the state of a stack: its resources
are read as unchanged, so the review shows what is deployed. Text around the JSON, such as the CLI's note on a
new version, is left out. Seen on engine v3.259.0, 2026-11-24.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from teei_finops.costing.preview.events import is_event, read_array, read_stream
from teei_finops.costing.preview.steps import (
    NOT_A_PREVIEW,
    PreviewError,
    RawPreview,
    check_summary,
    config_of,
    counts_of,
    one_line,
    step_of,
)

_START = re.compile(r"^[ \t]*[{\[]", re.MULTILINE)


def read_preview(text: str, name: str) -> RawPreview:
    """Raises `PreviewError` when `text` is empty, incomplete or not a preview."""
    text = text.lstrip("\ufeff \t\r\n")
    if not text.rstrip():
        raise PreviewError(f"{name}: empty; pass the output of `pulumi preview --json`")
    value, start, end = _find_json(text, name)
    if is_event(value):
        first_line = text.count("\n", 0, start) + 1
        preview, end = read_stream(text[start:], name, first_line), len(text)
    elif isinstance(value, list) and value and all(map(is_event, value)):
        preview = read_array(value, name)
    else:
        preview = _read_document(value, name)
    if text[end:].lstrip().startswith(("{", "[{")):
        raise PreviewError(f"{name}: more than one JSON document; pass one file for each preview")
    around = text[:start].splitlines() + text[end:].splitlines()
    errors = [one_line(line) for line in around if line.lower().startswith("error")]
    return check_summary(replace(preview, errors=preview.errors + errors) if errors else preview, name)


def _find_json(text: str, name: str) -> tuple[Any, int, int]:
    """The first JSON object or array that starts a line, and where it starts and ends."""
    decoder = json.JSONDecoder()
    problem: ValueError | None = None
    start = 0
    for match in _START.finditer(text):
        try:
            value, end = decoder.raw_decode(text, match.end() - 1)
            return value, match.end() - 1, end
        except RecursionError:
            raise PreviewError(f"{name}: nested too deeply: {NOT_A_PREVIEW}") from None
        except ValueError as error:
            if problem is None or text[match.end() - 1] == "{":
                problem, start = error, match.end() - 1
            if text[match.end() - 1] == "{":
                break  # what follows is inside the broken object
    raise PreviewError(_why_not_json(text, name, problem, start)) from None


def _why_not_json(text: str, name: str, error: ValueError | None, start: int) -> str:
    at_the_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip())
    if error and text[start] == "{" and (at_the_end or not text.rstrip().endswith("}")):
        return f"{name}: cut off; the JSON ends before the preview does, run `pulumi preview --json` again"
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return f"{name}: {NOT_A_PREVIEW}: it is not JSON{where}"


def _read_document(document: Any, name: str) -> RawPreview:
    if isinstance(document, dict):
        if "resourcePlans" in document:
            raise PreviewError(
                f"{name}: a saved plan (--save-plan), which has only what the program asks for; "
                "pass the output of `pulumi preview --json`"
            )
        if "steps" in document or "changeSummary" in document:
            return _read_steps(document, name)
        deployment = document.get("deployment", config_of(document.get("checkpoint")).get("latest"))
        if isinstance(deployment, dict):
            return _read_deployment(deployment, name)
    if isinstance(document, list):
        raise PreviewError(f"{name}: {NOT_A_PREVIEW}: a JSON array whose items are not engine events")
    raise PreviewError(f"{name}: {NOT_A_PREVIEW}: it has no `steps`")


def _read_steps(document: dict[str, Any], name: str) -> RawPreview:
    steps = document.get("steps", [])
    if not isinstance(steps, list):
        kind = "null" if steps is None else "not a list"
        raise PreviewError(f"{name}: {NOT_A_PREVIEW}: `steps` is {kind}")
    read = []
    for number, step in enumerate(steps, 1):
        where = f"{name}: step {number}"
        if not isinstance(step, dict) or not isinstance(step.get("op"), str):
            raise PreviewError(f"{where} has no `op`: {NOT_A_PREVIEW}")
        read.append(
            step_of(
                step,
                step.get("oldState"),
                step.get("newState"),
                replaces="replaceReasons",
                diffs="diffReasons",
                where=where,
            )
        )
    diagnostics = document.get("diagnostics") or []
    errors = [
        one_line(str(entry.get("message", "")))
        for entry in (diagnostics if isinstance(diagnostics, list) else [])
        if isinstance(entry, dict) and entry.get("severity") == "error"
    ]
    return RawPreview(
        config_of(document.get("config")), read, counts_of(document.get("changeSummary")), errors
    )


def _read_deployment(deployment: dict[str, Any], name: str) -> RawPreview:
    """A stack's state: every resource is unchanged, or still to be deleted after a failed update."""
    resources = deployment.get("resources", [] if "manifest" in deployment else None)
    if not isinstance(resources, list):
        raise PreviewError(f"{name}: not the output of `pulumi stack export`: `resources` is not a list")
    steps = []
    for number, state in enumerate(resources, 1):
        where = f"{name}: resource {number}"
        if not isinstance(state, dict):
            raise PreviewError(f"{where} is not an object; pass the output of `pulumi stack export`")
        op, new = ("delete", None) if state.get("delete") else ("same", state)
        steps.append(step_of({"op": op}, state, new, replaces="", diffs="", where=where))
    return RawPreview({}, steps, {}, [])
