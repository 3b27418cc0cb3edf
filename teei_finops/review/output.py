"""The files of a review: every format in one folder."""

from __future__ import annotations

from pathlib import Path

from teei_finops.review.render import render
from teei_finops.review.report_schema import Report

FILES = {
    "json": "review.json",
    "markdown": "review.md",
    "html": "index.html",
    "sarif": "policy.sarif",
    "junit": "policy.junit.xml",
}


def write_files(report: Report, folder: Path) -> None:
    """Writes `FILES` into a folder, which is created where it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in FILES.items():
        (folder / file).write_text(render(report, name), encoding="utf-8")
