"""The monthly review: the guide's agenda, the savings, and the updated forecast."""

from collections.abc import Sequence
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
from functions.reports.periods import month_name
from functions.reports.records import Action, ReportError, Review, State, Value
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
    read_at = read_time(fetch, month, next_month(month), f"--month {month:%Y-%m}")
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
    why_draft = why_not_final(month, at, read_at)
    if not why_draft:
        items.append(changes_since_draft(stored_draft(fetch, KIND, month), items))
    return Review(
        kind=KIND,
        period=f"{month:%Y-%m}",
        title=f"Cloud cost review, {month_name(month)}",
        state=State.DRAFT if why_draft else State.FINAL,
        why_draft=why_draft,
        at=at,
        read_at=read_at,
        items=items,
        actions=top_actions(actions or (), at),
        aws_forecast=stored_forecast(outlook),
    )


def read_time(fetch: Fetch, first: date, last: date, option: str) -> datetime:
    """When the costs of the days were last read, all of them. Raises ReportError if none are stored."""
    oldest, _ = fetch("read_times", first=first, last=last)[0]
    if oldest is None:
        raise ReportError(
            f"{option}: nothing is stored of it; run `python -m functions.cost_data import` or `collect` first"
        )
    return oldest


def why_not_final(last_month: date, at: datetime, read_at: datetime) -> str:
    """Why the figures of the months up to `last_month` can still change; empty if they are final."""
    if at.date() < next_month(last_month):
        return f"{month_name(last_month)} is not over"
    if not month_is_final(last_month, at):
        return (
            f"AWS still corrects {month_name(last_month)} until the {MONTH_FINAL_ON - 1}th of the next month"
        )
    if not month_is_final(last_month, read_at):
        return (
            f"the costs were last read on {read_at:%Y-%m-%d}, before the {MONTH_FINAL_ON}th of the next month"
        )
    return ""


def stored_draft(fetch: Fetch, kind: str, period: date) -> dict[str, Any] | None:
    """The JSON document of the draft of a period."""
    rows = fetch("review", kind=kind, period=period, state=State.DRAFT)
    return rows[0][0] if rows else None


def stored_forecast(outlook: Outlook) -> dict[str, Value]:
    """The forecast of AWS for the running month, as the JSON document keeps it."""
    return dict(zip(("month", "mean", "low", "high"), outlook.aws, strict=True)) if outlook.aws else {}
