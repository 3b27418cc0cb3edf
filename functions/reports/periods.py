"""Months and quarters. A month is its first day."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from functions.cost_data.records import month_of, next_month, previous_month
from functions.reports.records import ReportError
from functions.shared.command_line import parse_day


def parse_month(text: str) -> date:
    """The month written as YYYY-MM. Raises ReportError."""
    try:
        return parse_day(f"{text}-01")
    except ValueError:
        raise ReportError(f"--month {text}: not a month; write it as YYYY-MM") from None


def parse_quarter(text: str) -> date:
    """The first month of the quarter written as YYYYQn. Raises ReportError."""
    match = re.fullmatch(r"(\d{4})Q([1-4])", text)
    try:
        return parse_day(f"{match[1]}-{int(match[2]) * 3 - 2:02}-01" if match else text)
    except ValueError:
        raise ReportError(f"--quarter {text}: not a quarter; write it as 2026Q4") from None


def months_before(month: date, count: int) -> list[date]:
    """`count` months, oldest first, of which `month` is the last."""
    months = [month]
    while len(months) < count:
        months.append(previous_month(months[-1]))
    return months[::-1]


def quarter_of(month: date) -> list[date]:
    """The three months of the quarter of a month."""
    first = date(month.year, (month.month - 1) // 3 * 3 + 1, 1)
    return [first, next_month(first), next_month(next_month(first))]


def quarter_name(month: date) -> str:
    """The quarter of a month as YYYYQn."""
    return f"{month.year}Q{(month.month + 2) // 3}"


def month_name(month: date) -> str:
    """A month for a heading: October 2026."""
    return f"{month:%B %Y}"


def month_labels(months: Sequence[date]) -> list[str]:
    """Months for an axis: Oct 26."""
    return [f"{month:%b %y}" for month in months]


def days_of(month: date) -> list[date]:
    """Every day of a month."""
    end = next_month(month_of(month))
    return [month + timedelta(days=n) for n in range((end - month).days)]
