"""Writes the files of a review."""

from pathlib import Path

from functions.reports.records import Review
from functions.reports.render.document import json_text
from functions.reports.render.html import html
from functions.reports.render.slides import presentation
from functions.reports.render.tracker import actions_csv, workbook


def write_files(review: Review, folder: Path) -> list[Path]:
    """Writes the slides, the page, the figures and the action tracker; returns the files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        ending: folder / f"{review.file_name}{ending}" for ending in (".pptx", ".html", ".xlsx", ".json")
    }
    presentation(review).save(str(paths[".pptx"]))
    paths[".html"].write_text(html(review), encoding="utf-8")
    workbook(review).save(paths[".xlsx"])
    paths[".json"].write_text(json_text(review), encoding="utf-8")
    tracker = folder / f"{review.file_name}-actions.csv"
    tracker.write_text(actions_csv(review), encoding="utf-8", newline="")
    return [*paths.values(), tracker]
