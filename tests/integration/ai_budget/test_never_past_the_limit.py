"""Every way around a budget that was ever found, on the real schema."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from functions.ai_budget.auth import Caller
from functions.ai_budget.budgets import UsageQuery
from tests.functions.ai_budget.support import OPUS, SONNET, Desk, at, sql, until

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
CALL = Decimal("0.0105")  # what `desk.check()` reserves


def spent_and_reserved(url, tenant="acme", model=SONNET):
    query = "SELECT spent_usd + reserved_usd FROM ai_budget_positions(%s) WHERE tenant_id = %s AND model = %s"
    return sql(url, query, at("2030-01-15 12:00"), tenant, model)[0][0]


def test_checks_reserve_until_nothing_fits_and_what_is_settled_below_its_hold_is_free_again(desk):
    desk.set("acme", CALL * 2)
    first, second, third = desk.check(), desk.check(), desk.check()
    assert (first.allowed, second.allowed, third.status) == (True, True, 429)
    assert third.body.reason == "budget_reserved"
    assert third.headers["x-should-retry"] == "true"
    assert int(third.headers["Retry-After"]) <= 5
    tracked = desk.track(prompt=0, completion=0, reservation_id=first.reservation_id)
    assert (tracked.cost_usd, tracked.reservation) == (0, "settled")
    assert desk.check().allowed


def test_a_refusal_of_a_spent_budget_says_when_the_month_ends_and_that_retrying_is_useless(desk):
    desk.set("acme", CALL)
    desk.track()
    refused = desk.check()
    assert (refused.status, refused.body.reason) == (429, "budget_spent")
    assert refused.headers["x-should-retry"] == "false"
    assert int(refused.headers["Retry-After"]) == (at("2030-02-01 00:00") - desk.now).total_seconds()
    assert refused.body.message == "AI Budget Exceeded"


@pytest.mark.parametrize("limit", ["0", "0.0105"])
def test_an_exhausted_budget_refuses_a_check_of_zero_tokens(desk, limit):
    desk.set("acme", limit)
    if limit != "0":
        desk.track()
    assert desk.check(prompt=0, maximum=0).status == 429
    assert desk.check(prompt=0, maximum=0, dry_run=True).status == 429


class TestRepeatedCheck:
    def test_while_its_reservation_is_open_the_same_answer_comes_and_nothing_is_reserved(self, desk):
        desk.set("acme", CALL)
        first = desk.check(request_id="r")
        again = desk.check(request_id="r")
        assert again.reservation_id == first.reservation_id
        assert again.expires_at == first.expires_at
        assert spent_and_reserved(desk.url) == CALL

    def test_without_a_maximum_it_is_the_same_check_although_the_estimate_has_changed(self, desk):
        first = desk.check(maximum=None, request_id="r")
        desk.track(completion=7)
        again = desk.check(maximum=None, request_id="r")
        assert (again.reservation_id, again.reserved_usd) == (first.reservation_id, first.reserved_usd)

    def test_with_another_body_it_is_a_conflict(self, desk):
        desk.check(request_id="r")
        assert desk.check(prompt=1, request_id="r").status == 409

    def test_after_it_was_settled_it_is_already_settled(self, desk):
        first = desk.check(request_id="r")
        desk.track(reservation_id=first.reservation_id)
        again = desk.check(request_id="r")
        assert (again.status, again.body.error) == (409, "already_settled")

    @pytest.mark.parametrize("end", ["expired", "released"])
    def test_after_it_ended_it_reserves_anew_or_is_refused(self, desk, end):
        desk.set("acme", CALL)
        first = desk.check(request_id="r")
        if end == "expired":
            desk.now += timedelta(minutes=15)
        else:
            desk.release("acme", first.reservation_id)
        second = desk.check(request_id="r")
        assert second.reservation_id != first.reservation_id
        assert desk.check(request_id="other").status == 429
        desk.now += timedelta(minutes=15)
        assert desk.check(request_id="other").allowed
        assert desk.check(request_id="r").status == 429

    def test_four_rounds_of_repeating_and_calling_stay_in_the_budget(self, desk):
        desk.set("acme", CALL)
        allowed = 0
        for _ in range(4):
            answer = desk.check(request_id="r")
            if getattr(answer, "allowed", False):
                allowed += 1
                desk.track(reservation_id=answer.reservation_id)
            desk.now += timedelta(minutes=16)
        assert allowed == 1
        assert desk.entry().current_usage_usd == CALL


class TestChangesBySql:
    def test_deleting_and_creating_a_budget_again_keeps_what_was_spent_and_what_is_reserved(self, desk):
        desk.set("acme", 1)
        desk.track(prompt=0, completion=30_000)  # 0.45
        held = desk.check(prompt=0, maximum=30_000)  # 0.45
        sql(desk.url, "DELETE FROM ai_token_budgets WHERE tenant_id = 'acme'")
        desk.set("acme", 1)
        assert desk.entry().current_usage_usd == Decimal("0.45")
        assert desk.check(prompt=0, maximum=30_000).body.reason == "budget_reserved"
        desk.track(prompt=0, completion=30_000, reservation_id=held.reservation_id)
        assert desk.entry().current_usage_usd == Decimal("0.9")
        assert desk.check(prompt=0, maximum=30_000).body.reason == "budget_spent"

    @pytest.mark.parametrize("column", ["tenant_id", "model"])
    def test_a_budget_cannot_be_renamed(self, desk, column):
        desk.set("acme", 1)
        with pytest.raises(psycopg.errors.RestrictViolation, match="cannot be renamed"):
            sql(desk.url, f"UPDATE ai_token_budgets SET {column} = 'other' WHERE tenant_id = 'acme'")

    def test_a_manual_reset_frees_what_was_spent_but_not_what_is_reserved(self, desk):
        desk.set("acme", CALL * 2)
        desk.track()
        desk.check()
        assert desk.check().status == 429
        sql(
            desk.url,
            "UPDATE ai_token_budgets SET current_usage_usd = 0, token_count_input = 0,"
            " token_count_output = 0, hard_limit_reached = false, soft_limit_notified = false"
            " WHERE tenant_id = 'acme'",
        )
        assert desk.check().allowed
        assert desk.check().status == 429

    def test_a_row_inserted_under_another_name_of_a_model_is_refused(self, desk):
        for name in ("claude-3-5-sonnet-latest", "us.anthropic.claude-opus-5", "claude-sonnet-4-5-20250929"):
            with pytest.raises(psycopg.errors.CheckViolation):
                sql(
                    desk.url,
                    "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) VALUES ('a', %s, 1)",
                    name,
                )


class TestBudgetForAllModels:
    def test_both_budgets_must_have_room(self, desk):
        desk.set("acme", 1)
        desk.set("acme", CALL, model="*")
        assert desk.check().allowed
        refused = desk.check()
        assert (refused.body.reason, refused.body.budget) == ("budget_reserved", "*")
        desk.set("acme", 1, model="*")
        desk.set("acme", CALL)
        assert desk.check().body.budget == SONNET

    def test_it_is_enough_for_a_model_without_a_budget_and_counts_all_models(self, desk):
        desk.set("acme", "0.09", model="*")
        assert desk.check(model=OPUS, prompt=0, maximum=1000).allowed  # 0.075
        assert desk.check().allowed
        assert desk.check().status == 429
        desk.track(model=OPUS, prompt=0, completion=1000)
        assert desk.entry(model="*").current_usage_usd == Decimal("0.075")
        assert [budget.model for budget in desk.tenant().budgets] == ["*"]

    def test_created_later_it_counts_what_the_month_has_spent_already(self, desk):
        desk.track()
        desk.set("acme", 1, model="*")
        assert desk.entry(model="*").current_usage_usd == CALL

    def test_created_while_a_call_is_being_booked_it_counts_that_call(self, desk):
        desk.track()
        with psycopg.connect(desk.url) as booking, ThreadPoolExecutor(1) as pool:
            booking.execute("SELECT * FROM ai_budget_lock(%s, 'acme', %s)", [desk.now, [SONNET]])
            booking.execute(
                "INSERT INTO ai_token_usage"
                ' (tenant_id, model, prompt_tokens, completion_tokens, cost_usd, "timestamp")'
                " VALUES ('acme', %s, 1, 1, 0.5, %s)",
                [SONNET, desk.now],
            )
            creating = pool.submit(
                sql,
                desk.url,
                "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)"
                " VALUES ('acme', '*', 1, '2030-02-01') RETURNING current_usage_usd",
            )
            until(lambda: sql(desk.url, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
            booking.commit()
            assert creating.result() == [(CALL + Decimal("0.5"),)]


class TestMonthEnd:
    def test_a_month_begins_at_zero_by_itself_and_open_reservations_count_in_it(self, desk):
        desk.now = at("2030-01-31 23:59")
        desk.set("acme", CALL)
        held = desk.check()
        desk.now = at("2030-02-01 00:01")
        assert desk.check().body.reason == "budget_reserved"
        desk.track(reservation_id=held.reservation_id)
        assert desk.entry().current_usage_usd == CALL
        assert desk.check().body.reason == "budget_spent"
        desk.now = at("2030-03-01 00:00")
        assert desk.entry().current_usage_usd == 0
        assert desk.check().allowed

    def test_the_usage_of_a_month_is_what_was_booked_in_it(self, desk):
        desk.now = at("2030-01-31 23:59")
        held = desk.check()
        desk.track()
        desk.now = at("2030-02-01 00:01")
        desk.track(reservation_id=held.reservation_id)
        desk.now = at("2030-03-05 00:00")
        desk.tidy()
        february = desk.run(
            desk.service.budgets.usage("acme", UsageQuery(month=f"{desk.now:%Y}-02"), Caller())
        )
        closed = {entry.month: entry.spent_usd for entry in february.closed_months}
        assert february.total_cost_usd == CALL
        assert closed == {"2030-01": CALL, "2030-02": CALL}
        assert february.complete

    def test_a_server_whose_clock_runs_ahead_does_not_make_a_later_set_void(self, database):
        fast = Desk(database, server_clock=lambda: at("2100-01-01 00:00"))
        fast.track()
        right = Desk(database)
        right.set("acme", CALL)
        assert right.check().status == 429
        assert right.entry().current_usage_usd == CALL
        fast.close()
        right.close()
