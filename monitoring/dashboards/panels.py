"""The kinds of panel that the dashboards use, as builders of the Grafana Foundation SDK."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Literal, TypeVar

from grafana_foundation_sdk.builders import barchart, bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
USD, PERCENT, RATIO, DAYS, SECONDS, COUNT = "currencyUSD", "percent", "percentunit", "d", "s", "short"
BYTES, TIMES = "decbytes", "suffix: ×"

# The guide, Budget Thresholds: green to 70 %, warning at 80 %, critical at 100 %.
BUDGET_STEPS = (("green", None), ("yellow", 70), ("orange", 80), ("red", 100))
Steps = Sequence[tuple[str, float | None]]

Panel = TypeVar("Panel", stat.Panel, bargauge.Panel, barchart.Panel, timeseries.Panel, table.Panel)


@dataclass(frozen=True)
class Query:
    """A PromQL query. `name` is the legend, the bar's label or the column's heading: text, or {{label}}."""

    expr: str
    name: str = ""


@dataclass(frozen=True)
class Column:
    """A column of figures of a table, in a unit of Grafana; `steps` colour its cells."""

    heading: str
    expr: str
    unit: str
    decimals: int | None = None
    steps: Steps = ()


@dataclass(frozen=True)
class About:
    """What every panel has: title, description, and its size; a dashboard is 24 wide."""

    title: str
    text: str
    width: int
    height: int = 8


def stat_panel(
    about: About, unit: str, *queries: Query, steps: Steps = (), decimals: int | None = None, none: str = ""
) -> stat.Panel:
    """The newest value of each query in large type; `none` is shown when there is no value."""
    panel = stat.Panel().graph_mode(common_model.BigValueGraphMode.NONE)
    panel.color_mode(common_model.BigValueColorMode.VALUE).reduce_options(_newest())
    if none:
        panel.no_value(none)
    return _panel(panel, about, unit, queries, "instant", steps, decimals)


def bar_gauge(
    about: About, unit: str, *queries: Query, steps: Steps = (), decimals: int | None = None, none: str = ""
) -> bargauge.Panel:
    """A horizontal bar for each series, in the order of the query."""
    panel = bargauge.Panel().orientation(common_model.VizOrientation.HORIZONTAL).min(0)
    panel.display_mode(common_model.BarGaugeDisplayMode.BASIC).reduce_options(_newest())
    if none:
        panel.no_value(none)
    return _panel(panel, about, unit, queries, "instant", steps, decimals)


def time_series(
    about: About, unit: str, *queries: Query, band: tuple[str, str] | None = None, decimals: int | None = None
) -> timeseries.Panel:
    """Lines over the time range; `band` names the lower and the upper line of an area."""
    panel = timeseries.Panel().line_width(2).min(0).legend(_legend())
    if band:
        low, high = band
        panel.override_by_name(
            high,
            [
                model.DynamicConfigValue("custom.fillBelowTo", low),
                model.DynamicConfigValue("custom.fillOpacity", 15),
                model.DynamicConfigValue("custom.lineWidth", 0),
            ],
        )
        panel.override_by_name(low, [model.DynamicConfigValue("custom.lineWidth", 0)])
    return _panel(panel, about, unit, queries, "range", (), decimals)


def bar_chart(
    about: About, unit: str, x: str, *queries: Query, grey: str = "", decimals: int | None = None
) -> barchart.Panel:
    """A vertical bar for each value of the label `x` and each query; `grey` names a query to compare with."""
    joined = [_transformation("joinByField", byField=x, mode="outer")] if len(queries) > 1 else []
    times = ("Time", *(f"Time {number}" for number in range(1, len(queries) + 1)))
    values = ["Value"] if len(queries) == 1 else [f"Value #{letter}" for letter in ascii_uppercase]
    names = {value: query.name for value, query in zip(values, queries, strict=False)}
    panel = barchart.Panel().x_field(x).legend(_legend()).show_value(common_model.VisibilityMode.NEVER)
    panel.transformations([*joined, _organized(times, names), _sorted(x)])
    if grey:
        color = {"mode": "fixed", "fixedColor": "#8e8e8e"}
        panel.override_by_name(grey, [model.DynamicConfigValue("color", color)])
    return _panel(panel, about, unit, queries, "table", (), decimals)


def stacked_bar_chart(about: About, unit: str, x: str, series: str, expr: str) -> barchart.Panel:
    """A vertical bar for each value of the label `x`, stacked by the label `series`."""
    panel = barchart.Panel().x_field(f"{x}\\{series}").legend(_legend())
    panel.stacking(common_model.StackingMode.NORMAL).show_value(common_model.VisibilityMode.NEVER)
    matrix = _transformation(
        "groupingToMatrix", columnField=series, rowField=x, valueField="Value", emptyValue="zero"
    )
    panel.transformations([_sorted(x), matrix]).x_tick_label_spacing(100)
    return _panel(panel, about, unit, [Query(expr)], "table", (), None)


def table_panel(
    about: About,
    labels: Mapping[str, str],
    *columns: Column,
    sort: str,
    descending: bool = True,
    none: str = "",
) -> table.Panel:
    """A row for each set of labels, sorted by the column `sort`; `labels` gives their headings."""
    values = ["Value"] if len(columns) == 1 else [f"Value #{letter}" for letter in ascii_uppercase]
    names = dict(zip(values, (column.heading for column in columns), strict=False))
    panel = table.Panel().transformations(
        [_transformation("merge"), _organized(("Time",), {**labels, **names})]
    )
    panel.sort_by([common.TableSortByFieldState().display_name(sort).desc(descending)])
    if none:
        panel.no_value(none)
    for column in columns:
        settings = [model.DynamicConfigValue("unit", column.unit)]
        if column.decimals is not None:
            settings.append(model.DynamicConfigValue("decimals", column.decimals))
        if column.steps:
            settings.append(model.DynamicConfigValue("thresholds", _thresholds(column.steps).build()))
            settings.append(model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        panel.override_by_name(column.heading, settings)
    queries = [Query(column.expr, column.heading) for column in columns]
    return _panel(panel, about, columns[0].unit, queries, "table", (), None)


def _panel(
    panel: Panel,
    about: About,
    unit: str,
    queries: Sequence[Query],
    kind: Literal["instant", "range", "table"],
    steps: Steps,
    decimals: int | None,
) -> Panel:
    panel.title(about.title).description(about.text).span(about.width).height(about.height)
    panel.datasource(DATASOURCE).unit(unit).thresholds(_thresholds(steps or (("blue", None),)))
    mode = model.FieldColorModeId.THRESHOLDS if kind == "instant" else model.FieldColorModeId.PALETTE_CLASSIC
    panel.color_scheme(build.FieldColor().mode(mode))
    if decimals is not None:
        panel.decimals(decimals)
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        target = prometheus.Dataquery().ref_id(letter).expr(query.expr).datasource(DATASOURCE)
        target.legend_format(query.name or "__auto")
        target = target.range() if kind == "range" else target.instant()
        target.format(PromQueryFormat.TABLE if kind == "table" else PromQueryFormat.TIME_SERIES)
        panel.with_target(target)
    return panel


def _thresholds(steps: Steps) -> build.ThresholdsConfig:
    thresholds = [model.Threshold(value=value, color=color) for color, value in steps]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(thresholds)


def _newest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True).placement(common_model.LegendPlacement.BOTTOM)
    return legend.display_mode(common_model.LegendDisplayMode.LIST)


def _transformation(id_: str, **options: object) -> model.DataTransformerConfig:
    return model.DataTransformerConfig(id_val=id_, options=options)


def _organized(hidden: Sequence[str], names: Mapping[str, str]) -> model.DataTransformerConfig:
    return _transformation(
        "organize", excludeByName=dict.fromkeys(hidden, True), renameByName=dict(names), indexByName={}
    )


def _sorted(field: str) -> model.DataTransformerConfig:
    return _transformation("sortBy", fields={}, sort=[{"field": field}])
