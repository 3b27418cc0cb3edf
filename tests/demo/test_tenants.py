"""The calls of the demo's tenants cost what their plans say, and one of them has a spike."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from demo.tenants import PRICES, TENANTS, budgets, call, calls_between

NOW = datetime(2026, 11, 26, 18, tzinfo=UTC)
STEP = timedelta(minutes=30)


def cost(call):
    input_price, output_price = PRICES[call.model]
    return (call.prompt_tokens * input_price + call.completion_tokens * output_price) / 1_000_000


def spent(tenant_id, start, end):
    total = Decimal(0)
    while start < end:
        calls = calls_between(start, start + STEP, NOW)
        total += sum((cost(call) for call in calls if call.tenant_id == tenant_id), Decimal(0))
        start += STEP
    return total


def test_there_are_ten_tenants_and_a_budget_for_each_of_their_models():
    assert len({tenant.id for tenant in TENANTS}) == 10
    assert {(body.tenant_id, body.model) for body in budgets()} == {
        (tenant.id, plan.model) for tenant in TENANTS for plan in tenant.plans
    }


def test_a_call_costs_what_was_asked_for():
    for tenant in TENANTS:
        for plan in tenant.plans:
            assert cost(call(tenant, plan, Decimal(2))) == pytest.approx(2, abs=0.001)


def test_a_tenant_spends_its_usual_amount_in_three_weeks():
    week = timedelta(days=7)
    for tenant in TENANTS:
        usual = sum((plan.daily for plan in tenant.plans), Decimal(0)) * 21
        start = NOW - 4 * week
        assert Decimal("0.6") * usual < spent(tenant.id, start, start + 3 * week) < Decimal("1.3") * usual


def test_only_one_tenant_has_a_spike_in_the_last_hours():
    def ratio(tenant):
        hours = timedelta(hours=3)
        return spent(tenant.id, NOW - hours, NOW) / sum((plan.daily for plan in tenant.plans), Decimal(0))

    assert [tenant.id for tenant in TENANTS if ratio(tenant) > 3] == ["tenant-cedar"]
