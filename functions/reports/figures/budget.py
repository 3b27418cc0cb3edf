"""Agenda item 1, budget status: spend against the budget, the forecast, and what the change consists of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from functions.cost_data.records import next_month, previous_month
from functions.reports.figures.outlook import SOURCE as FORECAST_SOURCE
from functions.reports.figures.outlook import TOO_LITTLE, Outlook
from functions.reports.figures.variance import Usage, Variance, variance
from functions.reports.formatting import dollars, percent_change, percent_of
from functions.reports.periods import month_labels, month_name, months_before
from functions.reports.records import Chart, ChartKind, Figure, Item, Series, Unit
from functions.reports.store import Fetch

COSTS = "cost_data.daily_totals: billed"
COUNTED = f"{COSTS}, without credits and refunds, as AWS Budgets counts"
QUANTITIES = "cost_data.daily_costs: billed usage and its quantity by usage type and Region"
NO_BUDGET = "no budget of the account is stored; `python -m functions.cost_data collect` reads it"
NO_QUANTITIES = (
    "the stored bill has no quantities for both months; import an export with ConsumedQuantity or "
    "line_item_usage_amount"
)
TREND_MONTHS = 6


def account_budget(fetch: Fetch) -> tuple[str, Decimal] | None:
    """Name and monthly limit of the budget of the whole account: the largest one without filters."""
    return next(((name, limit) for name, limit, filtered in fetch("budgets") if not filtered), None)


def budget_status(fetch: Fetch, month: date, outlook: Outlook) -> Item:
    """The item of a month."""
    months = months_before(month, TREND_MONTHS)
    costs = {row[0]: row for row in fetch("monthly_costs", first=months[0], last=next_month(month))}
    _, billed, effective, spend, first_day, last_day = costs[month]
    is_whole = first_day == month and last_day == next_month(month) - timedelta(days=1)
    stored = "" if is_whole else f" Costs are stored from {first_day} to {last_day}."
    before = costs.get(previous_month(month))
    budget = account_budget(fetch)
    limit = budget[1] if budget else None
    change = read_change(fetch, month) if before else None
    return Item(
        key="budget_status",
        title="Budget status",
        headline=f"{_headline(month, spend, limit)}{stored}",
        figures=[
            Figure("billed", "Billed", billed, Unit.USD, COSTS),
            Figure(
                "effective", "Effective (amortized)", effective, Unit.USD, "cost_data.daily_totals: effective"
            ),
            Figure("spend", "Counted against the budget", spend, Unit.USD, COUNTED),
            Figure(
                "budget", f"Budget {budget[0]}" if budget else "Budget", limit, Unit.USD,
                "cost_data.budgets: the limit as it is now", "" if budget else NO_BUDGET,
            ),
            Figure(
                "budget_used_percent", "Budget used", percent_of(spend, limit), Unit.PERCENT,
                f"{COUNTED}; cost_data.budgets", "" if limit else NO_BUDGET,
            ),
            Figure(
                "budget_remaining", "Left of the budget", limit - spend if limit else None, Unit.USD,
                f"{COUNTED}; cost_data.budgets", "" if limit else NO_BUDGET,
            ),
            *_forecasts(outlook, limit),
            *_change_figures(change, month, billed, before[1] if before else None),
        ],
        charts=[
            _spend_chart(months, costs, limit),
            *([_change_chart(change, month)] if change else []),
        ],
        notes=[
            "Price, usage and mix are measured by usage type and Region; docs/reviews.md has the formulas. "
            "What AWS bills without a quantity cannot be split."
        ],
    )  # fmt: skip


def _headline(month: date, spend: Decimal, limit: Decimal | None) -> str:
    name = month_name(month)
    if limit is None:
        return f"{name} cost {dollars(spend)}; no budget is stored to compare it with."
    if spend > limit:
        return f"{name} cost {dollars(spend)}, {dollars(spend - limit)} over the budget of {dollars(limit)}."
    share = percent_of(spend, limit)
    return f"{name} cost {dollars(spend)}, {share:.1f} % of the budget of {dollars(limit)}."


def _forecasts(outlook: Outlook, limit: Decimal | None) -> list[Figure]:
    running = outlook.running_month
    span = outlook.month(running)
    return [
        Figure(
            "month_end_forecast", f"{month_name(running)} at its end, forecast", span.mean if span else None,
            Unit.USD, FORECAST_SOURCE, "" if span else TOO_LITTLE,
        ),
        Figure(
            "month_end_budget_percent", f"{month_name(running)}, of the budget",
            percent_of(span.mean, limit) if span and limit else None,
            Unit.PERCENT, f"{FORECAST_SOURCE}; cost_data.budgets",
            "" if span and limit else (NO_BUDGET if span else TOO_LITTLE),
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What changed since the month before: usage by cause, and all other charges, in US dollars.

    `has_quantities` is whether any usage can be split.
    """

    usage: Variance
    others: Decimal
    has_quantities: bool


def read_change(fetch: Fetch, month: date) -> Change:
    """The change of a month."""
    span = {"month": month, "before": previous_month(month), "last": next_month(month)}
    usage = [Usage(*row) for row in fetch("usage_costs", **span)]
    others = [
        now - before for category, now, before in fetch("category_costs", **span) if category != "usage"
    ]
    return Change(
        variance(usage),
        sum(others, Decimal(0)),
        any(row.quantity is not None and row.quantity_before is not None for row in usage),
    )


def _change_figures(
    change: Change | None, month: date, billed: Decimal, before: Decimal | None
) -> list[Figure]:
    earlier = month_name(previous_month(month))
    if change is None or before is None:
        missing = f"nothing is stored of {earlier}"
        return [
            Figure(key, label, None, Unit.USD_CHANGE, COSTS, missing)
            for key, label in (("change", f"Change from {earlier}"), *_PARTS)
        ]
    split = change.has_quantities
    values = {
        "variance_price": change.usage.price if split else None,
        "variance_usage": change.usage.usage if split else None,
        "variance_mix": change.usage.mix if split else None,
        "variance_not_split": change.usage.not_split,
        "variance_other_charges": change.others,
    }
    return [
        Figure("change", f"Change from {earlier}", billed - before, Unit.USD_CHANGE, COSTS),
        Figure(
            "change_percent", f"Change from {earlier}", percent_change(billed, before), Unit.PERCENT_CHANGE,
            COSTS,
            "" if before else f"{earlier} cost nothing",
        ),
        *(
            Figure(
                key, label, values[key], Unit.USD_CHANGE,
                COSTS if key == "variance_other_charges" else QUANTITIES,
                NO_QUANTITIES if values[key] is None else "",
            )
            for key, label in _PARTS
        ),
    ]  # fmt: skip


_PARTS = (
    ("variance_price", "of it: prices"),
    ("variance_usage", "of it: usage"),
    ("variance_mix", "of it: mix of what is used"),
    ("variance_not_split", "of it: usage without a quantity"),
    ("variance_other_charges", "of it: other charges"),
)


def _change_chart(change: Change, month: date) -> Chart:
    usage = change.usage
    return Chart(
        key="variance",
        title=f"Change from {month_name(previous_month(month))} by cause",
        kind=ChartKind.COLUMNS,
        categories=["Prices", "Usage", "Mix", "Usage without quantity", "Other charges"],
        series=[
            Series("Change", [usage.price, usage.usage, usage.mix, usage.not_split, change.others]),
        ],
        unit=Unit.USD_CHANGE,
        source=f"{QUANTITIES}; other charges (purchases, credits, refunds, taxes) from daily_totals",
    )


def _spend_chart(months: Sequence[date], costs: dict[date, Any], limit: Decimal | None) -> Chart:
    series = [Series("Spend", [costs[month][3] if month in costs else None for month in months])]
    if limit is not None:
        series.append(Series("Budget", [limit] * len(months)))
    return Chart(
        key="spend_and_budget",
        title="Spend and budget by month",
        kind=ChartKind.COLUMNS,
        categories=month_labels(months),
        series=series,
        unit=Unit.USD,
        source=f"{COUNTED}; cost_data.budgets",
    )
