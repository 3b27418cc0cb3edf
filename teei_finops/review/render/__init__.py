"""The report as text: `render/<format>.py` has `render(report) -> str`. `json` is the report itself."""

from __future__ import annotations

import json
from importlib import import_module

from teei_finops.review.render import table
from teei_finops.review.report_schema import Report

FORMATS = ("json", "table", "markdown", "html", "junit", "sarif")


def render(report: Report, name: str, *, is_terminal: bool = False) -> str:
    """The report in one of `FORMATS`; `is_terminal` adds colours to the table."""
    if name == "json":
        return json.dumps(report, ensure_ascii=False, separators=(",", ":")) + "\n"
    if name == "table":
        return table.render(report, is_terminal=is_terminal)
    return import_module(f"teei_finops.review.render.{name}").render(report)
