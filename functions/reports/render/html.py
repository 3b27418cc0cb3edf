"""A review as one HTML page that needs no other file."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from functions.reports.formatting import cell_text, figure_text, text
from functions.reports.records import Column, Review, Unit, Value
from functions.reports.render.svg import drawing

TEMPLATES = Path(__file__).parent / "templates"


def html(review: Review) -> str:
    """The page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure_text
    return environment.get_template("review.html.j2").render(
        review=review,
        made=text(review.at.date(), Unit.DATE),
        read=text(review.read_at.date(), Unit.DATE),
        cell=_cell,
        drawing=drawing,
        class_of=_class_of,
    )


def _cell(row: Sequence[Value], columns: Sequence[Column], index: int) -> str:
    return cell_text(row[index], columns[index].unit)


def _class_of(column: Column) -> str:
    return {Unit.TEXT: "text", Unit.DATE: "date"}.get(column.unit, "number")
