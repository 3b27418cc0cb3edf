"""Budgets: setting them, and what the API shows of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from functions.ai_budget import schemas
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError, invalid
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.pricing import CallTokens, ModelName, PriceBook, canonical_model

ALL_MODELS = "*"
PAGE_BUDGETS = 1500  # with the longest ids, a page of them stays below 1 MB
STATES = {
    "all": ["ok", "warning", "exceeded"],
    "ok": ["ok"],
    "warning": ["warning"],
    "exceeded": ["exceeded"],
    "at-risk": ["warning", "exceeded"],
}


def percentage(spent: Decimal, limit: Decimal) -> Decimal:
    """100 × spent / limit, half-up to two decimals; a budget of 0 is used up."""
    return (100 * spent / limit).quantize(Decimal("0.01"), ROUND_HALF_UP) if limit else Decimal(100)


def month_start(month: date) -> datetime:
    """The first instant of a month."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def next_month(month: date) -> datetime:
    """The first instant of the month after."""
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


class Budgets:
    """`prices` gives the price book; every method raises Unavailable while the database does not answer."""

    def __init__(
        self,
        ledger: Ledger,
        config: Config,
        prices: Callable[[], Awaitable[PriceBook]],
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._config = config
        self._prices = prices
        self._clock = clock

    def warns(self, spent: Decimal, limit: Decimal) -> bool:
        """Whether more than the warning threshold is spent."""
        return spent * 100 > limit * self._config.thresholds.warning_percent

    async def set_limit(self, body: schemas.SetRequest, actor: str) -> schemas.BudgetEntry:
        """Sets a tenant's monthly limit for a model or for all, or raises it for a time."""
        model = ALL_MODELS if body.model == ALL_MODELS else canonical_model(body.model).canonical
        tier = self._checked_tier(body)
        now, prices = self._clock(), await self._prices()
        if body.raise_usd and body.raise_until is not None and body.raise_until <= now:
            raise invalid("raise_until", "must be in the future")
        if model != ALL_MODELS and prices.cost(ModelName(model, Decimal(1)), CallTokens(), now) is None:
            raise ApiError(422, "unknown_model", f"there is no price for the model {body.model}", "model")
        rows = await self._ledger.fetch(
            "set",
            tenant_id=body.tenant_id,
            model=model,
            limit=body.monthly_limit_usd,
            tier=tier,
            raise_usd=body.raise_usd,
            raise_until=body.raise_until,
            actor=actor,
            warning_percent=self._config.thresholds.warning_percent,
        )
        if not rows:
            message = f"tenant {body.tenant_id} has no budget for {model}; send monthly_limit_usd too"
            raise ApiError(404, "no_budget", message, "model")
        return self._entry(rows[0])

    def _checked_tier(self, body: schemas.SetRequest) -> str | None:
        if body.tier is None:
            return None
        tier, amounts = body.tier.lower(), dict(self._config.tiers)
        if tier not in amounts:
            raise invalid("tier", "must be one of " + ", ".join(amounts))
        limit, amount = body.monthly_limit_usd, amounts[tier]
        if limit is None or (limit < amount if tier == "custom" else limit != amount):
            at_least = "at least " if tier == "custom" else ""
            raise invalid("monthly_limit_usd", f"must be {at_least}{amount:f} in the tier {tier}")
        return tier

    def _entry(self, row: Any) -> schemas.BudgetEntry:
        """A row of ai_budget_positions in the guide's form."""
        spent, limit = row.spent_usd, row.monthly_limit_usd
        return schemas.BudgetEntry(
            model=row.model,
            monthly_limit_usd=limit,
            current_usage_usd=spent,
            percentage_used=percentage(spent, limit),
            token_count_input=row.token_count_input,
            token_count_output=row.token_count_output,
            reset_date=row.reset_date,
            status="exceeded" if spent >= limit else "warning" if self.warns(spent, limit) else "ok",
            soft_limit_notified=row.soft_limit_notified,
            hard_limit_reached=row.hard_limit_reached,
            raise_usd=row.raise_usd or None,
            raise_until=row.raise_until,
        )

    async def tenant(self, tenant: str) -> schemas.TenantResponse:
        """A tenant's budgets; a tenant without any shows the default one."""
        rows = await self._ledger.fetch("tenant", tenant_id=tenant)
        return self._tenant(tenant, [self._entry(row) for row in rows] or [self._default()])

    def _default(self) -> schemas.BudgetEntry:
        limit = self._config.default_monthly_limit_usd
        return schemas.BudgetEntry(
            model=canonical_model(self._config.default_model).canonical,
            monthly_limit_usd=limit,
            current_usage_usd=Decimal(0),
            percentage_used=percentage(Decimal(0), limit),
            token_count_input=0,
            token_count_output=0,
            reset_date=next_month(self._clock().astimezone(UTC).date()),
            status="ok" if limit else "exceeded",
            soft_limit_notified=False,
            hard_limit_reached=not limit,
        )

    def _tenant(self, tenant: str, entries: list[schemas.BudgetEntry]) -> schemas.TenantResponse:
        counted = [entry for entry in entries if entry.model != ALL_MODELS] or entries
        return schemas.TenantResponse(
            tenant_id=tenant,
            budgets=entries,
            total_usage_usd=sum((entry.current_usage_usd for entry in counted), Decimal(0)),
            total_limit_usd=sum((entry.monthly_limit_usd for entry in counted), Decimal(0)),
        )

    async def tenants(self, status: str, after: str, limit: int) -> schemas.TenantsResponse:
        """A page of tenants with a budget in a state, by id: at most `limit` of them and below 1 MB."""
        rows = await self._ledger.fetch(
            "tenants",
            states=STATES[status],
            after=after,
            limit=limit,
            rows=PAGE_BUDGETS,
            warning_percent=self._config.thresholds.warning_percent,
        )
        tenants = [
            self._tenant(tenant, [self._entry(row) for row in budgets])
            for tenant, budgets in groupby(rows, key=lambda row: row.tenant_id)
        ]
        return schemas.TenantsResponse(
            tenants=tenants, next=rows[-1].tenant_id if rows and rows[-1].more else None
        )

    async def usage(self, tenant: str, month: date) -> schemas.UsageResponse:
        """A tenant's month of the audit log by day, model and report type, and its closed months."""
        days = await self._ledger.fetch(
            "usage_days", tenant_id=tenant, start=month_start(month), end=next_month(month)
        )
        closed = await self._ledger.fetch("months", tenant_id=tenant)
        return schemas.UsageResponse(
            tenant_id=tenant,
            month=f"{month:%Y-%m}",
            complete=next_month(month) <= self._clock(),
            total_cost_usd=sum((day.cost_usd for day in days), Decimal(0)),
            days=[schemas.UsageDay(**day._asdict()) for day in days],
            closed_months=[
                schemas.ClosedMonth(**row._asdict() | {"month": f"{row.month:%Y-%m}"}) for row in closed
            ],
        )

    async def changes(self, tenant: str, limit: int) -> schemas.ChangesResponse:
        """The changes of a tenant's limits and its resets, latest first."""
        rows = await self._ledger.fetch("changes", tenant_id=tenant, limit=limit)
        return schemas.ChangesResponse(
            tenant_id=tenant, changes=[schemas.BudgetChange(**row._asdict()) for row in rows]
        )

    async def unpriced(self) -> schemas.UnpricedResponse:
        """The calls that wait for a price, by model."""
        rows = await self._ledger.fetch("unpriced_counts")
        return schemas.UnpricedResponse(models=[schemas.UnpricedModel(**row._asdict()) for row in rows])
