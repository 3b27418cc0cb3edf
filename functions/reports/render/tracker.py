"""The action tracker as a workbook and as CSV, and every figure of the review as a second sheet."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from functions.reports.formatting import NOT_MEASURED
from functions.reports.records import Action, Review, Unit, Value

ACTION_COLUMNS = (
    ("Action", 30),
    ("Resource", 55),
    ("Owner", 18),
    ("Deadline", 13),
    ("Saving a month (USD)", 14),
    ("Status", 12),
    ("Realized saving (USD)", 14),
    ("Change to make", 60),
)
FIGURE_COLUMNS = (("Agenda item", 26), ("Figure", 42), ("Value", 18), ("Unit", 16), ("Source", 70))
STATUSES = ("new", "open", "snoozed", "accepted", "done", "rejected")
EMPTY_ROWS = 20  # for actions that the meeting adds
MONEY = "#,##0.00"
# A text that begins with one of these would run as a formula when a spreadsheet opens a CSV file.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def workbook(review: Review) -> Workbook:
    """The tracker: actions, and the figures that they were decided from."""
    book = Workbook()
    actions = book.worksheets[0]
    actions.title = "Actions"
    rows = [_action_row(action) for action in review.actions]
    _fill(actions, ACTION_COLUMNS, rows)
    for row in actions.iter_rows(min_row=2, max_row=1 + len(rows) + EMPTY_ROWS):
        row[3].number_format = "yyyy-mm-dd"
        row[4].number_format = row[6].number_format = MONEY
    allowed = DataValidation(type="list", formula1=f'"{",".join(STATUSES)}"', allow_blank=True)
    allowed.error = f"Choose one of {', '.join(STATUSES)}"
    allowed.add(f"F2:F{1 + len(rows) + EMPTY_ROWS}")
    actions.add_data_validation(allowed)
    figures = book.create_sheet("Figures")
    _fill(
        figures,
        FIGURE_COLUMNS,
        [
            (item.title, figure.label, _cell(figure.value), figure.unit.value, figure.source)
            for item in review.items
            for figure in item.figures
        ],
    )
    for row in figures.iter_rows(min_row=2):
        row[2].number_format = MONEY if row[3].value in (Unit.USD, Unit.USD_CHANGE) else "General"
    book.properties.title = f"{review.title} ({review.state.value})"
    return book


def actions_csv(review: Review) -> str:
    """The actions as CSV with a header."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(name for name, _ in ACTION_COLUMNS)
    writer.writerows([_csv_cell(value) for value in _action_row(action)] for action in review.actions)
    return output.getvalue()


def _action_row(action: Action) -> tuple[Value, ...]:
    return (
        action.rule, action.resource, action.owner, action.deadline, action.saving, action.status,
        action.realized, action.change,
    )  # fmt: skip


def _fill(sheet: Worksheet, columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[Any]]) -> None:
    for index, (name, width) in enumerate(columns, 1):
        cell = sheet.cell(1, index, name)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F4E79")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(index)].width = width
    for number, row in enumerate(rows, 2):
        for index, value in enumerate(row, 1):
            cell = sheet.cell(number, index, value)
            if isinstance(value, str) and isinstance(cell, Cell):
                cell.data_type = "s"  # a text that begins with = is no formula
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{1 + len(rows)}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = (
        "landscape",
        1,
        0,
    )
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _cell(value: Value) -> Any:
    if value is None:
        return NOT_MEASURED
    return round(value, 6) if isinstance(value, Decimal) else value


def _csv_cell(value: Value) -> str:
    """A text for a spreadsheet; amounts have cents."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
