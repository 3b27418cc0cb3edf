"""The files of a review: the same figures in each, native charts, no overflow, nothing loaded."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from openpyxl import load_workbook
from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from functions.reports.figures.storage import Retention
from functions.reports.records import Action, Chart, ChartKind, Figure, Item, Series, Table, Unit
from functions.reports.render.files import write_files
from functions.reports.render.html import html
from functions.reports.render.slides import presentation
from functions.reports.render.tracker import actions_csv
from tests.functions.reports.support import FINAL, review_of

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.reports.support")
pytestmark = pytest.mark.postgres
VOLUME = "arn:aws:ec2:us-east-1:111122223333:volume/vol-"
ACTIONS = [
    Action("gp2-volume", f"{VOLUME}{n}", "web", None, Decimal(n), "open", change="=cmd()")
    for n in range(1, 8)
]
RETENTION = [Retention("prod", FINAL, compliant=False, differences=[("s3", "exports", "d" * 200)] * 30)]


@pytest.fixture(scope="module")
def review(account):
    return review_of(account, FINAL, actions=ACTIONS, retention=RETENTION)


@pytest.fixture(scope="module")
def files(review, tmp_path_factory):
    paths = write_files(review, tmp_path_factory.mktemp("out") / "new" / "folder")
    return {"".join(path.name.removeprefix("monthly-2026-10")): path for path in paths}


@pytest.fixture(scope="module")
def figures(files):
    return json.loads(files[".json"].read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def deck(files):
    return Presentation(str(files[".pptx"]))


def shapes(deck):
    return [(slide, shape) for slide in deck.slides for shape in slide.shapes]


def charts(deck):
    return [(slide, shape.chart) for slide, shape in shapes(deck) if shape.has_chart]


def test_a_review_is_five_files(files):
    assert set(files) == {".pptx", ".html", ".xlsx", ".json", "-actions.csv"}


def test_every_chart_of_the_slides_is_native_and_has_the_numbers_of_the_json_file(deck, figures):
    expected = [
        chart
        for item in figures["agenda"].values()
        for chart in item["charts"].values()
        if any(Decimal(value or 0) for values in chart["series"].values() for value in values)
    ]
    assert len(charts(deck)) == len(expected) > 5
    for (_, chart), wanted in zip(charts(deck), expected, strict=True):
        plot = chart.plots[0]
        drawn = {
            series.name: dict(zip(plot.categories, series.values, strict=True)) for series in plot.series
        }
        for name, values in wanted["series"].items():
            for category, value in zip(wanted["categories"], values, strict=True):
                shown = drawn[name][category]
                assert (shown is None) == (value is None)
                assert value is None or shown == pytest.approx(float(value), abs=0.005)
        assert chart.part.chart_workbook.xlsx_part is not None  # what PowerPoint edits


def test_a_chart_of_bars_shows_the_name_of_each(deck):
    axes = [axis for _, chart in charts(deck) for axis in chart.element.iter(qn("c:catAx"))]
    skips = [skip.get("val") for axis in axes for skip in axis.iter(qn("c:tickLblSkip"))]
    assert skips
    assert set(skips) == {"1"}


def test_the_notes_of_a_chart_have_every_number_and_the_source(deck):
    for slide, chart in charts(deck):
        notes = slide.notes_slide.notes_text_frame.text
        assert "Source: " in notes
        for series in chart.plots[0].series:
            (line,) = [line for line in notes.splitlines() if line.startswith(f"{series.name}: ")]
            assert line.count("$") >= sum(bool(value) for value in series.values) or "bucket" in notes


def test_nothing_reaches_over_the_edge_of_a_slide_or_over_the_footer(deck):
    for slide, shape in shapes(deck):
        place = f"slide {deck.slides.index(slide) + 1}: {shape.name}"
        assert shape.left >= 0, place
        assert shape.left + shape.width <= deck.slide_width, place
        assert shape.top + shape.height <= deck.slide_height, place
        if shape.has_table or shape.has_chart:
            assert shape.top + shape.height <= Inches(6.95), place


def test_a_long_table_goes_on_on_the_next_slide_and_loses_no_row(deck):
    rows = [
        row.cells[0].text
        for _, shape in shapes(deck)
        if shape.has_table and shape.table.cell(0, 3).text == "Difference"
        for row in list(shape.table.rows)[1:]
    ]
    assert len(rows) == 30


def test_a_text_is_whole_and_its_row_as_high_as_it_needs(deck):
    tables = [shape.table for _, shape in shapes(deck) if shape.has_table]
    cells = [(table.rows[1].height, table.columns[3].width, table.cell(1, 3)) for table in tables]
    height, width, cell = next(entry for entry in cells if entry[2].text.startswith("ddd"))
    assert cell.text == "d" * 200
    assert height >= (200 * Pt(6) / width) * Pt(11) * 1.2


def test_every_slide_says_whether_it_is_final(deck, review):
    draft = presentation(replace(review, why_draft="AWS still corrects it"))
    for slides, status in ((deck, "· final"), (draft, "estimated: AWS still corrects it")):
        for slide in slides.slides:
            assert any(status in shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_the_page_loads_nothing_and_shows_every_figure_and_chart(files, figures):
    page = files[".html"].read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!#)|url\(|@import|<script""", page)
    assert page.count("<svg") == sum(
        any(Decimal(value or 0) for values in chart["series"].values() for value in values)
        for item in figures["agenda"].values()
        for chart in item["charts"].values()
    )
    for item in figures["agenda"].values():
        assert all(figure["label"] in unescape(page) for figure in item["figures"].values())


def test_names_of_tenants_are_text_on_the_page(files):
    page = files[".html"].read_text(encoding="utf-8")
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


def test_the_tracker_has_the_five_actions_with_dates_amounts_and_no_formula(files):
    book = load_workbook(files[".xlsx"])
    rows = list(book["Actions"].iter_rows(min_row=2, max_row=6, values_only=True))
    assert [row[4] for row in rows] == [7, 6, 5, 4, 3]
    assert rows[0][3].date() == date(2026, 11, 30)
    assert {cell.data_type for row in book["Actions"].iter_rows(min_row=2) for cell in row} <= {"s", "n", "d"}
    assert book["Actions"].data_validations.dataValidation[0].formula1.startswith('"new,open')
    csv_rows = list(csv.reader(io.StringIO(files["-actions.csv"].read_text(encoding="utf-8"))))
    assert csv_rows[0][:4] == ["Action", "Resource", "Owner", "Deadline"]
    assert [row[7] for row in csv_rows[1:]] == ["'=cmd()"] * 5


def test_the_tracker_as_csv_has_amounts_in_cents(review):
    action = replace(review.actions[0], saving=Decimal("178.5928153846"), realized=Decimal(-3))
    rows = list(csv.reader(io.StringIO(actions_csv(replace(review, actions=[action])))))
    assert (rows[1][4], rows[1][6]) == ("178.59", "-3.00")


def test_the_tracker_has_every_figure_and_its_source(files, figures):
    rows = list(load_workbook(files[".xlsx"])["Figures"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == sum(len(item["figures"]) for item in figures["agenda"].values())
    assert all(row[4] for row in rows)


def test_a_review_of_nothing_but_missing_figures_is_drawn(review):
    empty = Item(
        "empty", "Empty", "Nothing is measured.",
        figures=[Figure("a", "A", None, Unit.USD, "nowhere", "no source")],
        charts=[Chart("c", "C", ChartKind.LINES, ["x"], [Series("s", [None])], Unit.USD, "nowhere")],
        tables=[Table("t", "T", [], [], "nowhere", empty="No rows.")],
    )  # fmt: skip
    bare = replace(review, items=[empty], actions=[])
    deck = presentation(bare)
    assert charts(deck) == []
    assert any(shape.has_text_frame and "No rows." in shape.text_frame.text for _, shape in shapes(deck))
    assert "no source" in html(bare)
    assert actions_csv(bare).count("\n") == 1


@pytest.mark.parametrize("kind", list(ChartKind))
def test_a_chart_on_the_page_stays_within_its_canvas(review, kind):
    chart = Chart(
        "c", "C", kind, ["a" * 60, "b", "c"],
        [
            Series("up", [Decimal(5), None, Decimal("0.5")]),
            Series("down", [Decimal(-3), Decimal(0), Decimal(9)]),
        ],
        Unit.USD_CHANGE, "nowhere",
    )  # fmt: skip
    page = html(replace(review, items=[Item("i", "I", "H", charts=[chart])]))
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', page).groups())
    bars = [
        tuple(map(float, bar))
        for bar in re.findall(r'<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)" height="([\d.-]+)"', page)
    ]
    assert len(bars) == (0 if kind is ChartKind.LINES else 4)
    assert page.count("<circle") == (5 if kind is ChartKind.LINES else 0)
    for x, y, w, h in bars:
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
