"""Quarterly: the total cost of twelve months, and how often the budget was kept."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from functions.cost_data.records import next_month
from functions.reports.figures.budget import COSTS, COUNTED, NO_BUDGET, account_budget
from functions.reports.formatting import dollars, percent_change, percent_of
from functions.reports.periods import month_labels, months_before, quarter_name
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

MONTHS = 12
INCOMPLETE = "the quarter is not over, or not every month of it and of the one before is stored"


def spend_trend(fetch: Fetch, last_month: date, at: datetime) -> Item:
    """Total spend of the twelve months up to the last one of the quarter, billed and amortized.

    The quarter is compared with the one before if it is over and every month of both is stored.
    """
    months = months_before(last_month, MONTHS)
    rows = {row[0]: row for row in fetch("monthly_costs", first=months[0], last=next_month(last_month))}
    billed = [rows[month][1] if month in rows else None for month in months]
    effective = [rows[month][2] if month in rows else None for month in months]
    quarter, before = _sum(billed[-3:]), _sum(billed[-6:-3])
    whole = None not in billed[-3:] and next_month(last_month) <= at.date()
    change = percent_change(quarter, before) if whole and None not in billed[-6:-3] else None
    name = quarter_name(last_month) if whole else f"{quarter_name(last_month)} so far"
    known = [cost for cost in billed if cost is not None]
    return Item(
        key="spend_trend",
        title="Total cloud spend",
        headline=_headline(name, quarter, change),
        figures=[
            Figure("quarter", f"{name}, billed", quarter, Unit.USD, COSTS),
            Figure(
                "quarter_effective", f"{name}, amortized", _sum(effective[-3:]), Unit.USD,
                "cost_data.daily_totals: effective",
            ),
            Figure(
                "change_percent", "Change from the quarter before", change, Unit.PERCENT_CHANGE, COSTS,
                "" if change is not None else INCOMPLETE,
            ),
            Figure("year", f"Last {len(known)} months", _sum(billed), Unit.USD, COSTS),
            Figure("months", "Months that are stored", len(known), Unit.COUNT, COSTS),
        ],
        charts=[
            Chart(
                key="spend",
                title="Cloud spend by month",
                kind=ChartKind.LINES,
                categories=month_labels(months),
                series=[Series("Billed", billed), Series("Effective (amortized)", effective)],
                unit=Unit.USD,
                source=f"{COSTS}; effective",
            )
        ],
    )  # fmt: skip


def _sum(costs: Sequence[Decimal | None]) -> Decimal:
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def _headline(name: str, quarter: Decimal, change: Decimal | None) -> str:
    return f"{name} cost {dollars(quarter)}" + (
        f", {change:+.1f} % on the quarter before." if change is not None else "."
    )


def budget_adherence(fetch: Fetch, last_month: date, at: datetime) -> Item:
    """How many of the last twelve months kept the budget, whose limit is the one that is stored now.

    A month that is not over is not counted.
    """
    months = months_before(last_month, MONTHS)
    rows = {row[0]: row[3] for row in fetch("monthly_costs", first=months[0], last=next_month(last_month))}
    budget = account_budget(fetch)
    spend = [(month, rows[month]) for month in months if month in rows and next_month(month) <= at.date()]
    kept = [month for month, cost in spend if budget and cost <= budget[1]]
    quarter = [month for month in kept if month in months[-3:]]
    if budget is None:
        headline = "Adherence is not measured: no budget of the account is stored."
    else:
        headline = f"{len(kept)} of {len(spend)} months kept the budget of {dollars(budget[1])}."
    missing = "" if budget else NO_BUDGET
    compared = Decimal(len(spend))
    source = f"{COUNTED}; cost_data.budgets: the limit as it is now"
    series = [Series("Spend", [rows.get(month) for month in months])]
    if budget:
        series.append(Series("Budget", [budget[1]] * len(months)))
    return Item(
        key="budget_adherence",
        title="Budget adherence",
        headline=headline,
        figures=[
            Figure(
                "adherence_percent", "Months within the budget",
                percent_of(Decimal(len(kept)), compared) if budget else None, Unit.PERCENT, source,
                missing if compared else missing or "no month that is over is stored",
            ),
            Figure(
                "months_kept", "Months within it", len(kept) if budget else None, Unit.COUNT, source, missing
            ),
            Figure("months", "Months compared", len(spend) if budget else None, Unit.COUNT, source, missing),
            Figure(
                "quarter_months_kept", f"Of {quarter_name(last_month)}", len(quarter) if budget else None,
                Unit.COUNT, source, missing,
            ),
            Figure("budget", "Monthly budget", budget[1] if budget else None, Unit.USD, source, missing),
        ],
        charts=[
            Chart(
                key="adherence", title="Spend and budget by month", kind=ChartKind.COLUMNS,
                categories=month_labels(months), series=series, unit=Unit.USD, source=source,
            )
        ],
        tables=[
            Table(
                key="months",
                title="Months against the budget",
                columns=[
                    Column("month", "Month"), Column("spend", "Spend", Unit.USD),
                    Column("used_percent", "Of the budget", Unit.PERCENT),
                ],
                rows=[
                    (f"{month:%Y-%m}", cost, percent_of(cost, budget[1]) if budget else None)
                    for month, cost in spend
                ],
                source=source,
            )
        ],
    )  # fmt: skip
