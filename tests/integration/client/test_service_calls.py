"""The client without the wrapper, on the real service: calls, refusals, the service away."""

import asyncio
import itertools
import json
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from ai_budget_client import (
    AIBudget,
    AlreadySettled,
    BudgetReserved,
    BudgetSpent,
    BudgetUnavailable,
    FailOpen,
    InvalidRequest,
    NoBudget,
    RequestConflict,
    ReservationEnded,
    Settings,
    SpoolFull,
    UnknownModel,
)
from tests.functions.ai_budget.support import ADMIN, OPUS, SONNET, Served, sql, until

_tenants = itertools.count()
TOKENS = {"prompt_tokens": 1000, "max_tokens": 500}  # 0.0105 USD of Sonnet
USAGE = {"input_tokens": 1000, "output_tokens": 420}


@pytest.fixture
def tenant() -> str:
    return f"called-{next(_tenants)}"


def recorded(database: str, tenant: str) -> list[tuple]:
    columns = "prompt_tokens, completion_tokens, settlement"
    return sql(
        database, f"SELECT {columns} FROM ai_token_usage WHERE tenant_id = %s ORDER BY request_id", tenant
    )


def states(database: str, tenant: str) -> list[str]:
    return [
        state
        for (state,) in sql(database, "SELECT state FROM ai_budget_reservations WHERE tenant_id = %s", tenant)
    ]


def test_a_call_is_recorded_with_its_usage_and_settles_its_reservation(budget, database, tenant):
    with budget.call(tenant, SONNET, **TOKENS, report_type="quarterly") as call:
        assert states(database, tenant) == ["open"]
        call.used(USAGE)
    until(lambda: recorded(database, tenant) == [(1000, 420, "settled")])
    until(lambda: len(budget.core.spool) == 0)


def test_a_call_that_fails_before_the_model_answered_is_released(budget, database, tenant):
    with pytest.raises(ZeroDivisionError), budget.call(tenant, SONNET, **TOKENS):
        1 / 0  # noqa: B018
    until(lambda: states(database, tenant) == ["released"])
    assert recorded(database, tenant) == []


def test_a_call_that_fails_after_the_model_answered_is_recorded(budget, database, tenant):
    def fail_after_the_answer(call):
        call.used(prompt_tokens=1000, completion_tokens=7)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), budget.call(tenant, SONNET, **TOKENS) as call:
        fail_after_the_answer(call)
    until(lambda: recorded(database, tenant) == [(1000, 7, "settled")])


def test_a_call_without_usage_is_charged_at_its_maximum(budget, database, tenant):
    with budget.call(tenant, SONNET, **TOKENS):
        pass
    until(lambda: recorded(database, tenant) == [(1000, 500, "settled")])


@pytest.mark.parametrize(
    "usage",
    [None, "usage", {}, {"input_tokens": 5}, {"input_tokens": -1, "output_tokens": 2}]
    + [{"input_tokens": value, "output_tokens": 2} for value in ("5", 1.5, True)],
)
def test_a_usage_that_is_none_is_an_error_and_charged_at_the_maximum(budget, database, tenant, usage):
    error = pytest.raises((InvalidRequest, TypeError), match="usage")
    with error, budget.call(tenant, SONNET, **TOKENS) as call:
        call.used(usage)
    until(lambda: recorded(database, tenant) == [(1000, 500, "settled")])


def test_a_track_of_tokens_that_are_no_number_is_an_error(budget, tenant):
    for counts in ({"prompt_tokens": -1, "completion_tokens": 1}, {"usage": {"input_tokens": 1}}):
        with pytest.raises(InvalidRequest):
            budget.track(tenant, SONNET, **counts, request_id=f"{tenant}-1")
    assert len(budget.core.spool) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"url": ""}, "url: expected"),
        ({"url": "ai-budget:3010"}, "url: expected"),
        ({"url": "ftp://ai-budget"}, "url: expected"),
        ({"url": "http://ai-budget", "token": "reporting.secret\n"}, "token: it has"),
        ({"url": "http://ai-budget", "ca_file": Path("/none.pem")}, r"ca_file: /none\.pem"),
    ],
)
def test_a_wrong_argument_is_an_error_at_once(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        AIBudget(**arguments, settings=Settings(spool_directory=tmp_path))


def test_a_cancelled_call_is_released(budget, database, tenant):
    with budget.call(tenant, SONNET, **TOKENS) as call:
        call.cancel()
    until(lambda: states(database, tenant) == ["released"])


def test_calls_of_asyncio_share_the_spool(budget, database, tenant):
    async def call() -> None:
        async with budget.asynchronous() as client:
            async with client.call(tenant, SONNET, **TOKENS) as call:
                call.used(USAGE)
            reservation = await client.check(tenant, SONNET, **TOKENS)
            await client.extend(tenant, reservation.reservation_id, 1800)
            await client.release(tenant, reservation.reservation_id)
            assert (await client.status(tenant)).tenant_id == tenant

    asyncio.run(call())
    until(lambda: recorded(database, tenant) == [(1000, 420, "settled")])
    assert sorted(states(database, tenant)) == ["released", "settled"]


def test_what_is_reserved_for_a_caller_that_was_cancelled_is_released(budget, database, tenant):
    async def cancelled() -> None:
        async with budget.asynchronous() as client:
            check = asyncio.create_task(client.check(tenant, SONNET, **TOKENS))
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # the request is under way
            check.cancel()
            with pytest.raises(asyncio.CancelledError):
                await check
            while states(database, tenant) != ["released"]:
                await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(cancelled(), 10))


def test_a_check_and_a_track_of_ones_own(budget, database, tenant):
    reservation = budget.check(tenant, SONNET, **TOKENS, request_id=f"{tenant}-1")
    assert reservation.reserved_usd == Decimal("0.0105")
    until_ = budget.extend(tenant, reservation.reservation_id, 3600)
    assert until_ > reservation.expires_at
    budget.track(tenant, SONNET, USAGE, request_id=f"{tenant}-1", reservation_id=reservation.reservation_id)
    until(lambda: recorded(database, tenant) == [(1000, 420, "settled")])


def test_ids_that_the_service_would_reject_are_an_error(budget, tenant):
    with pytest.raises(InvalidRequest, match="request_id"):
        budget.track(tenant, SONNET, USAGE, request_id="a b")
    with pytest.raises(InvalidRequest, match="tenant"):
        budget.status("../tenants")


def test_a_limit_is_set_by_asyncio_too(budget, tenant):
    async def set_limit():
        async with budget.asynchronous() as client:
            return await client.set_limit(tenant, SONNET, Decimal("1.25"), admin_token=ADMIN)

    assert asyncio.run(set_limit()).monthly_limit_usd == Decimal("1.25")


def test_a_dry_run_reserves_nothing(budget, database, tenant):
    assert budget.check(tenant, SONNET, **TOKENS, dry_run=True).reservation_id is None
    assert states(database, tenant) == []


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (InvalidRequest, {"tenant": "not a tenant"}),
        (InvalidRequest, {"prompt_tokens": -1}),
        (InvalidRequest, {"model": "no model at all"}),
        (UnknownModel, {"model": "gpt-unknown"}),
        (NoBudget, {"model": OPUS}),
        (BudgetSpent, {"max_tokens": 100_000_000}),
    ],
)
def test_each_refusal_has_an_error_of_its_own(budget, tenant, error, fields):
    budget.check(tenant, SONNET, **TOKENS, dry_run=True)  # makes the tenant's budget
    with pytest.raises(error):
        budget.check(**{"tenant": tenant, "model": SONNET} | TOKENS | fields)


def test_a_request_id_is_for_one_call(budget, database, tenant):
    first = budget.check(tenant, SONNET, **TOKENS, request_id="job-1")
    assert budget.check(tenant, SONNET, **TOKENS, request_id="job-1").reservation_id == first.reservation_id
    with pytest.raises(RequestConflict):
        budget.check(tenant, SONNET, prompt_tokens=1, max_tokens=1, request_id="job-1")
    budget.track(tenant, SONNET, USAGE, request_id="job-1", reservation_id=first.reservation_id)
    until(lambda: recorded(database, tenant))
    with pytest.raises(AlreadySettled):
        budget.check(tenant, SONNET, **TOKENS, request_id="job-1")
    with pytest.raises(ReservationEnded):
        budget.extend(tenant, first.reservation_id, 60)


def test_a_refusal_says_what_is_left_and_when_the_budget_resets(budget, service, tenant):
    service.set(tenant, 0.01)
    with pytest.raises(BudgetSpent) as refused:
        budget.check(tenant, SONNET, **TOKENS)
    error = refused.value
    assert (error.refusal.remaining_usd, error.refusal.estimated_usd) == (Decimal("0.01"), Decimal("0.0105"))
    assert error.should_retry is False
    assert error.reset_date.day == 1
    assert "0.0105 USD" in str(error)


def test_a_check_waits_for_a_reservation_by_choice(make_budget, service, tenant):
    service.set(tenant, 0.015)
    budget = make_budget(wait_for_reserved=10)
    held = budget.check(tenant, SONNET, **TOKENS)
    with pytest.raises(BudgetReserved):
        make_budget().check(tenant, SONNET, **TOKENS)
    threading.Timer(0.5, budget.release, (tenant, held.reservation_id)).start()
    assert budget.check(tenant, SONNET, **TOKENS).reservation_id != held.reservation_id


def test_a_limit_is_set_with_the_admin_token(budget, tenant):
    status = budget.set_limit(tenant, SONNET, Decimal("12.5"), admin_token=ADMIN)
    assert status.monthly_limit_usd == Decimal("12.5")
    assert budget.status(tenant).budgets == [status]


def test_while_the_service_is_away_calls_are_refused(make_budget, tenant):
    budget = make_budget("http://127.0.0.1:9", attempts=2)
    with pytest.raises(BudgetUnavailable, match=r"127\.0\.0\.1:9"):
        budget.check(tenant, SONNET, **TOKENS)


def test_fail_open_permits_a_number_of_calls_with_an_audit_entry_each(make_budget, tmp_path, tenant):
    audit = tmp_path / "audit.jsonl"
    budget = make_budget("http://127.0.0.1:9", attempts=1, fail_open=FailOpen(max_calls=2, audit_file=audit))
    for _ in range(2):
        with budget.call(tenant, SONNET, **TOKENS) as call:
            call.used(USAGE)
    with pytest.raises(BudgetUnavailable):
        budget.check(tenant, SONNET, **TOKENS)
    entries = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [(entry["tenant_id"], entry["max_tokens"]) for entry in entries] == [(tenant, 500)] * 2
    assert len(budget.core.spool) == 2


def test_fail_open_without_an_audit_entry_is_refused(make_budget, tmp_path, tenant):
    rule = FailOpen(max_calls=2, audit_file=tmp_path / "missing" / "audit.jsonl")
    budget = make_budget("http://127.0.0.1:9", attempts=1, fail_open=rule)
    with pytest.raises(BudgetUnavailable, match="audit"):
        budget.check(tenant, SONNET, **TOKENS)


def test_a_full_spool_permits_no_call(make_budget, tmp_path, tenant):
    rule = FailOpen(max_calls=9, audit_file=tmp_path / "audit.jsonl")
    budget = make_budget("http://127.0.0.1:9", attempts=1, fail_open=rule, spool_max_calls=2)
    for _ in range(2):
        with budget.call(tenant, SONNET, **TOKENS) as call:
            call.used(USAGE)
    with pytest.raises(SpoolFull), budget.call(tenant, SONNET, **TOKENS):
        raise AssertionError("the call was permitted")


def test_what_is_tracked_while_the_service_is_away_is_sent_when_it_is_back(database, tmp_path, tenant):
    served = Served("--database-url", database, "--workers", "1")
    port = int(served.url.rsplit(":", 1)[1])
    with AIBudget(served.url, settings=Settings(spool_directory=tmp_path)) as budget:
        with budget.call(tenant, SONNET, **TOKENS) as call:
            served.stop()
            call.used(USAGE)
        until(lambda: len(budget.core.spool) == 1)
        served = Served("--database-url", database, "--workers", "1", port=port)
        until(lambda: recorded(database, tenant) == [(1000, 420, "settled")])
    served.stop()


def test_close_sends_the_spool_and_leaves_no_file(service, database, tmp_path, tenant):
    with AIBudget(service.url, settings=Settings(spool_directory=tmp_path)) as budget:
        for _ in range(50):
            budget.track(tenant, SONNET, USAGE, request_id=f"{tenant}-{time.monotonic_ns()}")
    assert len(recorded(database, tenant)) == 50
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
