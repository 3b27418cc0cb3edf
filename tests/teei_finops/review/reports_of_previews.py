"""Reports of small previews, and the rows that tests look at."""

from dataclasses import replace
from datetime import date

from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.review.report import build_report
from teei_finops.review.report_schema import AmountRange, Report, ResourceRow
from tests.teei_finops.costing.preview_builder import preview

OPTIONS = CostOptions(at=date(2026, 11, 24))
GB100 = {"size": 100, "type": "gp3"}  # an EBS volume: $8 a month in us-east-1
GB200 = {"size": 200, "type": "gp3"}
ZERO: AmountRange = {"low": "0", "expected": "0", "high": "0"}


def report_of(*previews: str, **options) -> Report:
    """`options` replace those of `OPTIONS`; the previews are named p0, p1 and so on."""
    plans = [read_plan(text, name=f"p{index}") for index, text in enumerate(previews)]
    return build_report(plans, replace(OPTIONS, **options))


def row_of(report: Report, name: str) -> ResourceRow:
    return next(row for row in report["resources"] if row["name"] == name)


def row_in_preview(name: str, *steps, **options) -> ResourceRow:
    """The row of one resource of a preview with these steps."""
    return row_of(report_of(preview(*steps), **options), name)


def exactly(amount: str) -> AmountRange:
    return {"low": amount, "expected": amount, "high": amount}
