"""Where the parts of a chart are on an SVG canvas; templates/chart.svg.j2 draws them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, floor, log10

from functions.reports.formatting import text
from functions.reports.records import Chart, ChartKind, Unit
from functions.reports.render.palette import COLOURS

WIDTH, HEIGHT = 860, 340
TOP, RIGHT, BOTTOM, LEFT = 14, 14, 40, 76
LEFT_OF_BARS = 220
BAR_ROW = 40
GAP = 0.3  # of the width of a category
TICKS = 5


@dataclass(frozen=True)
class Bar:
    """A rectangle with the text that a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    title: str


@dataclass(frozen=True)
class Label:
    """A text; `anchor` is the SVG text-anchor."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True)
class Line:
    """A line through points, with gaps where a value is missing."""

    path: str
    colour: str
    points: Sequence[tuple[float, float, str]]


@dataclass
class Drawing:
    """Everything to draw. `rules` are grid lines (x1, y1, x2, y2)."""

    width: int
    height: int
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)


def drawing(chart: Chart) -> Drawing:
    """The chart at the size of the page."""
    height = HEIGHT
    if chart.kind is ChartKind.BARS:
        height = TOP + BOTTOM + BAR_ROW * len(chart.categories)
    canvas = Drawing(WIDTH, height)
    colours = [COLOURS[index % len(COLOURS)] for index in range(len(chart.series))]
    if len(chart.series) > 1:
        canvas.legend = [(series.name, colour) for series, colour in zip(chart.series, colours, strict=True)]
    scale = _Scale(chart, canvas)
    scale.draw_grid(canvas)
    if chart.kind is ChartKind.LINES:
        _draw_lines(chart, canvas, scale, colours)
    else:
        _draw_bars(chart, canvas, scale, colours)
    return canvas


class _Scale:
    """Positions of values and categories."""

    def __init__(self, chart: Chart, canvas: Drawing) -> None:
        self.chart = chart
        self.horizontal = chart.kind is ChartKind.BARS
        self.left = LEFT_OF_BARS if self.horizontal else LEFT
        self.right, self.bottom = canvas.width - RIGHT, canvas.height - BOTTOM
        if self.horizontal:
            self.right -= 50
        low, high = _extent(chart)
        self.ticks = _ticks(low, high)
        self.low, self.high = self.ticks[0], self.ticks[-1]
        length = (self.bottom - TOP) if self.horizontal else (self.right - self.left)
        self.step = length / max(len(chart.categories), 1)

    def value(self, value: float) -> float:
        """The x (of bars) or y of a value."""
        share = (value - self.low) / (self.high - self.low)
        if self.horizontal:
            return self.left + share * (self.right - self.left)
        return self.bottom - share * (self.bottom - TOP)

    def category(self, index: int) -> float:
        """Where the space of a category begins."""
        return (TOP if self.horizontal else self.left) + index * self.step

    def draw_grid(self, canvas: Drawing) -> None:
        """Grid lines with their values, and the names of the categories."""
        for tick in self.ticks:
            at, name = self.value(tick), text(Decimal(str(tick)), _tick_unit(self.chart.unit))
            if self.horizontal:
                canvas.rules.append((at, TOP, at, self.bottom))
                canvas.labels.append(Label(at, self.bottom + 18, name, "middle"))
            else:
                canvas.rules.append((self.left, at, self.right, at))
                canvas.labels.append(Label(self.left - 8, at + 4, name, "end"))
        for index, category in enumerate(self.chart.categories):
            middle = self.category(index) + self.step / 2
            if self.horizontal:
                canvas.labels.append(Label(self.left - 10, middle + 4, _cut(category, 32), "end"))
            else:
                room = max(int(self.step / 6.5), 4)
                canvas.labels.append(Label(middle, self.bottom + 20, _cut(category, room), "middle"))


def _draw_bars(chart: Chart, canvas: Drawing, scale: _Scale, colours: Sequence[str]) -> None:
    stacked = chart.kind is ChartKind.STACKED
    space = scale.step * (1 - GAP)
    thickness = space if stacked else space / len(chart.series)
    for index, category in enumerate(chart.categories):
        above = below = 0.0
        for number, (series, colour) in enumerate(zip(chart.series, colours, strict=True)):
            value = series.values[index]
            if value is None or not value:
                continue
            base = (above if value > 0 else below) if stacked else 0.0
            end = base + float(value)
            above, below = (end, below) if value > 0 else (above, end)
            start = scale.category(index) + scale.step * GAP / 2 + (0 if stacked else number * thickness)
            first, last = sorted((scale.value(base), scale.value(end)))
            amount = text(value, chart.unit)
            title = f"{category}, {series.name}: {amount}"
            if scale.horizontal:
                canvas.bars.append(Bar(first, start, last - first, thickness, colour, title))
                canvas.labels.append(Label(last + 6, start + thickness / 2 + 4, amount, "start"))
            else:
                canvas.bars.append(Bar(start, first, thickness, last - first, colour, title))
                if len(chart.series) == 1:
                    y = first - 5 if value > 0 else last + 14
                    canvas.labels.append(Label(start + thickness / 2, y, amount, "middle"))


def _draw_lines(chart: Chart, canvas: Drawing, scale: _Scale, colours: Sequence[str]) -> None:
    for series, colour in zip(chart.series, colours, strict=True):
        path, points, joined = "", [], False
        for index, value in enumerate(series.values):
            if value is None:
                joined = False
                continue
            x, y = scale.category(index) + scale.step / 2, scale.value(float(value))
            path += f"{'L' if joined else 'M'}{x:.1f} {y:.1f}"
            points.append((x, y, f"{chart.categories[index]}, {series.name}: {text(value, chart.unit)}"))
            joined = True
        canvas.lines.append(Line(path, colour, points))


def _extent(chart: Chart) -> tuple[float, float]:
    """The lowest and the highest value to show, with 0 between them."""
    if chart.kind is ChartKind.STACKED:
        columns = [
            [series.values[index] or 0 for series in chart.series] for index in range(len(chart.categories))
        ]
        tops = [float(sum(value for value in column if value > 0)) for column in columns]
        bottoms = [float(sum(value for value in column if value < 0)) for column in columns]
        return min(0.0, *bottoms), max(0.0, *tops)
    values = [float(value) for series in chart.series for value in series.values if value is not None]
    return min(0.0, *values), max(0.0, *values)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`."""
    rough = (high - low) / TICKS or 1.0
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [round(step * n, 10) for n in range(floor(low / step), max(ceil(high / step), 1) + 1)]


def _tick_unit(unit: Unit) -> Unit:
    return Unit.USD if unit is Unit.USD_CHANGE else unit


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
