"""Parts of a slide: text, native charts and native tables, in the colours of the reviews."""

from collections.abc import Sequence
from decimal import Decimal
from textwrap import wrap
from typing import Any, cast

from pptx.chart.chart import Chart as NativeChart
from pptx.chart.data import ChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.shapes.autoshape import Shape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.slide import Slide
from pptx.util import Emu, Inches, Length, Pt

from functions.reports.formatting import cell_text
from functions.reports.records import Chart, ChartKind, Table, Unit
from functions.reports.render.palette import COLOURS

INK, MUTED, RULE = RGBColor(0x1B, 0x26, 0x3B), RGBColor(0x5B, 0x66, 0x77), RGBColor(0xC9, 0xD1, 0xDC)
ACCENT, WARNING = RGBColor(0x1F, 0x5F, 0xA8), RGBColor(0xB4, 0x53, 0x09)
STRIPE, WHITE = RGBColor(0xF2, 0xF5, 0xF9), RGBColor(0xFF, 0xFF, 0xFF)
KINDS = {
    ChartKind.COLUMNS: XL_CHART_TYPE.COLUMN_CLUSTERED,
    ChartKind.STACKED: XL_CHART_TYPE.COLUMN_STACKED,
    ChartKind.BARS: XL_CHART_TYPE.BAR_CLUSTERED,
    ChartKind.LINES: XL_CHART_TYPE.LINE_MARKERS,
}
FORMATS = {
    Unit.USD: '"$"#,##0',
    Unit.USD_CHANGE: '+"$"#,##0;-"$"#,##0;"$"0',
    Unit.PERCENT: '0.0" %"',
}
CENTS = {Unit.USD: '"$"#,##0.00'}
MAX_LABELS = 20  # more of them overlap
ROW_HEIGHT, LINE_HEIGHT = Inches(0.37), Inches(0.19)  # a row of one line, and each further line
CELL_MARGIN = Inches(0.07)
CHARACTER = Pt(6.4)  # the mean width of a character of 11 points in a wide font
MAX_CELL = 600  # characters; a longer text is cut on a slide and whole in the other files
MIN_COLUMN, MAX_COLUMN = 14, 46  # characters that the width of a column is chosen for


def add_text(
    slide: Slide, left: Length, top: Length, width: Length, height: Length, lines: Sequence[str], size: int,
    colour: RGBColor, *, bold: bool = False,
) -> Shape:  # fmt: skip
    """Adds a text box with a paragraph for each line, and returns it."""
    box = slide.shapes.add_textbox(left, top, width, height)
    frame = box.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    for index, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        run = paragraph.add_run()
        run.text = line
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, colour
    return box


def add_rule(slide: Slide, left: Length, top: Length, width: Length) -> None:
    """Adds a thin line."""
    rule = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, left, top, width, Pt(1))
    rule.fill.solid()
    rule.fill.fore_color.rgb = RULE
    rule.line.fill.background()
    rule.shadow.inherit = False


def add_chart(
    slide: Slide, chart: Chart, left: Length, top: Length, width: Length, height: Length, *, titled: bool
) -> None:
    """Adds a chart that can be edited: its numbers are in an embedded workbook."""
    order = _order(chart)
    data = ChartData(number_format=_number_format(chart))
    data.categories = list(chart.categories)[order]
    for series in list(chart.series)[order]:
        data.add_series(series.name, [_rounded(value) for value in series.values][order])
    frame = slide.shapes.add_chart(KINDS[chart.kind], left, top, width, height, data)
    native: NativeChart = cast(GraphicFrame, frame).chart
    native.font.size, native.font.color.rgb = Pt(12), INK
    native.has_title = titled
    if titled:
        native.chart_title.text_frame.text = chart.title
        title = native.chart_title.text_frame.paragraphs[0].font
        title.size, title.bold, title.color.rgb = Pt(13), True, INK
    native.has_legend = len(chart.series) > 1
    if (legend := native.legend) is not None:
        legend.position, legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        legend.font.size = Pt(11)
    _style_axes(native, chart)
    _style_series(native, chart)


def _order(chart: Chart) -> slice:
    """The order of categories and series: bars are drawn from below."""
    return slice(None, None, -1 if chart.kind is ChartKind.BARS else 1)


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 2)


def _number_format(chart: Chart) -> str:
    largest = max(
        (abs(value) for series in chart.series for value in series.values if value is not None), default=0
    )
    if largest < 100 and chart.unit in CENTS:
        return CENTS[chart.unit]
    return FORMATS.get(chart.unit, "#,##0")


def _style_axes(native: NativeChart, chart: Chart) -> None:
    values, categories = native.value_axis, native.category_axis
    values.major_gridlines.format.line.color.rgb = RULE
    values.format.line.fill.background()
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = (
        _number_format(chart),
        False,
    )
    values.tick_labels.font.size = categories.tick_labels.font.size = Pt(11)
    if chart.kind is ChartKind.BARS:
        categories.tick_labels.font.size = Pt(9)
        _show_every_category(native)
    categories.format.line.color.rgb = RULE
    categories.tick_label_position = XL_TICK_LABEL_POSITION.LOW  # below negative columns too
    if all(value is None or value >= 0 for series in chart.series for value in series.values):
        values.minimum_scale = 0


def _show_every_category(native: NativeChart) -> None:
    """Shows the name of every bar, also where a program would leave out each second one for lack of room.

    python-pptx has no property for it: PowerPoint goes by tickLblSkip (ECMA-376 part 1, 21.2.2.208),
    LibreOffice by a rotation that is set.
    """
    for axis in native.element.iter(qn("c:catAx")):
        skip = axis.makeelement(qn("c:tickLblSkip"), {"val": "1"})
        axis.find(qn("c:lblOffset")).addnext(skip)
        for body in axis.iter(qn("a:bodyPr")):
            body.set("rot", "0")


def _style_series(native: NativeChart, chart: Chart) -> None:
    plot: Any = native.plots[0]  # its class depends on the type of the chart
    colours = [COLOURS[index % len(COLOURS)] for index in range(len(chart.series))][_order(chart)]
    for series, name in zip(plot.series, colours, strict=True):
        colour = RGBColor.from_string(name.lstrip("#").upper())
        if chart.kind is ChartKind.LINES:
            series.smooth = False
            series.format.line.color.rgb, series.format.line.width = colour, Pt(2.5)
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = colour
            series.marker.format.line.color.rgb = colour
        else:
            series.invert_if_negative = False
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = colour
    if chart.kind is not ChartKind.LINES:
        plot.gap_width = 60
    if chart.kind is ChartKind.STACKED:
        plot.overlap = 100
    count = sum(value is not None for series in chart.series for value in series.values)
    if chart.kind in (ChartKind.COLUMNS, ChartKind.BARS) and count <= MAX_LABELS:
        plot.has_data_labels = True
        labels = plot.data_labels
        labels.number_format, labels.number_format_is_linked = _number_format(chart), False
        labels.position = XL_LABEL_POSITION.OUTSIDE_END
        labels.font.size = Pt(8 if chart.kind is ChartKind.BARS else 10)


class TableLayout:
    """A table of a width: its texts, and as much room as they need. Numbers are aligned to the right."""

    def __init__(self, table: Table, width: Length) -> None:
        self.table = table
        self._header = [column.label for column in table.columns]
        self._rows = [
            [_cut(cell_text(value, column.unit)) for value, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ]
        longest = [
            max(len(row[index]) for row in [self._header, *self._rows]) for index in range(len(self._header))
        ]
        shares = [min(max(length + 2, MIN_COLUMN), MAX_COLUMN) for length in longest]
        self._widths = [int(width * share / sum(shares)) for share in shares]
        self.header_height = self._height(self._header)
        self.heights = [self._height(row) for row in self._rows]

    def rows_that_fit(self, first: int, room: int) -> int:
        """How many rows from `first` on fit below the header into a height of `room`."""
        left = room - self.header_height
        count = 0
        for height in self.heights[first:]:
            left -= height
            if left < 0:
                break
            count += 1
        return count

    def add_to(self, slide: Slide, first: int, count: int, left: Length, top: Length) -> Length:
        """Adds the header and `count` rows from `first` on; returns the height."""
        rows = [self._header, *self._rows[first : first + count]]
        heights = [self.header_height, *self.heights[first : first + count]]
        size = (Emu(sum(self._widths)), Emu(sum(heights)))
        native = slide.shapes.add_table(len(rows), len(self._header), left, top, *size).table
        native.horz_banding = False
        for index, width in enumerate(self._widths):
            native.columns[index].width = Emu(width)
        for row_index, (row, height) in enumerate(zip(rows, heights, strict=True)):
            native.rows[row_index].height = height
            for index, value in enumerate(row):
                self._fill(native.cell(row_index, index), value, row_index, self.table.columns[index].unit)
        return size[1]

    def _height(self, row: Sequence[str]) -> Length:
        lines = 1
        for value, width in zip(row, self._widths, strict=True):
            room = max(int((width - 2 * CELL_MARGIN) / CHARACTER), 1)
            lines = max(lines, len(wrap(value, room)))
        return Emu(ROW_HEIGHT + LINE_HEIGHT * (lines - 1))

    @staticmethod
    def _fill(cell: Any, value: str, row_index: int, unit: Unit) -> None:
        cell.vertical_anchor = MSO_ANCHOR.MIDDLE
        cell.margin_left = cell.margin_right = CELL_MARGIN
        cell.margin_top = cell.margin_bottom = Inches(0.02)
        cell.fill.solid()
        cell.fill.fore_color.rgb = ACCENT if row_index == 0 else (STRIPE if row_index % 2 else WHITE)
        cell.text = value
        paragraph = cell.text_frame.paragraphs[0]
        paragraph.font.size, paragraph.font.bold = Pt(11), row_index == 0
        paragraph.font.color.rgb = WHITE if row_index == 0 else INK
        if unit not in (Unit.TEXT, Unit.DATE):
            paragraph.alignment = PP_ALIGN.RIGHT


def _cut(value: str) -> str:
    return value if len(value) <= MAX_CELL else f"{value[: MAX_CELL - 1]}…"
