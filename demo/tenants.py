"""The ten tenants of the demo: their AI budgets, and the calls that they make."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from functions.ai_budget.schemas import CheckRequest, SetRequest, TrackRequest

SONNET, OPUS, HAIKU = "claude-3-5-sonnet-20241022", "claude-3-opus-20240229", "claude-3-haiku-20240307"
# USD per million input and output tokens: the guide, Pricing.
PRICES = {
    SONNET: (Decimal(3), Decimal(15)),
    OPUS: (Decimal(15), Decimal(75)),
    HAIKU: (Decimal("0.25"), Decimal("1.25")),
}
REPORTS = {SONNET: "impact-report", OPUS: "executive-summary", HAIKU: "draft-preview"}
CALL_COST = Decimal(2)  # of most calls, in US dollars
CALLS_A_DAY = (4, 30)  # the fewest and the most of a plan
OUTPUT_SHARE = Decimal("0.35")  # of the cost of a call
SPIKE, SPIKE_HOURS = 50, 3  # times the usual calls, in the last hours


@dataclass(frozen=True)
class Plan:
    """A budget for a model: the limit of a month and what the tenant usually spends a day, in US dollars."""

    model: str
    limit: Decimal
    daily: Decimal

    @property
    def calls(self) -> Decimal:
        """The calls of a day."""
        fewest, most = CALLS_A_DAY
        return max(Decimal(fewest), min(self.daily / CALL_COST, Decimal(most)))


@dataclass(frozen=True)
class Tenant:
    """A tenant; it joined `joined` months before now, and may have a spike of usage in the last hours."""

    id: str
    joined: int
    plans: tuple[Plan, ...]
    spikes: bool = False


def _tenant(id: str, joined: int, *plans: tuple[str, int, int], spikes: bool = False) -> Tenant:
    return Tenant(
        id, joined, tuple(Plan(model, Decimal(limit), Decimal(usd)) for model, limit, usd in plans), spikes
    )


TENANTS = (
    _tenant("tenant-enterprise", 12, (SONNET, 5000, 62), (OPUS, 1900, 48)),
    _tenant("tenant-harbor", 12, (SONNET, 800, 29), (HAIKU, 100, 1)),
    _tenant("tenant-summit", 12, (OPUS, 800, 19)),
    _tenant("tenant-lumen", 11, (SONNET, 450, 17)),
    _tenant("tenant-cedar", 9, (SONNET, 900, 18), spikes=True),
    _tenant("tenant-orchid", 8, (SONNET, 500, 9), (OPUS, 500, 8)),
    _tenant("tenant-delta", 6, (SONNET, 500, 11)),
    _tenant("tenant-pioneer", 4, (HAIKU, 100, 2), (SONNET, 500, 7)),
    _tenant("tenant-meadow", 2, (HAIKU, 50, 1)),
    _tenant("tenant-trial", 1, (SONNET, 2, 3)),
)


@dataclass(frozen=True)
class Call:
    """One call of a tenant."""

    tenant_id: str
    model: str
    prompt_tokens: int
    completion_tokens: int

    def check(self) -> CheckRequest:
        """The request before the call."""
        return CheckRequest(
            tenant_id=self.tenant_id,
            model=self.model,
            report_type=REPORTS[self.model],
            estimated_prompt_tokens=self.prompt_tokens,
            max_completion_tokens=self.completion_tokens,
        )

    def track(self, **fields: object) -> TrackRequest:
        """The request after the call; `fields` are added."""
        body = {
            "tenant_id": self.tenant_id,
            "model": self.model,
            "report_type": REPORTS[self.model],
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }
        return TrackRequest.model_validate(body | fields)


def budgets() -> Iterator[SetRequest]:
    """The requests that set every budget."""
    for tenant in TENANTS:
        for plan in tenant.plans:
            yield SetRequest(tenant_id=tenant.id, model=plan.model, monthly_limit_usd=plan.limit)


def call(tenant: Tenant, plan: Plan, cost: Decimal) -> Call:
    """A call that costs about `cost` US dollars."""
    input_price, output_price = PRICES[plan.model]
    return Call(
        tenant.id,
        plan.model,
        int(cost * (1 - OUTPUT_SHARE) / input_price * 1_000_000),
        int(cost * OUTPUT_SHARE / output_price * 1_000_000),
    )


def one_call_each(tenant: Tenant, days: float) -> Iterator[Call]:
    """One call for each budget of a tenant, with what it uses in `days`."""
    for plan in tenant.plans:
        yield call(tenant, plan, plan.daily * Decimal(str(days)))


def calls_between(start: datetime, end: datetime, now: datetime) -> Iterator[Call]:
    """The calls from `start` to `end`, always the same ones: most of them in working hours."""
    share_of_day = (end - start).total_seconds() / 86_400
    for tenant in TENANTS:
        for plan in tenant.plans:
            random = Random(f"{tenant.id} {plan.model} {start.isoformat()}")
            busy = 1.7 if 7 <= start.hour < 19 else 0.3
            if start.weekday() >= 5:
                busy *= 0.6
            if tenant.spikes and now - start < timedelta(hours=SPIKE_HOURS):
                busy = SPIKE
            expected = float(plan.calls) * share_of_day * busy
            for _ in range(int(expected) + (random.random() < expected % 1)):
                yield call(tenant, plan, plan.daily / plan.calls * Decimal(str(random.uniform(0.6, 1.4))))
