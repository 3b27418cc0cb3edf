"""Sequences of calls, changes by SQL, expiry and month ends that hypothesis makes up, on the real schema."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from functions.ai_budget.errors import ApiError
from tests.functions.ai_budget.support import HAIKU, SONNET, Desk, at, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
MODELS = st.sampled_from([SONNET, SONNET, SONNET, HAIKU])
BUDGETS = st.sampled_from([SONNET, SONNET, HAIKU, "*"])
LIMITS = st.sampled_from(["0", "0.01", "0.03", "0.1"])
TOKENS = st.sampled_from([0, 200, 600, 1000, 2000])
STEPS = st.sampled_from(
    [timedelta(minutes=4), timedelta(minutes=15), timedelta(hours=13), timedelta(days=20)]
)
POSITIONS = (
    "SELECT model, monthly_limit_usd, spent_usd, reserved_usd"
    " FROM ai_budget_positions(%s) WHERE tenant_id = %s"
)


def machine_on(url):
    numbers = itertools.count()

    class Budgets(RuleBasedStateMachine):
        reservations = Bundle("reservations")

        def __init__(self):
            super().__init__()
            self.desk = Desk(url, now=at("2030-01-30 12:00"), default_monthly_limit_usd="0.05")
            self.tenant = f"t{next(numbers)}"
            self.announced = {}
            self.reset = {}  # what a reset by SQL took out of a budget, with its month

        def teardown(self):
            self.desk.close()

        def positions(self):
            return {model: row for model, *row in sql(url, POSITIONS, self.desk.now, self.tenant)}

        @rule(target=reservations, model=MODELS, tokens=st.lists(TOKENS, min_size=1, max_size=4))
        def check_several(self, model, tokens):
            return multiple(*[r for maximum in tokens for r in self.checked(model, maximum, None)])

        @rule(target=reservations, model=MODELS, tokens=TOKENS, request=st.sampled_from(["r1", "r2"]))
        def check_with_a_request_id(self, model, tokens, request):
            return multiple(*self.checked(model, tokens, request))

        def checked(self, model, tokens, request):
            """The reservation of a check, none if it was refused."""
            answer = self.desk.check(
                self.tenant,
                prompt=0,
                maximum=tokens,
                model=model,
                request_id=request,
                reservation_seconds=900,
            )
            if isinstance(answer, ApiError):
                return []
            granted = answer.reservation_id not in self.announced
            self.announced[answer.reservation_id] = (model, tokens)
            for budget, (limit, spent, reserved) in self.positions().items():
                if budget in (model, "*") and granted:
                    assert spent + reserved <= limit, f"granted past the limit of {budget}"
            return [answer.reservation_id]

        @rule(
            reservation=reservations, share=st.integers(0, 100), request=st.sampled_from([None, "u1", "u2"])
        )
        def settle(self, reservation, share, request):
            model, tokens = self.announced[reservation]
            answer = self.desk.track(
                self.tenant,
                0,
                tokens * share // 100,
                model=model,
                reservation_id=reservation,
                request_id=request,
            )
            assert not isinstance(answer, ApiError) or answer.status == 409

        @rule(model=MODELS, tokens=TOKENS)
        def track_without_a_check(self, model, tokens):
            self.desk.track(self.tenant, 0, tokens, model=model)

        @rule(reservation=reservations)
        def release(self, reservation):
            self.desk.release(self.tenant, reservation)

        @rule(reservation=reservations)
        def extend(self, reservation):
            before = self.positions()
            self.desk.extend(self.tenant, reservation, 900)
            assert self.positions() == before

        @rule(model=BUDGETS, limit=LIMITS)
        def set_limit(self, model, limit):
            self.desk.set(self.tenant, limit, model=model)

        @rule(model=BUDGETS)
        def raise_for_an_hour(self, model):
            until = self.desk.now + timedelta(hours=1)
            self.desk.set(self.tenant, None, model=model, raise_usd="0.02", raise_until=until)

        @rule(model=BUDGETS)
        def delete_row(self, model):
            sql(url, "DELETE FROM ai_token_budgets WHERE tenant_id = %s AND model = %s", self.tenant, model)
            self.reset.pop(model, None)

        @rule()
        def reset_by_sql(self):
            for model, (_, spent, _) in self.positions().items():
                month, before = self.reset.get(model, (None, Decimal(0)))
                before = before if month == self.desk.now.month else Decimal(0)
                self.reset[model] = (self.desk.now.month, before + spent)
            self.desk.tidy()  # closes a month that ended, which a reset would wipe
            sql(
                url,
                "UPDATE ai_token_budgets SET current_usage_usd = 0, token_count_input = 0,"
                " token_count_output = 0, hard_limit_reached = false, soft_limit_notified = false"
                " WHERE tenant_id = %s",
                self.tenant,
            )

        @rule(model=BUDGETS, limit=LIMITS)
        def insert_row(self, model, limit):
            sql(
                url,
                "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)"
                " VALUES (%s, %s, %s, ai_budget_month_end(%s)) ON CONFLICT (tenant_id, model)"
                " DO UPDATE SET monthly_limit_usd = EXCLUDED.monthly_limit_usd",
                self.tenant,
                model,
                limit,
                self.desk.now,
            )

        @rule(step=STEPS)
        def later(self, step):
            self.desk.now += step

        @rule()
        def tidy(self):
            self.desk.tidy()

        @invariant()
        def usage_of_the_month_is_what_is_spent(self):
            start = self.desk.now.replace(day=1, hour=0, minute=0)
            log = dict(
                sql(
                    url,
                    "SELECT model, sum(cost_usd) FROM ai_token_usage"
                    ' WHERE tenant_id = %s AND "timestamp" >= %s GROUP BY model',
                    self.tenant,
                    start,
                )
            )
            for budget, (_, spent, _) in self.positions().items():
                expected = sum(log.values()) if budget == "*" else log.get(budget, Decimal(0))
                month, wiped = self.reset.get(budget, (None, Decimal(0)))
                expected -= wiped if month == self.desk.now.month else Decimal(0)
                assert spent == expected, f"{budget}: {spent} is spent, the log has {expected}"

        @invariant()
        def every_call_is_in_the_totals(self):
            (row,) = sql(
                url,
                "SELECT (SELECT sum(cost_usd) FROM ai_token_usage WHERE tenant_id = %s),"
                " (SELECT sum(cost_usd) FROM ai_budget_usage_totals WHERE tenant_id = %s)",
                self.tenant,
                self.tenant,
            )
            assert row[0] == row[1]

    return Budgets


def test_spent_and_reserved_never_pass_the_limit_at_a_grant_and_the_log_is_what_is_spent(server):
    run_state_machine_as_test(
        machine_on(fresh_database(server)),
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
