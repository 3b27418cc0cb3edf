"""The status cache on a real Redis: shared by processes, out of date at once, and never a permission."""

import itertools
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry

from ai_budget_client import AIBudget, BudgetSpent, BudgetUnavailable, Settings
from tests.functions.ai_budget.support import ADMIN, SONNET, until

_tenants = itertools.count()
DEAD = "http://127.0.0.1:9"
TOKENS = {"prompt_tokens": 1000, "max_tokens": 500}  # 0.0105 USD of Sonnet
USAGE = {"input_tokens": 1000, "output_tokens": 500}


@pytest.fixture
def tenant() -> str:
    return f"cached-{next(_tenants)}"


@pytest.fixture
def connected(make_budget, redis_server):
    """Two clients as two processes have them, and one whose service does not answer."""
    budgets = [make_budget(redis=redis_server.url) for _ in range(2)]
    budgets.append(make_budget(DEAD, redis=redis_server.url, attempts=1))
    until(lambda: redis_server.client.pubsub_numsub("ai-budget:changed")[0][1] == 3)
    return budgets


def test_a_denial_is_shared_by_all_processes_and_serves_while_the_service_is_away(connected, service, tenant):
    first, _, offline = connected
    service.set(tenant, 0.01)
    with pytest.raises(BudgetSpent):
        first.check(tenant, SONNET, **TOKENS)
    with pytest.raises(BudgetSpent) as refused:
        offline.check(tenant, SONNET, **TOKENS)
    assert refused.value.refusal.remaining_usd == Decimal("0.01")
    assert refused.value.retry_after > 0


def test_a_denial_is_for_calls_that_are_not_smaller(connected, service, tenant):
    first, second, offline = connected
    service.set(tenant, 0.01)
    with pytest.raises(BudgetSpent):
        first.check(tenant, SONNET, **TOKENS)
    assert second.check(tenant, SONNET, prompt_tokens=1000, max_tokens=400).reservation_id
    with pytest.raises(BudgetUnavailable):
        offline.check(tenant, SONNET, prompt_tokens=999, max_tokens=500)


def test_the_cache_never_grants_a_call(connected, tenant):
    first, _, offline = connected
    assert first.status(tenant) == offline.status(tenant)
    assert [budget.status for budget in offline.status(tenant).budgets] == ["ok"]
    with pytest.raises(BudgetUnavailable):
        offline.check(tenant, SONNET, **TOKENS)


def test_a_new_limit_ends_a_denial_in_all_processes_at_once(connected, service, tenant):
    first, second, _ = connected
    service.set(tenant, 0.01)
    for budget in (first, second):
        with pytest.raises(BudgetSpent):
            budget.check(tenant, SONNET, **TOKENS)
    first.set_limit(tenant, SONNET, Decimal(1), admin_token=ADMIN)
    until(lambda: _permits(second, tenant), seconds=5)


def _permits(budget: AIBudget, tenant: str) -> bool:
    try:
        return budget.check(tenant, SONNET, **TOKENS) is not None
    except BudgetSpent:
        return False


def test_a_status_is_cached_until_a_call_is_recorded(connected, service, tenant):
    first, second, offline = connected
    service.set(tenant, 1)
    assert first.status(tenant).total_usage_usd == 0
    assert offline.status(tenant).total_usage_usd == 0
    with second.call(tenant, SONNET, **TOKENS) as call:
        call.used(USAGE)
    until(lambda: first.status(tenant).total_usage_usd == Decimal("0.0105"), seconds=5)
    assert offline.status(tenant).total_usage_usd == Decimal("0.0105")


def test_a_process_reads_redis_once_until_something_changes(connected, redis_server, service, tenant):
    first = connected[0]
    service.set(tenant, 1)
    first.status(tenant)
    first.status(tenant)

    def reads() -> int:
        return redis_server.client.info("commandstats")["cmdstat_mget"]["calls"]

    before = reads()
    for _ in range(20):
        first.status(tenant)
    assert reads() <= before + 1


def test_a_value_that_was_read_before_a_change_is_not_used(connected, tenant):
    first, second, _ = connected
    status, generation = first.core.cache.status(tenant)
    assert status is None
    stale = first.status(tenant)
    second.core.cache.call_recorded(tenant)
    first.core.cache.store_status(generation, stale)
    assert second.core.cache.status(tenant)[0] is None


def test_without_redis_the_service_is_asked(make_budget, service, tenant):
    registry = CollectorRegistry()
    budget = AIBudget(
        service.url, redis="redis://127.0.0.1:9", registry=registry,
        settings=Settings(spool_directory=make_budget().core.settings.spool_directory),
    )  # fmt: skip
    with budget, budget.call(tenant, SONNET, **TOKENS) as call:
        call.used(USAGE)
        assert budget.status(tenant).total_limit_usd == 1000
    labels = {"outcome": "allowed"}
    assert registry.get_sample_value("ai_budget_client_check_duration_seconds_count", labels) == 1
