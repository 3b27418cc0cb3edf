"""Agenda item 3, AI token usage: spend, the top ten consumers, and when a tenant's budget ends."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from functions.cost_data.records import month_of, next_month, previous_month
from functions.reports.formatting import dollars, percent_change, percent_of
from functions.reports.periods import month_labels, month_name, months_before
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

LOG = "ai_token_usage"
BUDGETS = "ai_token_budgets"
SUMS = "cost_data.ai_costs, source ai-budget"
BEDROCK = "cost_data.ai_costs, source bedrock: billed by AWS, a part of the cloud cost"
NO_LOG = "the AI budget service keeps its usage log in another database"
NOTHING = "no AI usage is stored"
WARNING = Decimal("0.8")
RATE_DAYS = 14
TREND_MONTHS = 6


@dataclass(frozen=True)
class AiMonth:
    """AI cost of a model in a month, in US dollars, and its tokens."""

    month: date
    model: str
    cost: Decimal
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class TenantBudget:
    """A budget of a tenant at an instant. `ends` is when it is used up at the rate of the last two weeks."""

    tenant: str
    model: str
    limit: Decimal
    spent: Decimal
    daily: Decimal
    ends: date | None

    @property
    def used_percent(self) -> Decimal:
        """The used share; a budget of 0 counts as used up."""
        return percent_of(self.spent, self.limit) or Decimal(100)


def has_log(fetch: Fetch) -> bool:
    """Whether this database holds the usage log and the budgets."""
    return all(fetch("has_table", table=table)[0][0] for table in (LOG, BUDGETS))


def ai_months(fetch: Fetch, first: date, last: date) -> list[AiMonth]:
    """AI costs by month and model: from the usage log where it is, else from the stored sums."""
    if has_log(fetch):
        rows = fetch("ai_usage", first=first, last=last)
    else:
        sums = fetch("ai_costs", first=first, last=last)
        rows = [(month, *rest) for month, source, *rest in sums if source == "ai-budget"]
    return [
        AiMonth(month, model, cost, int(read), int(written)) for month, model, cost, read, written in rows
    ]


def tenants_at_risk(fetch: Fetch, at: datetime) -> list[TenantBudget]:
    """The budgets at 80 % of their limit, or that will end before the month does; the first to end first."""
    month, since = month_of(at.date()), at - timedelta(days=RATE_DAYS)
    budgets = [
        tenant_budget(*row[:5], first_use=row[5], at=at)
        for row in fetch("ai_budgets", at=at, month=month, since=since)
    ]
    at_risk = [
        budget
        for budget in budgets
        if budget.spent >= budget.limit * WARNING or (budget.ends and budget.ends < next_month(month))
    ]
    return sorted(at_risk, key=lambda budget: (budget.ends or date.max, -budget.used_percent, budget.tenant))


def tenant_budget(
    tenant: str,
    model: str,
    limit: Decimal,
    spent: Decimal,
    recent: Decimal,
    first_use: datetime | None,
    at: datetime,
) -> TenantBudget:
    """A budget with the day on which it ends; `recent` is what was spent in the last two weeks.

    A tenant that began later than two weeks ago has the rate of the days since then, at least one.
    """
    used_for = (at - first_use) / timedelta(days=1) if first_use and first_use < at else RATE_DAYS
    daily = recent / Decimal(str(min(RATE_DAYS, max(used_for, 1))))
    left = limit - spent
    if left <= 0:
        ends: date | None = at.date()
    elif daily > 0 and left / daily < 3650:
        ends = (at + timedelta(days=float(left / daily))).date()
    else:
        ends = None
    return TenantBudget(tenant, model, limit, spent, daily, ends)


def ai_token_usage(fetch: Fetch, month: date, at: datetime) -> Item:
    """The item of a month; tenants at risk are those of the review's date."""
    before, months = previous_month(month), months_before(month, TREND_MONTHS)
    rows = ai_months(fetch, months[0], next_month(month))
    log = has_log(fetch)
    source = f"{LOG}: cost_usd by timestamp" if log else SUMS
    cost, earlier = _cost(rows, month), _cost(rows, before)
    tokens = sum(row.input_tokens + row.output_tokens for row in rows if row.month == month)
    at_risk = tenants_at_risk(fetch, at) if log else []
    bedrock = sum(
        (row[3] for row in fetch("ai_costs", first=month, last=next_month(month)) if row[1] == "bedrock"),
        Decimal(0),
    )
    per_million = cost * 1_000_000 / tokens if tokens else None
    consumers = fetch("ai_consumers", month=month, before=before, last=next_month(month)) if log else []
    return Item(
        key="ai_token_usage",
        title="AI token usage",
        headline=_headline(month, cost, earlier, at_risk, bool(rows)),
        figures=[
            Figure("spend", "AI spend", cost if rows else None, Unit.USD, source, "" if rows else NOTHING),
            Figure(
                "spend_before", f"AI spend in {month_name(before)}", earlier if rows else None, Unit.USD,
                source,
                "" if rows else NOTHING,
            ),
            Figure(
                "change_percent", "Change", percent_change(cost, earlier), Unit.PERCENT_CHANGE, source,
                "" if earlier else f"nothing was spent in {month_name(before)}",
            ),
            Figure("tokens", "Tokens", tokens if rows else None, Unit.COUNT, source, "" if rows else NOTHING),
            Figure(
                "cost_per_million_tokens", "Cost per million tokens", per_million, Unit.USD, source,
                "" if tokens else NOTHING,
            ),
            Figure(
                "tenants_at_risk", f"Tenants at risk on {at:%Y-%m-%d}",
                len({budget.tenant for budget in at_risk}) if log else None, Unit.COUNT,
                f"{BUDGETS}, {LOG}", "" if log else NO_LOG,
            ),
            Figure("bedrock", "Amazon Bedrock on the AWS bill", bedrock, Unit.USD, BEDROCK),
        ],
        charts=_charts(rows, months, month, source, consumers),
        tables=[_risk_table(at_risk, log), _consumers_table(consumers, month, log)],
        notes=[
            f"A tenant is at risk at {WARNING:.0%} of a budget, or if the rate of the last {RATE_DAYS} days "
            "uses it up before the month ends."
        ],
    )  # fmt: skip


def _cost(rows: Sequence[AiMonth], month: date) -> Decimal:
    return sum((row.cost for row in rows if row.month == month), Decimal(0))


def _headline(
    month: date, cost: Decimal, earlier: Decimal, at_risk: Sequence[TenantBudget], measured: bool
) -> str:
    if not measured:
        return "No AI usage is stored."
    change = percent_change(cost, earlier)
    text = f"AI spend was {dollars(cost)} in {month_name(month)}"
    if change is not None:
        text += f", {change:+.1f} % on the month before" if round(change, 1) else ", as in the month before"
    tenants = len({budget.tenant for budget in at_risk})
    if not tenants:
        return f"{text}; no tenant is at risk."
    return f"{text}; {tenants} {'tenant is' if tenants == 1 else 'tenants are'} at risk."


def _charts(
    rows: Sequence[AiMonth],
    months: Sequence[date],
    month: date,
    source: str,
    consumers: Sequence[tuple[str, Decimal, Decimal, int, int]],
) -> list[Chart]:
    costs: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for row in rows:
        costs[row.model][row.month] = row.cost
    charts = [
        Chart(
            key="spend_by_model",
            title="AI spend by model and month",
            kind=ChartKind.STACKED,
            categories=month_labels(months),
            series=[
                Series(model, [spent.get(entry, Decimal(0)) for entry in months])
                for model, spent in sorted(costs.items(), key=lambda item: -sum(item[1].values()))
            ],
            unit=Unit.USD,
            source=source,
        )
    ]
    charts.append(
        Chart(
            key="top_consumers",
            title="Top ten consumers, with the month before",
            kind=ChartKind.BARS,
            categories=[row[0] for row in consumers],
            series=[
                Series(month_name(month), [row[1] for row in consumers]),
                Series(month_name(previous_month(month)), [row[2] for row in consumers]),
            ],
            unit=Unit.USD,
            source=source,
        )
    )
    return [chart for chart in charts if not chart.is_empty]


def _consumers_table(
    consumers: Sequence[tuple[str, Decimal, Decimal, int, int]], month: date, log: bool
) -> Table:
    return Table(
        key="top_consumers",
        title="Top ten consumers",
        columns=[
            Column("tenant", "Tenant"),
            Column("cost", month_name(month), Unit.USD),
            Column("before", month_name(previous_month(month)), Unit.USD),
            Column("change_percent", "Change", Unit.PERCENT_CHANGE),
            Column("tokens", "Tokens", Unit.COUNT),
            Column("requests", "Requests", Unit.COUNT),
        ],
        rows=[
            (tenant, cost, earlier, percent_change(cost, earlier), tokens, requests)
            for tenant, cost, earlier, tokens, requests in consumers
        ],
        source=LOG,
        empty="Nothing was spent." if log else f"Not measured: {NO_LOG}.",
    )


def _risk_table(at_risk: Sequence[TenantBudget], log: bool) -> Table:
    return Table(
        key="tenants_at_risk",
        title="Tenants at risk",
        columns=[
            Column("tenant", "Tenant"),
            Column("model", "Model"),
            Column("spent", "Spent", Unit.USD),
            Column("limit", "Limit", Unit.USD),
            Column("used_percent", "Used", Unit.PERCENT),
            Column("daily", "A day", Unit.USD),
            Column("ends", "Budget ends", Unit.DATE),
        ],
        rows=[
            (
                budget.tenant,
                "all models" if budget.model == "*" else budget.model,
                budget.spent,
                budget.limit,
                budget.used_percent,
                budget.daily,
                budget.ends or "not at this rate",
            )
            for budget in at_risk
        ],
        source=f"{BUDGETS}, {LOG}",
        empty="No tenant is at risk." if log else f"Not measured: {NO_LOG}.",
    )
