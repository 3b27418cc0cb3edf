"""What the ledger is asked and answers, and its months.

Money is `Decimal` US dollars; instants are aware datetimes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Rules:
    """What the ledger's statements need of the configuration."""

    default_model: str
    default_limit: Decimal
    lifetime: timedelta
    warning_percent: Decimal
    percentile: float
    default_completion: int


class Check(NamedTuple):
    """Asks to reserve `fixed` + tokens × `rate` USD, tokens being `maximum` or the tenant's estimate."""

    tenant_id: str
    model: str
    now: datetime
    request_id: str | None
    fingerprint: str | None
    report_type: str
    fixed: Decimal
    rate: Decimal
    maximum: int | None


class Usage(NamedTuple):
    """A tracked call. `request_id` is never absent: it is what makes a repetition harmless."""

    tenant_id: str
    model: str
    now: datetime
    request_id: str
    fingerprint: str
    report_type: str
    prompt: int
    completion: int
    cache_read: int
    cache_write: int
    cost: Decimal
    reservation_id: str | None


class Reserved(NamedTuple):
    """status: ok, refused, replay, conflict, no_budget or busy (then the rest is empty)."""

    status: str
    reservation_id: str | None
    reserved_usd: Decimal
    remaining_usd: Decimal
    expires_at: datetime
    spent_usd: Decimal
    limit_usd: Decimal


class Booked(NamedTuple):
    """status: ok, replay, conflict or busy (then the rest is empty); settlement: as in ai_budget_book."""

    status: str
    cost_usd: Decimal
    period_start: date
    settlement: str | None


class Early(NamedTuple):
    """What a batch's owner does once its rows are free; nothing is durable then, and nobody may be told."""

    freed: Callable[[], None]
    read: Callable[[list[Any]], None]  # is given the results


class Budget(NamedTuple):
    """One row of ai_token_budgets."""

    tenant_id: str
    model: str
    limit_usd: Decimal
    spent_usd: Decimal
    tokens_in: int
    tokens_out: int
    period_start: date
    soft_limit_notified: bool
    hard_limit_reached: bool


def month_of(now: datetime) -> date:
    """The first day of the UTC month of an instant."""
    return now.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> datetime:
    """The first instant of the month after."""
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
