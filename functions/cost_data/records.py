"""What passes between the modules: the columns of stored costs, reads, and the rules on what is final."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

# "The current month's billing data" of Cost Explorer is refreshed at least once every 24 hours and figures of
# the last days still change: https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html
# (2026-11). An export of a closed month is updated in the two weeks after its end:
# https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html (2026-11).
FINAL_AFTER_DAYS = 3
MONTH_FINAL_ON = 15
GLOBAL_REGION = "global"
CATEGORIES = ("usage", "credit", "refund", "tax", "purchase", "adjustment")


class CostDataError(Exception):
    """A mistake that the user can correct; the message is one line."""


class Unavailable(Exception):
    """PostgreSQL is unavailable, or has no schema cost_data yet."""


class Kind(StrEnum):
    """What a read is of."""

    BILL = "bill"
    USAGE = "cost-explorer-usage"
    OTHER_CHARGES = "cost-explorer-other-charges"
    FORECAST = "forecast"
    COMMITMENTS = "commitments"
    BUDGETS = "budgets"
    BUCKET_SIZES = "bucket-sizes"
    AI = "ai"


class CostRow(NamedTuple):
    """One row of cost_data.daily_costs, in its order. Amounts in US dollars.

    `usage_type` has no prefix of a Region. `quantity` is what was used, in its unit; None if
    the source has no quantity or the charge is no usage.
    """

    day: date
    billing_period: date
    provider: str
    billing_account: str
    account: str
    region: str
    service: str
    usage_type_group: str
    charge_category: str
    tag_team: str
    tag_service: str
    tag_environment: str
    tag_cost_center: str
    billed: Decimal
    effective: Decimal
    charges: int
    usage_type: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Read:
    """One read of a source, as cost_data.reads records it."""

    kind: Kind
    source: str
    origin: str
    at: datetime
    fingerprint: str = ""


class Delivery(NamedTuple):
    """What a read delivered of one bill."""

    provider: str
    billing_account: str
    billing_period: date
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Scope:
    """The days, both included, and charge categories of an account that a read of an API covers."""

    provider: str
    account: str
    first: date
    last: date
    categories: Sequence[str]

    def deliveries(self) -> list[Delivery]:
        """One delivery per month, as an API knows no billing periods; also of months without costs."""
        deliveries = []
        month = month_of(self.first)
        while month <= self.last:
            last = min(self.last, next_month(month) - timedelta(days=1))
            deliveries.append(Delivery(self.provider, self.account, month, max(self.first, month), last))
            month = next_month(month)
        return deliveries


def month_of(day: date) -> date:
    """The first day of the month."""
    return date(day.year, day.month, 1)


def next_month(day: date) -> date:
    """The first day of the next month."""
    return month_of(month_of(day) + timedelta(days=31))


def previous_month(day: date) -> date:
    """The first day of the month before."""
    return month_of(month_of(day) - timedelta(days=1))


def last_final_day(read_at: datetime) -> date:
    """The newest day whose figures no longer change when they are read at an instant."""
    return read_at.date() - timedelta(days=FINAL_AFTER_DAYS)


def month_is_final(month: date, read_at: datetime) -> bool:
    """Whether figures of a month that were read at an instant no longer change."""
    return read_at.date() >= next_month(month).replace(day=MONTH_FINAL_ON)
