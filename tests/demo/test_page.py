"""Figures have their units, and charts have round scales and every value."""

import pytest

from demo.page import charts, units

USD = {
    "text": lambda value: units.text(value, "currencyUSD"),
    "axis_text": lambda value: units.short(value, "currencyUSD"),
}


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (96190.03, "currencyUSD", 0, "$96,190"),
        (-2140.37, "currencyUSD", None, "−$2,140"),
        (0.31, "currencyUSD", 3, "$0.310"),
        (87.44, "percent", 1, "87.4 %"),
        (0.214, "percentunit", 1, "21.4 %"),
        (41.2, "d", 0, "41 days"),
        (0.0234, "s", 3, "23 ms"),
        (312_000, "s", 0, "3.6 d"),
        (1.84e12, "decbytes", 1, "1.84 TB"),
        (3.14, "suffix: ×", 1, "3.1 ×"),
        (60, "short", 0, "60"),
    ],
)
def test_a_figure_has_its_unit(value, unit, decimals, text):
    assert units.text(value, unit, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "$0"), (150_000, "$150k"), (-2000, "−$2k"), (0.05, "$0.05"), (40, "$40")]
)
def test_a_label_of_an_axis_is_short(value, text):
    assert units.short(value, "currencyUSD") == text


@pytest.mark.parametrize("values", [[0.0], [0.0004], [3.0], [110_000.0, 96_000.0], [-2140.0, 5900.0], [-3.0]])
def test_a_scale_has_0_every_value_and_few_lines(values):
    axis = charts.scale(values)
    assert axis.low <= min(0, *values)
    assert axis.high >= max(0, *values)
    assert any(abs(tick) < axis.step / 1000 for tick in axis.ticks())
    assert 2 <= len(axis.ticks()) <= charts.TICKS + 3


def test_stacked_bars_have_a_shape_for_every_value():
    chart = charts.columns(["1", "2"], [("a", [10, 5]), ("b", [30, -5])], True, "", **USD)
    assert [shape.title for shape in chart.shapes] == ["1, a: $10", "1, b: $30", "2, a: $5", "2, b: −$5"]
    assert [label.text for label in chart.x] == ["1", "2"]


def test_a_line_is_broken_where_it_has_no_values():
    hours = [(3600.0 * hour, 5.0) for hour in (0, 1, 2, 8, 9)]
    chart = charts.lines([("a", hours)], None, **USD)
    [line] = chart.shapes
    assert line.path.count("M") == 2
    assert chart.legend == [("a", "c0", "$5")]


def test_a_band_is_an_area_between_two_lines():
    points = [(0.0, 1.0), (3600.0, 2.0)]
    higher = [(time, value + 1) for time, value in points]
    chart = charts.lines([("low", points), ("high", higher), ("a", points)], ("low", "high"), **USD)
    band, line = chart.shapes
    assert (band.css, line.css) == ("band", "line c0")
    assert band.path.endswith("z")
    assert chart.legend[0] == ("low – high", "band", "$2 – $3")
