"""The page: both dashboards in one self-contained HTML file."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.page import charts, units
from demo.page.panels import Dashboard, Panel


def chart(panel: Panel) -> charts.Chart:
    """The drawing of a panel of vertical bars or of lines."""
    text, axis_text = partial(units.text, unit=panel.unit), partial(units.short, unit=panel.unit)
    if panel.kind == "timeseries":
        return charts.lines(panel.lines, panel.band, text, axis_text)
    return charts.columns(panel.x, panel.series, panel.stacked, panel.grey, text, axis_text)


def html(dashboards: Sequence[Dashboard], now: datetime) -> str:
    """The page as of an instant."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = templates.get_template("page.html.j2")
    drawing = {"chart": chart, "width": charts.WIDTH, "height": charts.HEIGHT}
    return page.render(dashboards=dashboards, now=now, **drawing)
