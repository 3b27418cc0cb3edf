"""Thresholds, notices, tiers and defaults of the AI budget service on a real PostgreSQL."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from functions.ai_budget.answers import instant
from tests.functions.ai_budget.support import HAIKU, OPUS, SONNET, Desk, at, sql, track_body

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
NOON = at("2026-05-12 12:00")
END = at("2026-05-31 23:59:59.999999")
START = at("2026-06-01 00:00")


class TestThresholds:
    def outbox(self, desk):
        return sql(desk.url, "SELECT tenant_id, threshold, sent_at FROM ai_budget_outbox ORDER BY id")

    def test_warning_begins_above_80_percent_not_at_it(self, desk):
        desk.set("acme", "0.1", NOON)
        desk.track("acme", NOON, 0, 5333)
        desk.track("acme", NOON, 1, 0)
        desk.track("acme", NOON, 1, 0)
        assert desk.entry("acme", NOON)["current_usage_usd"] == Decimal("0.080001")
        desk.set("acme", "0.10000125", NOON)
        entry = desk.entry("acme", NOON)
        assert (entry["percentage_used"], entry["status"]) == (80, "ok")
        assert "X-AI-Budget-Warning" not in desk.check("acme", NOON, 0, 1).headers
        desk.track("acme", NOON, 1, 0)
        assert desk.entry("acme", NOON)["status"] == "warning"
        assert desk.check("acme", NOON, 0, 1).headers["X-AI-Budget-Warning"] == "true"

    def test_crossing_80_percent_is_noticed_once_and_100_percent_once(self, desk):
        desk.set("acme", "0.1", NOON)
        for size in (5400, 100, 2000, 2000):
            desk.track("acme", NOON, 0, size)
        assert self.outbox(desk) == [("acme", 80, None), ("acme", 100, None)]

    def test_a_jump_from_nothing_over_the_limit_writes_both_notices(self, desk):
        desk.set("acme", "0.1", NOON)
        desk.track("acme", NOON, 0, 10_000)
        assert self.outbox(desk) == [("acme", 80, None), ("acme", 100, None)]

    def test_64_callers_crossing_at_once_give_exactly_one_notice(self, desk):
        desk.set("acme", "0.1", NOON)

        async def all_at_once():
            await asyncio.gather(*[desk.service.track(track_body("acme", 0, 90), NOON) for _ in range(64)])

        desk.run(all_at_once())
        assert self.outbox(desk) == [("acme", 80, None)]

    def test_falling_below_by_a_raise_and_crossing_again_writes_none(self, desk):
        desk.set("acme", "0.1", NOON)
        desk.track("acme", NOON, 0, 6000)
        desk.set("acme", "0.2", NOON)
        assert desk.entry("acme", NOON)["soft_limit_notified"] is True
        desk.track("acme", NOON, 0, 6000)
        assert self.outbox(desk) == [("acme", 80, None)]

    def test_lowering_the_limit_below_what_is_spent_blocks_at_once_and_is_noticed(self, desk):
        desk.set("acme", "0.1", NOON)
        desk.track("acme", NOON, 0, 4000)
        assert desk.set("acme", "0.05", NOON).body["status"] == "exceeded"
        assert desk.check("acme", NOON, 0, 1).status == 429
        assert [row[1] for row in self.outbox(desk)] == [80, 100]

    def test_a_late_settlement_that_crosses_in_a_closed_month_is_noticed_for_that_month(self, desk):
        desk.set("acme", "0.1", END)
        reservation = desk.check("acme", END, 0, 6000).body["reservation_id"]
        desk.track("acme", START, 0, 6000, reservation_id=reservation)
        assert sql(desk.url, "SELECT period_start::text, threshold FROM ai_budget_outbox") == [
            ("2026-05-01", 80)
        ]

    def test_the_hard_limit_flag_follows_the_last_check_and_a_raise_clears_it(self, desk):
        desk.set("acme", "0.03", NOON)
        assert desk.check("acme", NOON, 0, 3000).status == 429
        assert desk.entry("acme", NOON)["hard_limit_reached"] is True
        assert desk.check("acme", NOON, 0, 1000).status == 200
        assert desk.entry("acme", NOON)["hard_limit_reached"] is False
        assert desk.check("acme", NOON, 0, 3000).status == 429
        assert desk.set("acme", "0.04", NOON).body["hard_limit_reached"] is False


class TestBudgets:
    def test_an_unknown_tenant_shows_its_default_budget_and_nothing_is_written(self, desk):
        document = desk.tenant("acme", NOON)
        assert list(document) == ["tenant_id", "budgets", "total_usage_usd", "total_limit_usd"]
        assert list(document["budgets"][0]) == [
            "model", "monthly_limit_usd", "current_usage_usd", "percentage_used", "token_count_input",
            "token_count_output", "reset_date", "status", "soft_limit_notified", "hard_limit_reached",
        ]  # fmt: skip
        assert document["budgets"][0]["model"] == SONNET
        assert document["total_limit_usd"] == 1000
        assert sql(desk.url, "SELECT count(*) FROM ai_token_budgets") == [(0,)]

    def test_a_known_model_without_a_budget_is_403_and_an_unpriced_one_422(self, desk):
        assert desk.check("acme", NOON, 1, 1, model=OPUS).body["error"] == "no_budget"
        answer = desk.check("acme", NOON, 1, 1, model="gpt-none")
        assert (answer.status, answer.body["error"], answer.body["field"]) == (422, "unknown_model", "model")
        assert sql(desk.url, "SELECT count(*) FROM ai_token_budgets") == [(0,)]

    def test_a_track_without_a_budget_is_booked_against_a_budget_of_0_and_reported(self, desk):
        assert desk.track("acme", NOON, 1000, 0, model=OPUS).body["cost_usd"] == Decimal("0.015")
        assert desk.track("acme", NOON, 1, 1, model="gpt-none").status == 422
        entry = desk.entry("acme", NOON, OPUS)
        assert (entry["monthly_limit_usd"], entry["status"], entry["percentage_used"]) == (0, "exceeded", 100)
        assert desk.entry("acme", NOON, SONNET)["monthly_limit_usd"] == 1000
        thresholds = sql(desk.url, "SELECT threshold FROM ai_budget_outbox WHERE model = %s ORDER BY 1", OPUS)
        assert thresholds == [(80,), (100,)]

    def test_totals_are_over_all_models_of_a_tenant(self, desk):
        desk.set("acme", 500, NOON, SONNET)
        desk.set("acme", 70, NOON, HAIKU)
        desk.track("acme", NOON, 1000, 0, model=HAIKU)
        desk.track("acme", NOON, 1000, 0)
        document = desk.tenant("acme", NOON)
        assert document["total_limit_usd"] == 570
        assert document["total_usage_usd"] == Decimal("0.00325")

    @pytest.mark.parametrize(
        ("tier", "limit", "status"),
        [("starter", 500, 200), ("professional", 2000, 200), ("enterprise", 10_000, 200),
         ("custom", 50_000, 200),
         ("custom", 75_000, 200), ("custom", 49_999, 400), ("starter", 501, 400), ("gold", 500, 400)],
    )  # fmt: skip
    def test_a_tier_names_its_limit(self, desk, tier, limit, status):
        assert desk.set("acme", limit, NOON, tier=tier).status == status

    def test_a_setting_lands_in_the_change_log_with_who_and_what(self, desk):
        desk.set("acme", 500, NOON)
        desk.set("acme", "750.5", NOON)
        changes = desk.answer(desk.service.changes("acme", 10)).body["changes"]
        told = [(c["changed_by"], c["source"], c["field"], c["old_value"], c["new_value"]) for c in changes]
        assert told == [
            ("admin-test", "api", "monthly_limit_usd", "500", "750.5"),
            ("admin-test", "api", "monthly_limit_usd", None, "500"),
        ]

    def test_tenants_at_risk_are_those_above_80_percent(self, desk):
        for tenant, size in (("calm", 10), ("near", 1700), ("over", 2500)):
            desk.set(tenant, "0.03", NOON)
            desk.track(tenant, NOON, 0, size)

        def named(status, now=NOON):
            answer = desk.answer(desk.service.tenants(status, "", 10, now))
            return [t["tenant_id"] for t in answer.body["tenants"]]

        assert named("at-risk") == ["near", "over"]
        assert (named("ok"), named("warning"), named("exceeded")) == (["calm"], ["near"], ["over"])
        assert named("at-risk", START) == []
        first = desk.answer(desk.service.tenants("all", "", 2, NOON)).body
        rest = desk.answer(desk.service.tenants("all", first["next"], 2, NOON)).body
        assert [t["tenant_id"] for t in rest["tenants"]] == ["over"]
        assert rest["next"] is None


def test_a_price_override_and_other_settings_of_the_configuration_hold(database):
    prices = {"my-model": {"input_usd_per_mtok": Decimal(2), "output_usd_per_mtok": Decimal(4)}}
    desk = Desk(database, prices=prices, default_model="my-model", default_monthly_limit_usd=Decimal("0.01"),
                reservation_lifetime_seconds=60, default_completion_tokens=10)  # fmt: skip
    answer = desk.check("acme", NOON, 100, None, model="my-model")
    assert answer.body["reserved_usd"] == Decimal("0.00024")
    assert answer.body["expires_at"] == instant(NOON + timedelta(minutes=1))
    desk.close()
