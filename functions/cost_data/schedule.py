"""What is due when. Every rule is a function of now and of the last reads.

With the default limit of 60 Cost Explorer requests a month: usage daily (31), and with the month before until
the 15th; other charges weekly (5); forecast every fourth day (8); commitments, four requests, every second
week (12). That is 56 in a month of 31 days, and leaves four for second pages.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import NamedTuple

from functions.cost_data.records import FINAL_AFTER_DAYS, MONTH_FINAL_ON, month_is_final, previous_month

LAST_MONTH_EVERY_DAYS = 3
OTHER_CHARGES_EVERY_DAYS = 7
FORECAST_EVERY_DAYS = 4
COMMITMENTS_EVERY_DAYS = 14
BUCKET_SIZES_EVERY_DAYS = 1
# A failed request is paid too.
RETRY_AFTER_DAYS = 1


class Span(NamedTuple):
    """Days, both included."""

    first: date
    last: date


def is_due(now: datetime, last: datetime | None, every_days: int) -> bool:
    """Whether a read with an interval in days is due."""
    return last is None or (now.date() - last.date()).days >= every_days


def usage_span(now: datetime, last: datetime | None, last_month_read: datetime | None) -> Span | None:
    """The days of usage to read from Cost Explorer, or None if they were read today.

    The last three days daily, more if no read was made for longer; the whole previous month every third day
    until the 15th. `last_month_read` is when its first day was last read.
    """
    today = now.date()
    if last is not None and last.date() >= today:
        return None
    month_before = previous_month(today)
    if last is None or last_month_read is None or _last_month_is_due(now, last_month_read):
        return Span(month_before, today)
    return Span(last.date() - timedelta(days=FINAL_AFTER_DAYS), today)


def other_charges_span(now: datetime) -> Span:
    """The days of other charges to read: the month before and this month, as credits and taxes come late."""
    return Span(previous_month(now.date()), now.date())


def billing_period_is_due(period: date, last: datetime | None) -> bool:
    """Whether the export of a billing period can hold something new: until it is final."""
    return last is None or not month_is_final(period, last)


def requests_kept_for_usage(now: datetime) -> int:
    """How many requests other reads must leave: one for each later day of the month."""
    return monthrange(now.year, now.month)[1] - now.day


def _last_month_is_due(now: datetime, last_month_read: datetime) -> bool:
    final_on = now.date().replace(day=MONTH_FINAL_ON)
    if now.date() >= final_on:
        return last_month_read.date() < final_on
    return is_due(now, last_month_read, LAST_MONTH_EVERY_DAYS)
