"""The monthly review: the guide's agenda, the savings, and the updated forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from functions.cost_data.records import MONTH_FINAL_ON, month_is_final, next_month
from functions.reports.figures.actions import optimization_actions, stored_recommendations, top_actions
from functions.reports.figures.ai import ai_token_usage
from functions.reports.figures.budget import account_budget, budget_status
from functions.reports.figures.changes import changes_since_draft
from functions.reports.figures.drivers import cost_drivers
from functions.reports.figures.outlook import Outlook, forecast_item, read_outlook
from functions.reports.figures.savings import savings_item
from functions.reports.figures.storage import Retention, storage_health
from functions.reports.formatting import text
from functions.reports.periods import month_name
from functions.reports.records import Action, ReportError, Review, State, Unit, Value
from functions.reports.store import Fetch

KIND = "monthly"


@dataclass(frozen=True)
class Inputs:
    """What is not in the database. `actions` overrides the stored recommendations; a discount is 0 to 1."""

    actions: Sequence[Action] | None = None
    retention: Sequence[Retention] = field(default=())
    plan_discount: Decimal = Decimal("0.27")


def monthly_review(fetch: Fetch, month: date, at: datetime, inputs: Inputs) -> Review:
    """The review of a month as known at an instant. Raises ReportError if nothing is stored of the month."""
    read_at = read_times(fetch, [month], at, f"--month {month:%Y-%m}")
    actions = inputs.actions if inputs.actions is not None else stored_recommendations(fetch)
    outlook = read_outlook(fetch, at)
    budget = account_budget(fetch)
    items = [
        budget_status(fetch, month, outlook),
        cost_drivers(fetch, month),
        ai_token_usage(fetch, month, at),
        optimization_actions(actions, at),
        storage_health(fetch, month, at, inputs.retention),
        savings_item(fetch, month, actions),
        forecast_item(outlook, month, budget[1] if budget else None),
    ]
    why_draft = why_not_final([month], read_at, at)
    if not why_draft:
        items.append(changes_since_draft(stored_draft(fetch, KIND, month), items))
    return Review(
        kind=KIND,
        period=f"{month:%Y-%m}",
        title=f"Cloud cost review, {month_name(month)}",
        state=State.DRAFT if why_draft else State.FINAL,
        why_draft=why_draft,
        at=at,
        read_at=read_at[month],
        items=items,
        actions=top_actions(actions or (), at),
        aws_forecast=stored_forecast(outlook),
    )


def read_times(fetch: Fetch, months: Sequence[date], at: datetime, option: str) -> dict[date, datetime]:
    """When the costs of each month were last read, all of them; a month that is not stored is left out.

    Raises ReportError if none is stored, or if they begin after the day of the review.
    """
    if at.date() < months[0]:
        raise ReportError(f"{option}: it begins after {at:%Y-%m-%d}, the day of the review")
    times = {}
    for month in months:
        oldest, _ = fetch("read_times", first=month, last=next_month(month))[0]
        if oldest is not None:
            times[month] = oldest
    if not times:
        raise ReportError(
            f"{option}: no costs of it are stored; run `python -m functions.cost_data import` or `collect`"
        )
    return times


def why_not_final(months: Sequence[date], read_at: Mapping[date, datetime], at: datetime) -> str:
    """Why the figures of the months can still change, from when each was read; empty if they are final."""
    for month in months:
        final_on = next_month(month).replace(day=MONTH_FINAL_ON)
        if at.date() < next_month(month):
            return f"{month_name(month)} is not over"
        if not month_is_final(month, at):
            return f"AWS still corrects {month_name(month)} until {text(final_on, Unit.DATE)}"
        if month not in read_at:
            return f"no costs of {month_name(month)} are stored"
        if not month_is_final(month, read_at[month]):
            last = text(read_at[month].date(), Unit.DATE)
            return f"{month_name(month)} was last read on {last}, before {text(final_on, Unit.DATE)}"
    return ""


def stored_draft(fetch: Fetch, kind: str, period: date) -> dict[str, Any] | None:
    """The JSON document of the draft of a period."""
    rows = fetch("review", kind=kind, period=period, state=State.DRAFT)
    return rows[0][0] if rows else None


def stored_forecast(outlook: Outlook) -> dict[str, Value]:
    """The forecast of AWS for the running month, as the JSON document keeps it."""
    return dict(zip(("month", "mean", "low", "high"), outlook.aws, strict=True)) if outlook.aws else {}
