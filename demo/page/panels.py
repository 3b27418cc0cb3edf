"""The panels of a dashboard with the answers of Prometheus: what Grafana would show, as data."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from demo.page import units
from demo.page.prometheus import Prometheus, Series

POINTS = 180
_STEPS = tuple(timedelta(minutes=m) for m in (1, 5, 10, 30, 60, 120, 240, 360, 720, 1440))


@dataclass(frozen=True)
class Figure:
    """A value with its name, its text and the colour of its threshold."""

    name: str
    value: float
    text: str
    color: str


@dataclass
class Panel:
    """A panel. `kind` is the type in Grafana; which of the other fields has the data depends on it."""

    id: int
    kind: str
    title: str
    note: str
    description: str
    width: int
    unit: str
    queries: list[str]
    none: str = ""
    figures: list[Figure] = field(default_factory=list)
    x: list[str] = field(default_factory=list)
    series: list[tuple[str, list[float]]] = field(default_factory=list)
    stacked: bool = False
    grey: str = ""
    lines: list[tuple[str, list[tuple[float, float]]]] = field(default_factory=list)
    band: tuple[str, str] | None = None
    headings: list[str] = field(default_factory=list)
    rows: list[list[Figure]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether no query returned a value."""
        return not (self.figures or self.series or self.lines or self.rows)


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: its rows of panels by their heading, and its links."""

    uid: str
    title: str
    description: str
    links: list[tuple[str, str]]
    rows: list[tuple[str, list[Panel]]]

    @property
    def panels(self) -> list[Panel]:
        """All panels."""
        return [panel for _, panels in self.rows for panel in panels]


def read(path: Path, prometheus: Prometheus, now: datetime, addresses: Mapping[str, str]) -> Dashboard:
    """Runs every query of a dashboard's JSON file.

    `addresses` are the values of its text boxes; a link to one that is missing is left out.
    """
    board = json.loads(path.read_text(encoding="utf-8"))
    values = {**_variables(board, prometheus, now), **addresses}
    rows: list[tuple[str, list[Panel]]] = []
    span = _span(board["time"]["from"])
    for panel in board["panels"]:
        if panel["type"] == "row":
            rows.append((panel["title"], []))
        else:
            rows[-1][1].append(_Reader(panel, prometheus, now, span, values).panel())
    links = [(link["title"], _address(_filled(link["url"], values))) for link in board["links"]]
    links = [(title, address) for title, address in links if "$" not in address]
    return Dashboard(board["uid"], board["title"], board["description"], links, rows)


def _variables(board: dict[str, Any], prometheus: Prometheus, now: datetime) -> dict[str, str]:
    """The values that Grafana chooses when it opens the dashboard."""
    values = {}
    for variable in board["templating"]["list"]:
        if variable["type"] == "custom":
            values[variable["name"]] = variable["current"]["value"]
        elif variable["type"] == "query":
            expr = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")
            # Grafana matches the regex with the text of a series: {label="value"} value time.
            pattern = re.compile(variable["regex"].strip("/"))
            for series in prometheus.instant(expr, now):
                labels = ",".join(f'{name}="{value}"' for name, value in series.labels.items())
                if match := pattern.search(f"{{{labels}}}"):
                    values[variable["name"]] = match[1]
    return values


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its $variables; those without a value stay."""
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda match: values.get(match[1] or match[2], match[0]), text)


def _address(url: str) -> str:
    """The address of a link on the page, which has every dashboard under its uid."""
    return url.replace("/d/", "#", 1) if url.startswith("/d/") else url


def _span(since: str) -> timedelta:
    match = re.fullmatch(r"now-(\d+)d", since)
    assert match, since
    return timedelta(days=int(match[1]))


class _Reader:
    """Runs the queries of one panel."""

    def __init__(
        self,
        json_panel: dict[str, Any],
        prometheus: Prometheus,
        now: datetime,
        span: timedelta,
        values: Mapping[str, str],
    ) -> None:
        self._json = json_panel
        self._prometheus = prometheus
        self._now = now
        self._span = span
        self._defaults = json_panel["fieldConfig"]["defaults"]
        self._targets = [(_filled(target["expr"], values), target) for target in json_panel["targets"]]
        self._title = _filled(json_panel["title"], values)

    def panel(self) -> Panel:
        title, _, note = self._title.partition(" · ")
        panel = Panel(
            id=self._json["id"],
            kind=self._json["type"],
            title=title,
            note=note,
            description=self._json["description"],
            width=self._json["gridPos"]["w"],
            unit=self._defaults["unit"],
            queries=[expr for expr, _ in self._targets],
            none=self._defaults.get("noValue", ""),
        )
        fill: dict[str, Callable[[Panel], None]] = {
            "stat": self._fill_figures,
            "bargauge": self._fill_figures,
            "barchart": self._fill_columns,
            "timeseries": self._fill_lines,
            "table": self._fill_rows,
        }
        fill[panel.kind](panel)
        return panel

    def _fill_figures(self, panel: Panel) -> None:
        for expr, target in self._targets:
            for series in self._prometheus.instant(expr, self._now):
                panel.figures.append(self._figure(_name(target, series), series.newest, self._defaults))

    def _fill_columns(self, panel: Panel) -> None:
        matrix = self._transformation("groupingToMatrix")
        panel.stacked = matrix is not None
        x = matrix["rowField"] if matrix else self._json["options"]["xField"]
        values: dict[str, dict[str, float]] = {}
        for expr, target in self._targets:
            for series in self._prometheus.instant(expr, self._now):
                name = series.labels.get(matrix["columnField"], "") if matrix else _name(target, series)
                values.setdefault(name, {})[series.labels[x]] = series.newest
        panel.x = sorted({label for column in values.values() for label in column})
        by_size = (
            sorted(values.items(), key=lambda item: -sum(item[1].values())) if matrix else values.items()
        )
        for override in self._json["fieldConfig"]["overrides"]:
            if any(setting["id"] == "color" for setting in override["properties"]):
                panel.grey = override["matcher"]["options"]
        panel.series = [(name, [column.get(label, 0.0) for label in panel.x]) for name, column in by_size]

    def _fill_lines(self, panel: Panel) -> None:
        step = next((step for step in _STEPS if step * POINTS >= self._span), _STEPS[-1])
        start = self._now - self._span
        for expr, target in self._targets:
            for series in self._prometheus.over(expr, start, self._now, step):
                panel.lines.append((_name(target, series), series.points))
        for override in self._json["fieldConfig"]["overrides"]:
            for setting in override["properties"]:
                if setting["id"] == "custom.fillBelowTo":
                    panel.band = (setting["value"], override["matcher"]["options"])

    def _fill_rows(self, panel: Panel) -> None:
        names = self._transformation("organize") or {}
        headings = [target["legendFormat"] for _, target in self._targets]
        labels = [name for name in names["renameByName"] if not name.startswith("Value")]
        settings = {
            override["matcher"]["options"]: {item["id"]: item["value"] for item in override["properties"]}
            for override in self._json["fieldConfig"]["overrides"]
        }
        cells: dict[tuple[str, ...], dict[str, Figure]] = {}
        for (expr, _), heading in zip(self._targets, headings, strict=True):
            for series in self._prometheus.instant(expr, self._now):
                key = tuple(series.labels.get(label, "") for label in labels)
                figure = self._figure(heading, series.newest, settings[heading])
                cells.setdefault(key, {})[heading] = figure
        panel.headings = [*(names["renameByName"][label] for label in labels), *headings]
        rows = list(cells.items())
        [order] = self._json["options"]["sortBy"]
        column, descending = order["displayName"], order.get("desc", False)
        rows.sort(key=lambda row: row[1][column].value if column in row[1] else 0, reverse=descending)
        none = Figure("", 0, "–", "")
        panel.rows = [
            [*(Figure("", 0, text, "") for text in key), *(row.get(heading, none) for heading in headings)]
            for key, row in rows
        ]

    def _transformation(self, id_: str) -> dict[str, Any] | None:
        steps = self._json.get("transformations") or []
        return next((step["options"] for step in steps if step["id"] == id_), None)

    def _figure(self, name: str, value: float, settings: Mapping[str, Any]) -> Figure:
        steps = settings.get("thresholds", {}).get("steps", [])
        reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
        text = units.text(value, settings.get("unit", ""), settings.get("decimals"))
        return Figure(name, value, text, reached[-1] if reached else "")


def _name(target: Mapping[str, Any], series: Series) -> str:
    """The legend of a series, as Grafana fills it."""
    legend = target["legendFormat"]
    if legend == "__auto":
        return ", ".join(value for name, value in series.labels.items() if name != "__name__")
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: series.labels.get(match[1], ""), legend)
