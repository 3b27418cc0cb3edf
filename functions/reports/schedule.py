"""Which review is due on a day, and which must be there."""

from dataclasses import dataclass
from datetime import date, timedelta

from functions.cost_data.records import MONTH_FINAL_ON, previous_month
from functions.reports.periods import quarter_name, quarter_of
from functions.reports.records import State

DRAFT_ON = 2
KINDS = ("monthly", "quarterly")


@dataclass(frozen=True)
class Expected:
    """A review that must be in the bucket. `period` is the name of its month or quarter."""

    kind: str
    period: str
    state: State


def due_period(kind: str, today: date) -> date:
    """The first month of the month or quarter that ended before a day."""
    month = previous_month(today)
    if kind == "monthly":
        return month
    first = quarter_of(today)[0]
    return quarter_of(previous_month(first))[0]


def expected_reviews(today: date) -> list[Expected]:
    """The reviews that must be there: the draft after the 2nd, the final one after the 15th."""
    if today.day <= DRAFT_ON:
        return []
    state = State.FINAL if today.day > MONTH_FINAL_ON else State.DRAFT
    month = due_period("monthly", today)
    expected = [Expected("monthly", f"{month:%Y-%m}", state)]
    if today.month % 3 == 1:
        expected.append(Expected("quarterly", quarter_name(due_period("quarterly", today)), state))
    return expected


def recommendations_since(today: date) -> date:
    """The Monday whose recommendations must be there: the last one before today."""
    return today - timedelta(days=today.weekday() or 7)
