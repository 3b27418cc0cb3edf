"""A review as slides (PPTX): native charts and tables, with numbers and sources in the speaker notes."""

from collections.abc import Sequence

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.presentation import Presentation as Deck
from pptx.shapes.autoshape import Shape
from pptx.slide import Slide
from pptx.util import Emu, Inches, Length, Pt

from functions.reports.formatting import figure_text, text
from functions.reports.records import Chart, Figure, Item, Review, Unit
from functions.reports.render.native import (
    ACCENT,
    INK,
    MUTED,
    ROW_HEIGHT,
    WARNING,
    TableLayout,
    add_chart,
    add_rule,
    add_text,
)

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
LEFT, INNER = Inches(0.6), Inches(12.13)
TITLE_ONLY = 5  # a layout of the default template
STRIP_TOP = Inches(1.5)
BODY_TOP, BODY_BOTTOM = Inches(2.6), Inches(6.75)
CARDS = 5
CAPTION, SPACE = Inches(0.36), Inches(0.25)
FEWEST_ROWS = 3  # of a table that goes on on the next slide
SHORT_TITLE = 60  # characters that fit into one line


def presentation(review: Review) -> Deck:
    """The slides of a review: a title, then for each item its figures with each chart and table."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    deck.core_properties.title = f"{review.title} ({review.state.value})"
    deck.core_properties.created = deck.core_properties.modified = review.at.replace(tzinfo=None)
    deck.core_properties.author = "FinOps"
    _Slides(deck, review).build()
    return deck


class _Slides:
    def __init__(self, deck: Deck, review: Review) -> None:
        self.deck = deck
        self.review = review

    def build(self) -> None:
        self._title_slide()
        for number, item in enumerate(self.review.items, 1):
            figures = item.figures[:CARDS]
            charts = [chart for chart in item.charts if not chart.is_empty]
            for chart in charts:
                self._chart_slide(number, item, chart, figures)
                figures = ()
            if item.tables or not charts:
                self._table_slides(number, item, figures)

    def _title_slide(self) -> None:
        review = self.review
        slide = self._slide(review.title, "")
        _title(slide).text_frame.paragraphs[0].font.size = Pt(36)
        status = "Final" if not review.why_draft else f"Draft, estimated: {review.why_draft}"
        add_text(slide, LEFT, Inches(1.3), INNER, Inches(0.5), [status], 16,
                 WARNING if review.why_draft else MUTED, bold=True)  # fmt: skip
        at, read = (text(instant.date(), Unit.DATE) for instant in (review.at, review.read_at))
        dates = f"As of {at}; costs last read on {read}."
        add_text(slide, LEFT, Inches(1.75), INNER, Inches(0.4), [dates], 14, MUTED)
        box = add_text(
            slide, LEFT, Inches(2.4), INNER, Inches(4.2), [item.headline for item in review.items], 18, INK
        )
        for paragraph, item in zip(box.text_frame.paragraphs, review.items, strict=True):
            paragraph.space_after = Pt(9)
            run = paragraph.runs[0]
            run.text = f"{item.title}.  {item.headline}"
            run.font.size = Pt(15)
        _note(slide, [f"{item.title}: {item.headline}" for item in review.items])

    def _chart_slide(self, number: int, item: Item, chart: Chart, figures: Sequence[Figure]) -> None:
        """A chart, under the figures if there are any: those are on the first slide of an item."""
        slide = self._slide(item.headline if figures else chart.title, f"{number}  {item.title}")
        top = self._strip(slide, figures)
        add_chart(slide, chart, LEFT, top, INNER, Emu(BODY_BOTTOM - top), titled=bool(figures))
        _note(slide, [*_chart_notes(chart), *_figure_notes(figures and item.figures), *item.notes])

    def _table_slides(self, number: int, item: Item, figures: Sequence[Figure]) -> None:
        """The tables one below the other, on as many slides as they need."""
        slide = self._slide(item.headline, f"{number}  {item.title}") if figures else None
        top = self._strip(slide, figures) if slide else STRIP_TOP
        notes = [*_figure_notes(figures and item.figures), *item.notes]
        for table in item.tables:
            layout, first, drawn = TableLayout(table, INNER), 0, False
            while first < len(table.rows) or not drawn:
                count = layout.rows_that_fit(first, BODY_BOTTOM - top - CAPTION)
                rest = len(table.rows) - first
                fits_alone = layout.rows_that_fit(first, BODY_BOTTOM - STRIP_TOP) == rest
                if slide and count < (rest if fits_alone else FEWEST_ROWS):
                    _note(slide, notes)
                    slide, notes = None, []
                if slide:
                    add_text(slide, LEFT, top, INNER, CAPTION, [table.title], 13, INK, bold=True)
                    top = Emu(top + CAPTION)
                else:
                    slide, top = self._slide(table.title, f"{number}  {item.title}"), STRIP_TOP
                    count = max(layout.rows_that_fit(first, BODY_BOTTOM - top), 1)
                if table.rows:
                    top = Emu(top + layout.add_to(slide, first, count, LEFT, top) + SPACE)
                else:
                    add_text(slide, LEFT, top, INNER, ROW_HEIGHT, [table.empty], 13, MUTED)
                    top = Emu(top + ROW_HEIGHT + SPACE)
                notes.append(f"Source of {table.title}: {table.source}.")
                first, drawn = first + count, True
        if slide:
            _note(slide, notes)

    def _slide(self, title: str, item: str) -> Slide:
        slide = self.deck.slides.add_slide(self.deck.slide_layouts[TITLE_ONLY])
        shape = _title(slide)
        shape.left, shape.top, shape.width, shape.height = LEFT, Inches(0.55), INNER, Inches(0.85)
        frame = shape.text_frame
        frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
        frame.margin_left = frame.margin_right = Emu(0)
        frame.text = title
        paragraph = frame.paragraphs[0]
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.font.size, paragraph.font.bold = Pt(24 if len(title) <= SHORT_TITLE else 20), True
        paragraph.font.color.rgb = INK
        if item:
            add_text(slide, LEFT, Inches(0.28), INNER, Inches(0.3), [item], 12, ACCENT, bold=True)
        review = self.review
        footer = f"{review.title} · {review.state.value}"
        if review.why_draft:
            footer += f", estimated: {review.why_draft}"
        colour = WARNING if review.why_draft else MUTED
        add_text(slide, LEFT, Inches(6.95), Inches(11), Inches(0.3), [footer], 10, colour)
        page = add_text(
            slide,
            Inches(11.73),
            Inches(6.95),
            Inches(1),
            Inches(0.3),
            [str(len(self.deck.slides))],
            10,
            MUTED,
        )
        page.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
        return slide

    def _strip(self, slide: Slide, figures: Sequence[Figure]) -> Length:
        """The most important figures in a row; returns where the space below them begins."""
        if not figures:
            return STRIP_TOP
        width = Emu(int(INNER / CARDS))
        for index, figure in enumerate(figures):
            left = Emu(LEFT + width * index)
            value = figure_text(figure)
            size = 22 if len(value) <= 11 and figure.value is not None else 15
            colour: RGBColor = INK if figure.value is not None else MUTED
            add_text(slide, left, STRIP_TOP, width, Inches(0.5), [value], size, colour, bold=True)
            add_text(
                slide, left, Inches(2.0), Emu(width - Inches(0.1)), Inches(0.5), [figure.label], 11, MUTED
            )
        add_rule(slide, LEFT, Inches(2.5), INNER)
        return BODY_TOP


def _figure_notes(figures: Sequence[Figure]) -> list[str]:
    return [
        f"{figure.label}: {figure_text(figure)}"
        + (f" ({figure.missing})" if figure.value is None else "")
        + f". Source: {figure.source}."
        for figure in figures
    ]


def _chart_notes(chart: Chart) -> list[str]:
    """Every number of a chart, and its source."""
    lines = [f"Chart: {chart.title}. Source: {chart.source}."]
    for series in chart.series:
        values = (
            f"{category} {text(value, chart.unit)}"
            for category, value in zip(chart.categories, series.values, strict=True)
            if value is not None
        )
        lines.append(f"{series.name}: {', '.join(values)}.")
    return lines


def _note(slide: Slide, lines: Sequence[str]) -> None:
    frame = slide.notes_slide.notes_text_frame
    assert frame is not None
    frame.text = "\n".join(lines)


def _title(slide: Slide) -> Shape:
    title = slide.shapes.title
    assert title is not None
    return title
