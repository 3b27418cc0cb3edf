"""Charts as static SVG. Text is HTML around the SVG, so that it keeps its size on a narrow screen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor, log10

WIDTH, HEIGHT = 1000, 300
TICKS = 4
LABELS, TIMES = 7, 5
COLORS = 10


@dataclass(frozen=True)
class Shape:
    """An SVG element: `path` data with a class, and the text that is shown when the pointer is over it."""

    path: str
    css: str
    title: str = ""


@dataclass(frozen=True)
class Label:
    """Text at a place along an axis, in percent of its length."""

    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """What the template draws; the size of the drawing is WIDTH × HEIGHT."""

    shapes: list[Shape]
    grid: list[float]
    y: list[Label]
    x: list[Label]
    legend: list[tuple[str, str, str]]  # name, class, newest value


@dataclass(frozen=True)
class Scale:
    """The vertical axis, from low to high with a line every `step`."""

    low: float
    high: float
    step: float

    def y(self, value: float) -> float:
        """The place of a value in the drawing."""
        return HEIGHT * (1 - (value - self.low) / (self.high - self.low))

    def ticks(self) -> list[float]:
        """The values that have a line."""
        count = round((self.high - self.low) / self.step)
        return [self.low + number * self.step for number in range(count + 1)]


def scale(values: Sequence[float]) -> Scale:
    """A scale that starts at 0, or below for negative values, with round numbers."""
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    power = 10.0 ** floor(log10(span / TICKS))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power * TICKS >= span * 0.999)
    return Scale(floor(low / step) * step, ceil(high / step - 1e-9) * step or step, step)


def columns(
    x: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    stacked: bool,
    grey: str,
    text: Callable[[float], str],
    axis_text: Callable[[float], str],
) -> Chart:
    """Vertical bars for each x, side by side or stacked; the series `grey` is drawn in grey."""
    tops = [sum(max(0.0, values[place]) for _, values in series) for place in range(len(x))]
    bottoms = [sum(min(0.0, values[place]) for _, values in series) for place in range(len(x))]
    axis = scale([*tops, *bottoms] if stacked else [value for _, values in series for value in values])
    slot = WIDTH / len(x)
    group = slot * (0.78 if len(x) < 40 else 0.86)
    width = group if stacked else group / len(series)
    css = ["grey" if name == grey else f"c{number % COLORS}" for number, (name, _) in enumerate(series)]
    shapes = []
    for place, label in enumerate(x):
        up = down = 0.0
        for number, (name, values) in enumerate(series):
            value = values[place]
            start = (up if value >= 0 else down) if stacked else 0.0
            up, down = (up + value, down) if value >= 0 else (up, down + value)
            left = place * slot + (slot - group) / 2 + (0 if stacked else number * width)
            top, bottom = sorted((axis.y(start), axis.y(start + value)))
            if bottom - top > 0.05:
                path = f"M{left:.1f} {top:.1f}h{width:.1f}V{bottom:.1f}h-{width:.1f}z"
                shapes.append(Shape(path, f"fill {css[number]}", f"{label}, {name}: {text(value)}"))
    every = ceil(len(x) / LABELS)
    labels = [
        Label(100 * (place + 0.5) / len(x), x[place]) for place in range((len(x) - 1) % every, len(x), every)
    ]
    legend = [(name, css[number], "") for number, (name, _) in enumerate(series)]
    return _chart(shapes, axis, labels, legend if len(series) > 1 else [], axis_text)


def lines(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    band: tuple[str, str] | None,
    text: Callable[[float], str],
    axis_text: Callable[[float], str],
) -> Chart:
    """Lines over time, broken where they have no values; `band` names the two lines around an area."""
    axis = scale([value for _, points in series for _, value in points])
    times = sorted({time for _, points in series for time, _ in points})
    start, end = times[0], max(times[-1], times[0] + 1)
    step = min((b - a for a, b in pairwise(times)), default=1)

    def place(point: tuple[float, float]) -> str:
        return f"{WIDTH * (point[0] - start) / (end - start):.1f} {axis.y(point[1]):.1f}"

    shapes, legend = [], []
    of_name = dict(series)
    if band and band[0] in of_name and band[1] in of_name:
        low, high = of_name[band[0]], of_name[band[1]]
        path = "M" + "L".join(place(point) for point in [*high, *reversed(low)]) + "z"
        shapes.append(Shape(path, "band", f"{band[0]} to {band[1]}"))
        legend.append((f"{band[0]} – {band[1]}", "band", f"{text(low[-1][1])} – {text(high[-1][1])}"))
    drawn = [(name, points) for name, points in series if not band or name not in band]
    for number, (name, points) in enumerate(drawn):
        path, before = "", None
        for point in points:
            path += ("L" if before is not None and point[0] - before <= 2.5 * step else "M") + place(point)
            before = point[0]
        shapes.append(Shape(path, f"line c{number % COLORS}", name))
        legend.append((name, f"c{number % COLORS}", text(points[-1][1])))
    days = (end - start) / 86_400
    form = "%-d %b" if days > 2 else "%H:%M"
    labels = []
    for number in range(TIMES):
        part = number / (TIMES - 1)
        time = datetime.fromtimestamp(start + (end - start) * part, UTC)
        labels.append(Label(100 * part, f"{time:{form}}"))
    return _chart(shapes, axis, labels, legend, axis_text)


def _chart(
    shapes: list[Shape],
    axis: Scale,
    labels: list[Label],
    legend: list[tuple[str, str, str]],
    axis_text: Callable[[float], str],
) -> Chart:
    ticks = axis.ticks()
    y = [Label(100 * axis.y(value) / HEIGHT, axis_text(value)) for value in ticks]
    return Chart(shapes, [axis.y(value) for value in ticks], y, labels, legend)
