"""Budgets: setting them, and what the API shows of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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


def _month(instant: datetime) -> tuple[datetime, datetime]:
    """The first instants of the month, in UTC, and of the next one."""
    start = instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


class Budgets:
    """`prices` returns the price book. Every method raises Unavailable while the database does not answer."""

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
        """A row of ai_budget_positions as the guide shows it."""
        spent, limit = row.spent_usd, row.monthly_limit_usd
        status = "exceeded" if spent >= limit else "warning" if self.warns(spent, limit) else "ok"
        values = row._asdict() | {"status": status, "raise_usd": row.raise_usd or None}
        return schemas.BudgetEntry.model_validate(values)

    async def tenant(self, tenant: str) -> schemas.TenantResponse:
        """A tenant's budgets; a tenant without any shows the default one."""
        rows = await self._ledger.fetch("tenant", tenant_id=tenant)
        return self._tenant(tenant, [self._entry(row) for row in rows] or [self._default()])

    def _default(self) -> schemas.BudgetEntry:
        limit = self._config.default_monthly_limit_usd
        return schemas.BudgetEntry.model_validate(
            {
                "model": canonical_model(self._config.default_model).canonical,
                "monthly_limit_usd": limit,
                "spent_usd": Decimal(0),
                "reset_date": _month(self._clock())[1],
                "status": "ok" if limit else "exceeded",
                "hard_limit_reached": not limit,
            }
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

    async def usage(self, tenant: str, month: str | None) -> schemas.UsageResponse:
        """A tenant's month of the audit log by day, model and report type, and its closed months.

        `month` is YYYY-MM, the current one if None.
        """
        start, end = _month(datetime.fromisoformat(f"{month}-01T00:00Z") if month else self._clock())
        days = await self._ledger.fetch("usage_days", tenant_id=tenant, start=start, end=end)
        return schemas.UsageResponse(
            tenant_id=tenant,
            month=f"{start:%Y-%m}",
            complete=end <= self._clock(),
            total_cost_usd=sum((day.cost_usd for day in days), Decimal(0)),
            days=days,
            closed_months=await self._ledger.fetch("months", tenant_id=tenant),
        )

    async def changes(self, tenant: str, limit: int) -> schemas.ChangesResponse:
        """The changes of a tenant's limits and its resets, latest first."""
        rows = await self._ledger.fetch("changes", tenant_id=tenant, limit=limit)
        return schemas.ChangesResponse(tenant_id=tenant, changes=rows)

    async def unpriced(self) -> schemas.UnpricedResponse:
        """The calls that wait for a price, by model."""
        return schemas.UnpricedResponse(models=await self._ledger.fetch("unpriced_counts"))
