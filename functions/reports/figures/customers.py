"""Quarterly: the cost per active customer, by the tier of its AI budget."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from functions.cost_data.records import next_month
from functions.reports.figures.ai import NO_LOG, has_log
from functions.reports.formatting import dollars
from functions.reports.periods import month_labels, months_before
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

MONTHS = 12
TIERS = ("Starter", "Professional", "Enterprise", "Custom", "No budget")
ACTIVE = "active tenants: those with AI usage in the month"
SHARED = "cost_data.monthly_totals: effective, shared equally by the active tenants"
SOURCE = f"ai_token_usage by tier, and {SHARED}; {ACTIVE}"


@dataclass(frozen=True)
class TierCost:
    """The customers of a tier in a quarter: tenant-months, and US dollars a customer and month."""

    tier: str
    tenant_months: int
    shared: Decimal
    ai: Decimal

    @property
    def total(self) -> Decimal:
        """Shared cloud cost and AI cost."""
        return self.shared + self.ai


def cost_per_customer(fetch: Fetch, last_month: date, quarter: Sequence[date]) -> Item:
    """The item of a quarter, with twelve months of the cost per customer up to the last one."""
    months = months_before(last_month, MONTHS)
    span = {"first": months[0], "last": next_month(last_month)}
    cloud = {row[0]: row[2] for row in fetch("monthly_costs", **span)}
    log = has_log(fetch)
    by_tier = fetch("ai_spend_by_tier", **span) if log else []
    tenants = dict(fetch("active_tenants", **span)) if not log else _tenants(by_tier)
    ai = _ai(by_tier)
    per_customer = [
        (cloud[month] + ai.get(month, Decimal(0))) / tenants[month]
        if month in cloud and tenants.get(month)
        else None
        for month in months
    ]
    tiers = tier_costs(by_tier, cloud, tenants, quarter)
    newest = per_customer[-1]
    missing = "" if newest is not None else f"no active tenants are stored for {last_month:%B %Y}"
    return Item(
        key="cost_per_customer",
        title="Cost per active customer",
        headline=(
            f"An active customer cost {dollars(newest)} in {last_month:%B %Y}."
            if newest is not None
            else "The cost per customer is not measured: no active tenants are stored."
        ),
        figures=[
            Figure("cost_per_customer", "Cost per active customer", newest, Unit.USD, SOURCE, missing),
            Figure(
                "active_customers", "Active customers", tenants.get(last_month), Unit.COUNT, ACTIVE,
                "" if tenants.get(last_month) else f"no AI usage is stored for {last_month:%B %Y}",
            ),
            *(
                Figure(
                    f"tier_{entry.tier.lower().replace(' ', '_')}", f"{entry.tier}, a customer and month",
                    entry.total, Unit.USD, SOURCE,
                )
                for entry in tiers
            ),
        ],
        charts=[chart for chart in _charts(months, per_customer, tiers) if not chart.is_empty],
        tables=[_table(tiers, log)],
        notes=[
            "The cloud cost is shared equally by the active customers, since the bill does not tell "
            "customers apart; the AI cost is each customer's own."
        ],
    )  # fmt: skip


def tier_costs(
    by_tier: Sequence[tuple[date, str, int, Decimal]],
    cloud: dict[date, Decimal],
    tenants: dict[date, int],
    months: Sequence[date],
) -> list[TierCost]:
    """The mean cost of a customer and month of each tier over the months that have costs."""
    counts: dict[str, int] = defaultdict(int)
    shared: dict[str, Decimal] = defaultdict(Decimal)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for month, tier, count, cost in by_tier:
        if month in months and month in cloud:
            counts[tier] += count
            shared[tier] += cloud[month] / tenants[month] * count
            spent[tier] += cost
    return [
        TierCost(tier, counts[tier], shared[tier] / counts[tier], spent[tier] / counts[tier])
        for tier in sorted(counts, key=lambda tier: TIERS.index(tier) if tier in TIERS else len(TIERS))
    ]


def _tenants(by_tier: Sequence[tuple[date, str, int, Decimal]]) -> dict[date, int]:
    counts: dict[date, int] = defaultdict(int)
    for month, _, count, _ in by_tier:
        counts[month] += count
    return counts


def _ai(by_tier: Sequence[tuple[date, str, int, Decimal]]) -> dict[date, Decimal]:
    costs: dict[date, Decimal] = defaultdict(Decimal)
    for month, _, _, cost in by_tier:
        costs[month] += cost
    return costs


def _charts(
    months: Sequence[date], per_customer: Sequence[Decimal | None], tiers: Sequence[TierCost]
) -> list[Chart]:
    return [
        Chart(
            key="cost_per_customer",
            title="Cost per active customer and month",
            kind=ChartKind.LINES,
            categories=month_labels(months),
            series=[Series("Cost per active customer", per_customer)],
            unit=Unit.USD,
            source=SOURCE,
        ),
        Chart(
            key="cost_by_tier",
            title="Cost of a customer and month by tier, in the quarter",
            kind=ChartKind.STACKED,
            categories=[entry.tier for entry in tiers],
            series=[
                Series("Cloud, shared equally", [entry.shared for entry in tiers]),
                Series("AI", [entry.ai for entry in tiers]),
            ],
            unit=Unit.USD,
            source=SOURCE,
        ),
    ]


def _table(tiers: Sequence[TierCost], log: bool) -> Table:
    return Table(
        key="tiers",
        title="Cost by tier",
        columns=[
            Column("tier", "Tier"),
            Column("tenant_months", "Customer-months", Unit.COUNT),
            Column("shared", "Cloud, shared", Unit.USD),
            Column("ai", "AI", Unit.USD),
            Column("total", "Total", Unit.USD),
        ],
        rows=[(entry.tier, entry.tenant_months, entry.shared, entry.ai, entry.total) for entry in tiers],
        source=SOURCE,
        empty="No customer was active." if log else f"Not measured: {NO_LOG}.",
    )
