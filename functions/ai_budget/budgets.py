"""Budgets: setting them, and what the API shows of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import Field

from functions.ai_budget import schemas
from functions.ai_budget.auth import CurrentCaller
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError, invalid
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.pricing import CallTokens, ModelName, PriceBook, canonical_model

ALL_MODELS = "*"
PAGE_BUDGETS = 1500  # with the longest ids, a page of them stays below 1 MB
STATES = {"all": ["ok", "warning", "exceeded"], "at-risk": ["warning", "exceeded"]}
Tenant = Annotated[schemas.Identifier, Path()]


class TenantsQuery(schemas.Strict):
    status: Literal["all", "ok", "warning", "exceeded", "at-risk"] = "all"
    after: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:@-]{0,127})?$")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class UsageQuery(schemas.Strict):
    month: schemas.Month | None = None  # the current one


class ChangesQuery(schemas.Strict):
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


def _month(instant: datetime) -> tuple[datetime, datetime]:
    """The first instants of the month, in UTC, and of the next one."""
    start = instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True)
class Budgets:
    """`prices` returns the price book. Every method raises Unavailable while the database does not answer."""

    ledger: Ledger
    config: Config
    prices: Callable[[], Awaitable[PriceBook]]
    clock: Callable[[], datetime]

    def warns(self, spent: Decimal, limit: Decimal) -> bool:
        """Whether more than the warning threshold is spent."""
        return spent * 100 > limit * self.config.thresholds.warning_percent

    async def set_budget(self, body: schemas.SetRequest, caller: CurrentCaller) -> schemas.BudgetEntry:
        """Sets a monthly limit or a temporary raise; needs the admin token."""
        caller.require(body.tenant_id)
        model = ALL_MODELS if body.model == ALL_MODELS else canonical_model(body.model).canonical
        tier = self._checked_tier(body)
        now, prices = self.clock(), await self.prices()
        if body.raise_usd and body.raise_until is not None and body.raise_until <= now:
            raise invalid("raise_until", "must be in the future")
        if model != ALL_MODELS and prices.cost(ModelName(model, Decimal(1)), CallTokens(), now) is None:
            raise ApiError(422, "unknown_model", f"there is no price for the model {body.model}", "model")
        rows = await self.ledger.fetch(
            "set",
            **dict(body) | {"model": model, "tier": tier},
            actor=str(caller.actor),
            warning_percent=self.config.thresholds.warning_percent,
        )
        if not rows:
            message = f"tenant {body.tenant_id} has no budget for {model}; send monthly_limit_usd too"
            raise ApiError(404, "no_budget", message, "model")
        return self._entry(rows[0])

    def _checked_tier(self, body: schemas.SetRequest) -> str | None:
        if body.tier is None:
            return None
        tier, amounts = body.tier.lower(), dict(self.config.tiers)
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

    async def tenant(self, tenant_id: Tenant, caller: CurrentCaller) -> schemas.TenantResponse:
        """A tenant's budgets as they stand."""
        caller.require(tenant_id)
        rows = await self.ledger.fetch("tenant", tenant_id=tenant_id)
        return _tenant(tenant_id, [self._entry(row) for row in rows] or [self._default()])

    def _default(self) -> schemas.BudgetEntry:
        """What a tenant without budgets gets with its first check."""
        limit = self.config.default_monthly_limit_usd
        return schemas.BudgetEntry.model_validate(
            {
                "model": canonical_model(self.config.default_model).canonical,
                "monthly_limit_usd": limit,
                "spent_usd": Decimal(0),
                "reset_date": _month(self.clock())[1],
                "status": "ok" if limit else "exceeded",
                "hard_limit_reached": not limit,
            }
        )

    async def tenants(
        self, query: Annotated[TenantsQuery, Query()], caller: CurrentCaller
    ) -> schemas.TenantsResponse:
        """Tenants by the state of their budgets; `at-risk` is warning or exceeded."""
        caller.require(None)
        rows = await self.ledger.fetch(
            "tenants",
            states=STATES.get(query.status, [query.status]),
            after=query.after,
            limit=query.limit,
            rows=PAGE_BUDGETS,
            warning_percent=self.config.thresholds.warning_percent,
        )
        tenants = [
            _tenant(tenant, [self._entry(row) for row in budgets])
            for tenant, budgets in groupby(rows, key=lambda row: row.tenant_id)
        ]
        return schemas.TenantsResponse(
            tenants=tenants, next=rows[-1].tenant_id if rows and rows[-1].more else None
        )

    async def usage(
        self, tenant_id: Tenant, query: Annotated[UsageQuery, Query()], caller: CurrentCaller
    ) -> schemas.UsageResponse:
        """A tenant's month by day, model and report type."""
        caller.require(tenant_id)
        month = query.month
        start, end = _month(datetime.fromisoformat(f"{month}-01T00:00Z") if month else self.clock())
        days = await self.ledger.fetch("usage_days", tenant_id=tenant_id, start=start, end=end)
        return schemas.UsageResponse(
            tenant_id=tenant_id,
            month=f"{start:%Y-%m}",
            complete=end <= self.clock(),
            total_cost_usd=sum((day.cost_usd for day in days), Decimal(0)),
            days=days,
            closed_months=await self.ledger.fetch("months", tenant_id=tenant_id),
        )

    async def changes(
        self, tenant_id: Tenant, query: Annotated[ChangesQuery, Query()], caller: CurrentCaller
    ) -> schemas.ChangesResponse:
        """Who changed which limit when."""
        caller.require(tenant_id)
        rows = await self.ledger.fetch("changes", tenant_id=tenant_id, limit=query.limit)
        return schemas.ChangesResponse(tenant_id=tenant_id, changes=rows)

    async def unpriced(self, caller: CurrentCaller) -> schemas.UnpricedResponse:
        """Calls that were tracked for models without a price."""
        caller.require(None)
        return schemas.UnpricedResponse(models=await self.ledger.fetch("unpriced_counts"))


def _tenant(tenant: str, entries: list[schemas.BudgetEntry]) -> schemas.TenantResponse:
    counted = [entry for entry in entries if entry.model != ALL_MODELS] or entries
    return schemas.TenantResponse(
        tenant_id=tenant,
        budgets=entries,
        total_usage_usd=sum((entry.current_usage_usd for entry in counted), Decimal(0)),
        total_limit_usd=sum((entry.monthly_limit_usd for entry in counted), Decimal(0)),
    )
