"""The calls of the demo's tenants cost what their plans say, and one of them has a spike."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from demo.tenants import PRICES, TENANTS, budgets, call, calls_between

NOW = datetime(2026, 11, 26, 18, tzinfo=UTC)
STEP = timedelta(minutes=30)


def cost(call):
    input_price, output_price = PRICES[call.model]
    return (call.prompt_tokens * input_price + call.completion_tokens * output_price) / 1_000_000


def spent(start, end):
    """What each tenant spends in a span."""
    totals = defaultdict(Decimal)
    while start < end:
        for tenant_call in calls_between(start, start + STEP, NOW):
            totals[tenant_call.tenant_id] += cost(tenant_call)
        start += STEP
    return totals


def usual(tenant):
    """What a tenant usually spends on a day."""
    return sum((plan.daily for plan in tenant.plans), Decimal(0))


def test_there_are_ten_tenants_and_a_budget_for_each_of_their_models():
    assert len({tenant.id for tenant in TENANTS}) == 10
    assert {(body.tenant_id, body.model) for body in budgets()} == {
        (tenant.id, plan.model) for tenant in TENANTS for plan in tenant.plans
    }


def test_a_call_costs_what_was_asked_for():
    for tenant in TENANTS:
        for plan in tenant.plans:
            assert cost(call(tenant, plan, Decimal(2))) == pytest.approx(2, abs=0.001)


def test_every_tenant_spends_its_usual_amount_in_three_weeks():
    week = timedelta(days=7)
    totals = spent(NOW - 4 * week, NOW - week)
    for tenant in TENANTS:
        assert Decimal("0.6") < totals[tenant.id] / (21 * usual(tenant)) < Decimal("1.3"), tenant.id


def test_only_one_tenant_has_a_spike_in_the_last_hours():
    totals = spent(NOW - timedelta(hours=3), NOW)
    assert [tenant.id for tenant in TENANTS if totals[tenant.id] > 3 * usual(tenant)] == ["tenant-cedar"]
