"""The rules of the AI budget service on a real PostgreSQL, with the time said in every call."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from functions.ai_budget.answers import instant
from tests.functions.ai_budget.support import (
    OPUS,
    SONNET,
    at,
    check_body,
    sql,
    track_body,
)

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
NOON = at("2026-05-12 12:00")


def test_a_reservation_is_exactly_prompt_times_input_price_plus_maximum_times_output_price(desk):
    answer = desk.check("acme", NOON, 1234, 567)
    assert answer.status == 200
    assert answer.body["reserved_usd"] == 1234 * Decimal("0.000003") + 567 * Decimal("0.000015")
    assert answer.body["remaining_usd"] == 1000 - answer.body["reserved_usd"]
    assert answer.body["expires_at"] == instant(NOON + timedelta(minutes=15))
    assert answer.body["percentage_used"] == 0


def test_a_dollar_holds_exactly_33_calls_of_three_cents_whoever_asks_at_once(desk):
    desk.set("acme", 1, NOON)

    async def all_at_once():
        asks = [desk.service.check(check_body("acme", 0, 2000), NOON) for _ in range(200)]
        return await asyncio.gather(*asks, return_exceptions=True)

    answers = desk.run(all_at_once())
    assert sum(getattr(a, "status", 429) == 200 for a in answers) == 33
    assert {str(a) for a in answers if isinstance(a, Exception)} == {"AI Budget Exceeded"}


def test_reaching_the_limit_exactly_is_allowed_and_one_token_more_is_not(desk):
    desk.set("acme", "0.03", NOON)
    assert desk.check("acme", NOON, 1, 2000).status == 429
    assert desk.check("acme", NOON, 0, 2000).body["remaining_usd"] == 0
    assert desk.check("acme", NOON, 1, 0).status == 429


def test_a_refused_call_does_not_keep_a_smaller_one_of_the_same_batch_out(desk):
    desk.set("acme", "0.05", NOON)

    async def together():
        sizes = (2000, 2000, 1000)
        asks = [desk.service.check(check_body("acme", 0, size), NOON) for size in sizes]
        return await asyncio.gather(*asks, return_exceptions=True)

    assert [getattr(a, "status", 429) for a in desk.run(together())] == [200, 429, 200]


def test_over_budget_is_a_429_that_says_when_to_come_back_and_what_to_show(desk):
    desk.set("acme", "0.03", NOON)
    desk.track("acme", NOON, 0, 2000)
    answer = desk.check("acme", NOON, 0, 1)
    assert answer.status == 429
    assert answer.body["error"] == "Too Many Requests"
    assert answer.body["message"] == "AI Budget Exceeded"
    assert answer.body["fallback"] == "cached_template"
    assert answer.body["reset_date"] == at("2026-06-01 00:00")
    assert answer.headers["Retry-After"] == str(int((at("2026-06-01 00:00") - NOON).total_seconds()))


def test_a_check_is_answered_the_same_for_the_same_request_id_and_body(desk):
    first = desk.check("acme", NOON, 100, 50, request_id="r1")
    later = desk.check("acme", NOON + timedelta(minutes=1), 100, 50, request_id="r1")
    assert later == first
    assert sql(desk.url, "SELECT count(*) FROM ai_budget_reservations") == [(1,)]


def test_a_request_id_with_another_body_is_a_conflict_also_for_another_model(desk):
    desk.set("acme", 5, NOON, OPUS)
    desk.set("acme", 5, NOON, SONNET)
    assert desk.check("acme", NOON, 100, 50, request_id="r1").status == 200
    assert desk.check("acme", NOON, 101, 50, request_id="r1").status == 409
    assert desk.check("acme", NOON, 100, 50, request_id="r1", model=OPUS).status == 409
    assert desk.check("other", NOON, 101, 50, request_id="r1").status == 200
    assert desk.track("acme", NOON, 100, 50, request_id="r1").status == 200
    assert desk.track("acme", NOON, 100, 51, request_id="r1").status == 409


def test_a_refusal_is_not_remembered(desk):
    desk.set("acme", 0, NOON)
    assert desk.check("acme", NOON, 100, 50, request_id="r1").status == 429
    desk.set("acme", 1, NOON)
    assert desk.check("acme", NOON, 100, 50, request_id="r1").status == 200


def test_the_same_request_id_in_one_instant_reserves_once(desk):
    async def all_at_once():
        return await asyncio.gather(
            *[desk.service.check(check_body("acme", 1, 1, request_id="r1"), NOON) for _ in range(64)]
        )

    assert len({a.body for a in desk.run(all_at_once())}) == 1


def test_a_settlement_releases_what_was_left_of_its_reservation(desk):
    reservation = desk.check("acme", NOON, 1000, 1000).body["reservation_id"]
    booked = desk.track("acme", NOON, 1000, 100, reservation_id=reservation, request_id="t1")
    assert booked.body == {
        "recorded": True,
        "cost_usd": Decimal("0.0045"),
        "month": "2026-05",
        "reservation": "settled",
    }
    row = sql(desk.url, "SELECT current_usage_usd, reserved_usd FROM ai_token_budgets")[0]
    assert row == (Decimal("0.0045"), 0)


def test_a_second_track_of_one_reservation_is_booked_as_its_own_usage(desk):
    reservation = desk.check("acme", NOON, 1000, 1000).body["reservation_id"]
    for request, outcome in (("t1", "settled"), ("t2", "unknown")):
        answer = desk.track("acme", NOON, 10, 10, reservation_id=reservation, request_id=request)
        assert answer.body["reservation"] == outcome
    assert sql(desk.url, "SELECT count(*), sum(cost_usd) FROM ai_token_usage") == [(2, Decimal("0.00036"))]


def test_two_tracks_of_one_reservation_in_one_instant_release_it_once(desk):
    held = desk.check("acme", NOON, 1000, 1000).body["reserved_usd"]
    reservation = desk.check("acme", NOON, 1000, 1000).body["reservation_id"]

    async def together():
        body = track_body("acme", 10, 10, reservation_id=reservation)
        return await asyncio.gather(*[desk.service.track(body, NOON) for _ in range(3)])

    outcomes = [answer.body["reservation"] for answer in desk.run(together())]
    assert sorted(outcomes) == ["settled", "unknown", "unknown"]
    row = sql(desk.url, "SELECT current_usage_usd, reserved_usd FROM ai_token_budgets")[0]
    assert row == (Decimal("0.00054"), held)


def test_another_tenants_reservation_stays_as_it_is(desk):
    reservation = desk.check("acme", NOON, 1000, 1000).body["reservation_id"]
    assert desk.track("other", NOON, 10, 10, reservation_id=reservation).body["reservation"] == "unknown"
    assert sql(desk.url, "SELECT state FROM ai_budget_reservations") == [("o",)]


def test_a_track_sent_again_gives_the_same_answer_and_counts_once(desk):
    first = desk.track("acme", NOON, 10, 10, cache_read_tokens=7, request_id="t1")
    assert (
        desk.track("acme", NOON + timedelta(hours=1), 10, 10, cache_read_tokens=7, request_id="t1") == first
    )
    assert desk.track("acme", NOON, 10, 10, cache_read_tokens=8, request_id="t1").status == 409
    assert desk.entry("acme", NOON)["current_usage_usd"] == first.body["cost_usd"]


def test_a_reservation_that_is_never_settled_stops_counting_when_it_expires(desk):
    desk.set("acme", "0.03", NOON)
    reservation = desk.check("acme", NOON, 0, 2000).body["reservation_id"]
    assert desk.check("acme", NOON + timedelta(minutes=15, microseconds=-1), 0, 2000).status == 429
    assert desk.check("acme", NOON + timedelta(minutes=15), 0, 2000).status == 200
    late = desk.track("acme", NOON + timedelta(minutes=20), 0, 2000, reservation_id=reservation)
    assert late.body["reservation"] == "expired"
    assert late.body["cost_usd"] == Decimal("0.03")
    reserved = sql(desk.url, "SELECT reserved_usd, current_usage_usd FROM ai_token_budgets")
    assert reserved == [(Decimal("0.03"), Decimal("0.03"))]


def test_usage_above_its_reservation_is_booked_reported_and_blocks_what_comes_next(desk):
    desk.set("acme", "0.03", NOON)
    reservation = desk.check("acme", NOON, 0, 100).body["reservation_id"]
    assert desk.track("acme", NOON, 0, 10_000, reservation_id=reservation).status == 200
    entry = desk.entry("acme", NOON)
    assert (entry["status"], entry["current_usage_usd"]) == ("exceeded", Decimal("0.15"))
    assert entry["percentage_used"] == Decimal("500.00")
    assert desk.check("acme", NOON, 0, 1).status == 429


def test_cache_tokens_cost_their_own_price_and_count_as_input(desk):
    answer = desk.track("acme", NOON, 100, 10, cache_read_tokens=1000, cache_write_tokens=100)
    expected = (100 * 3 + 10 * 15 + 1000 * Decimal("0.3") + 100 * Decimal("3.75")) / 1_000_000
    assert answer.body["cost_usd"] == expected
    entry = desk.entry("acme", NOON)
    assert (entry["token_count_input"], entry["token_count_output"]) == (1200, 10)


class TestMonths:
    END = at("2026-05-31 23:59:59.999999")
    START = at("2026-06-01 00:00")

    def test_the_last_microsecond_and_the_first_instant_belong_to_their_own_months(self, desk):
        desk.set("acme", "0.03", self.END)
        assert desk.check("acme", self.END, 0, 2000).status == 200
        assert desk.check("acme", self.END, 0, 2000).status == 429
        assert desk.check("acme", self.START, 0, 2000).status == 200
        assert desk.check("acme", self.START, 0, 2000).status == 429
        months = sql(
            desk.url, "SELECT period_start::text, reserved_usd FROM ai_budget_reservations ORDER BY 1"
        )
        assert months == [("2026-05-01", Decimal("0.03")), ("2026-06-01", Decimal("0.03"))]

    def test_a_settlement_after_midnight_goes_to_its_reservations_month(self, desk):
        reservation = desk.check("acme", self.END, 0, 2000).body["reservation_id"]
        answer = desk.track("acme", self.START, 0, 1000, reservation_id=reservation)
        assert answer.body["month"] == "2026-05"
        assert desk.entry("acme", self.START)["current_usage_usd"] == 0
        closed = sql(desk.url, "SELECT period_start::text, spent_usd, reserved_usd FROM ai_budget_months")
        assert closed == [("2026-05-01", Decimal("0.015"), 0)]

    def test_what_expired_in_a_closed_month_is_free_for_a_clock_that_is_still_in_it(self, desk):
        desk.set("acme", "0.03", self.END)
        assert desk.check("acme", self.END - timedelta(minutes=16), 0, 2000).status == 200
        assert desk.track("acme", self.START, 0, 1).status == 200
        assert desk.check("acme", self.END, 0, 2000).status == 200

    def test_a_process_whose_clock_is_behind_still_works_on_its_own_month(self, desk):
        desk.set("acme", "0.03", self.START)
        assert desk.check("acme", self.START, 0, 2000).status == 200
        assert desk.check("acme", self.END, 0, 2000).status == 200
        assert desk.check("acme", self.END, 0, 1).status == 429
        assert desk.track("acme", self.END, 0, 10).body["month"] == "2026-05"
        assert desk.entry("acme", self.START)["current_usage_usd"] == 0

    def test_a_new_month_starts_at_zero_for_a_tenant_that_nobody_touched(self, desk):
        desk.set("acme", "0.03", NOON)
        desk.track("acme", NOON, 0, 3000)
        entry = desk.entry("acme", NOON)
        assert (entry["status"], entry["hard_limit_reached"], entry["soft_limit_notified"]) == (
            "exceeded",
            True,
            True,
        )
        entry = desk.entry("acme", self.START)
        assert entry["current_usage_usd"] == entry["token_count_output"] == entry["percentage_used"] == 0
        assert (entry["status"], entry["hard_limit_reached"], entry["soft_limit_notified"]) == (
            "ok",
            False,
            False,
        )
        assert entry["reset_date"] == at("2026-07-01 00:00")
        assert desk.check("acme", self.START, 0, 2000).status == 200

    def test_a_closed_month_stays_readable(self, desk):
        desk.set("acme", 5, NOON)
        desk.track("acme", NOON, 1000, 1000, report_type="quarterly-report")
        desk.run(desk.ledger.tidy(at("2026-08-03 00:00"), timedelta(days=35)))
        usage = desk.answer(
            desk.service.usage("acme", at("2026-05-01 00:00").date(), at("2026-08-03 00:00"))
        ).body
        assert usage["complete"] is True
        assert usage["days"][0]["cost_usd"] == usage["total_cost_usd"] == Decimal("0.018")
        assert usage["days"][0]["report_type"] == "quarterly-report"
        assert usage["closed_months"] == [
            {
                "month": "2026-05",
                "model": SONNET,
                "monthly_limit_usd": 5,
                "spent_usd": Decimal("0.018"),
                "token_count_input": 1000,
                "token_count_output": 1000,
            }
        ]


class TestEstimates:
    def test_without_history_the_default_is_reserved(self, desk):
        assert desk.check("acme", NOON, 0, None).body["reserved_usd"] == 1000 * Decimal("0.000015")

    def test_a_tracked_completion_counts_at_once_and_for_its_own_report_type_only(self, desk):
        desk.track("acme", NOON, 0, 400, report_type="draft")
        assert desk.check("acme", NOON, 0, None, report_type="draft").body["reserved_usd"] == Decimal("0.006")
        for other in ({"report_type": "final"}, {"report_type": ""}):
            assert desk.check("acme", NOON, 0, None, **other).body["reserved_usd"] == Decimal("0.015")
        assert desk.check("other", NOON, 0, None, report_type="draft").body["reserved_usd"] == Decimal(
            "0.015"
        )

    def test_a_high_percentile_of_the_last_completions_is_reserved_and_an_outlier_is_not(self, desk):
        for size in [*range(1, 51), 90_000]:
            desk.track("acme", NOON, 0, size)
        assert desk.check("acme", NOON, 0, None).body["reserved_usd"] == 49 * Decimal("0.000015")

    def test_at_least_nine_tenths_of_a_budget_can_be_used_without_a_maximum(self, desk):
        desk.set("acme", 1, NOON)
        calls = 0
        while (answer := desk.check("acme", NOON, 5000, None)).status == 200:
            size = 500 + calls * 37 % 1000
            desk.track("acme", NOON, 5000, size, reservation_id=answer.body["reservation_id"])
            calls += 1
        assert Decimal("0.9") <= desk.entry("acme", NOON)["current_usage_usd"] <= 1


def test_a_batch_of_many_tenants_waits_for_none_whose_row_is_held(desk):
    import psycopg

    for tenant in ("held", "free"):
        desk.set(tenant, 5, NOON)
    with psycopg.connect(desk.url) as conn:
        conn.execute("SELECT 1 FROM ai_token_budgets WHERE tenant_id = 'held' FOR UPDATE")

        async def both():
            held = asyncio.create_task(desk.service.check(check_body("held"), NOON))
            free = await asyncio.wait_for(desk.service.check(check_body("free"), NOON), 2)
            waiting = not held.done()
            conn.rollback()
            return free.status, waiting, (await held).status

        assert desk.run(both()) == (200, True, 200)
