"""The report as CSV, JSON, Markdown, HTML and mail."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from functions.advisor.catalogue import rules
from functions.advisor.delivery import body, subject
from functions.advisor.findings import Confidence, Finding, Record, Report, Risk, Status
from functions.advisor.formats import FORMATS, csv_text, html_text, json_text, markdown_text

HEADER = (
    "rule,resource,owner,managed_by,evidence,monthly_saving_list_usd,monthly_saving_effective_usd,confidence,risk,"
    "change,link,status"
)
DAY = date(2026, 11, 30)
CLAIM = Finding(
    rule="unmounted-volume-claim", resource="shop/PersistentVolumeClaim/<old> | data", evidence="not mounted",
    change="verify before deleting", saving_list=Decimal("8.005"), saving_effective=Decimal("8.005"),
    confidence=Confidence.HIGH, risk=Risk.HIGH,
)  # fmt: skip
UNPRICED = replace(
    CLAIM, resource="shop/PersistentVolumeClaim/other", saving_list=None, saving_effective=None
)
SNOOZED = replace(CLAIM, resource="shop/PersistentVolumeClaim/kept", status=Status.SNOOZED)
DONE = Record("gp2-volume", "vol-1", Status.DONE, DAY, DAY, saving_effective=Decimal(10), done_on=DAY)
REPORT = Report(DAY, 14, (CLAIM, UNPRICED, SNOOZED), ("AWS: no credentials",), (DONE,), ("Prometheus",))
EMPTY = Report(DAY, 14, ())


def test_the_csv_has_the_columns_and_cents_and_leaves_unknown_amounts_empty():
    text = csv_text(REPORT)
    assert text.splitlines()[0] == HEADER
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["monthly_saving_list_usd"] for row in rows] == ["8.00", "", "8.00"]
    assert [row["status"] for row in rows] == ["new", "new", "snoozed"]


def test_the_csv_of_no_finding_is_its_header():
    assert csv_text(EMPTY) == HEADER + "\n"


def test_a_cell_that_a_spreadsheet_would_run_as_a_formula_begins_with_an_apostrophe():
    text = csv_text(replace(REPORT, findings=(replace(CLAIM, owner="=HYPERLINK(1)"),)))
    assert next(csv.DictReader(io.StringIO(text)))["owner"] == "'=HYPERLINK(1)"


def test_the_json_has_the_same_columns_and_null_for_unknown_amounts():
    document = json.loads(json_text(REPORT))
    assert list(document["findings"][0]) == HEADER.split(",")
    assert document["findings"][1]["monthly_saving_effective_usd"] is None
    assert document["monthly_saving_effective_usd"] == "8.00"  # neither the snoozed one nor the unpriced one
    assert document["done"][0]["monthly_saving_realized_usd"] is None
    assert document["notes"] == ["AWS: no credentials"]


def test_the_page_is_complete_in_itself_and_escapes_names():
    page = html_text(REPORT)
    assert "&lt;old&gt;" in page
    assert "<old>" not in page
    assert "src=" not in page
    assert "<link" not in page
    assert "1 not priced" in page
    assert rules()["unmounted-volume-claim"].description in page


def test_markdown_escapes_what_would_end_a_cell():
    line = next(line for line in markdown_text(REPORT).splitlines() if line.startswith("| 1 |"))
    assert r"<old> \| data" in line


@pytest.mark.parametrize("kind", FORMATS)
def test_a_saving_that_is_not_measured_is_never_shown_as_zero(kind):
    text = FORMATS[kind](REPORT)
    assert "$0.00" not in text
    assert "AWS: no credentials" in text or kind == "csv"


class Bucket:
    name = "reports"

    def link(self, key, _hours):
        return f"https://bucket/{key}"

    def console(self, prefix):
        return f"https://console/{prefix}"


def test_the_mail_has_the_five_findings_that_save_most_and_links():
    findings = tuple(
        replace(CLAIM, resource=f"shop/PersistentVolumeClaim/{n}", saving_effective=Decimal(n))
        for n in range(9, 0, -1)
    )
    report = replace(REPORT, findings=findings)
    text = body(report, Bucket(), {"html": "recommendations/a.html", "csv": "recommendations/a.csv"})
    assert "9 open findings, $45.00 a month" in subject(report)
    assert "5. shop/PersistentVolumeClaim/5: $5.00 a month" in text
    assert "shop/PersistentVolumeClaim/4" not in text
    assert "https://bucket/recommendations/a.html" in text
    assert text.endswith("https://console/recommendations/\n")
    assert "AWS: no credentials" in text
