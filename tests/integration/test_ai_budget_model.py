"""The ledger against a tiny model of it, in sequences that hypothesis makes up."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.functions.ai_budget.support import Desk, at, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
PER_TOKEN = Decimal("0.000015")
LIFETIME = timedelta(minutes=15)
TENANTS = st.sampled_from(["a", "b"])
TOKENS = st.integers(0, 4000)
LIMITS = st.sampled_from(["0", "0.01", "0.03", "0.1"])


@dataclass
class Reservation:
    tenant: str
    month: str
    amount: Decimal
    expires: object
    settled: bool = False


class Account:
    """What the model knows of a tenant."""

    def __init__(self, limit):
        self.limit = limit
        self.spent = {}
        self.logged = Decimal(0)
        self.soft = {}
        self.notices = {}
        self.asked = {}
        self.tracked = {}


def machine_on(url):
    numbers = itertools.count()

    class Ledger(RuleBasedStateMachine):
        reservations = Bundle("reservations")

        @initialize()
        def begin(self):
            self.desk = Desk(url)
            self.now = at("2030-01-30 12:00")
            self.names = {tenant: f"{tenant}{next(numbers)}" for tenant in "ab"}
            self.accounts = {}
            self.open = {}

        def teardown(self):
            self.desk.close()

        @property
        def month(self):
            return f"{self.now:%Y-%m}"

        def account(self, tenant):
            return self.accounts.setdefault(tenant, Account(Decimal(1000)))

        def reserved(self, tenant):
            return sum(
                r.amount for r in self.open.values()
                if (r.tenant, r.month) == (tenant, self.month) and not r.settled and r.expires > self.now
            )  # fmt: skip

        def notice(self, account):
            spent = account.spent.get(self.month, Decimal(0))
            soft, hard = account.soft.get(self.month, (False, False))
            over, full = spent * 100 > account.limit * 80, spent >= account.limit and spent > 0
            count = account.notices.get(self.month, 0)
            account.notices[self.month] = count + (over and not soft) + (full and not hard)
            account.soft[self.month] = (soft or over, hard or full)

        @rule(tenant=TENANTS, limit=LIMITS)
        def set_limit(self, tenant, limit):
            assert self.desk.set(self.names[tenant], limit, self.now).status == 200
            account = self.account(tenant)
            account.limit = Decimal(limit)
            self.notice(account)

        @rule(
            target=reservations,
            tenant=TENANTS,
            tokens=TOKENS,
            request=st.sampled_from([None, None, "r1", "r2"]),
        )
        def check(self, tenant, tokens, request):
            account = self.account(tenant)
            answer = self.desk.check(self.names[tenant], self.now, 0, tokens, request_id=request)
            if request in account.asked:
                body, reservation = account.asked[request]
                assert answer.status == (200 if body == tokens else 409)
                if body == tokens:
                    assert answer.body["reservation_id"] == reservation
                return multiple()
            free = account.limit - account.spent.get(self.month, 0) - self.reserved(tenant)
            amount = tokens * PER_TOKEN
            assert answer.status == (200 if amount <= free else 429)
            assert answer.body["remaining_usd"] == free - (amount if answer.status == 200 else 0)
            if answer.status != 200:
                return multiple()
            made = answer.body["reservation_id"]
            self.open[made] = Reservation(tenant, self.month, amount, self.now + LIFETIME)
            if request:
                account.asked[request] = (tokens, made)
            return made

        @rule(tenant=TENANTS, tokens=TOKENS, request=st.sampled_from([None, "t1", "t2"]))
        def track_alone(self, tenant, tokens, request):
            self.track(tenant, tokens, request, None)

        @rule(reservation=reservations, tokens=TOKENS, request=st.sampled_from([None, None, "t1", "t2"]))
        def settle(self, reservation, tokens, request):
            self.track(self.open[reservation].tenant, tokens, request, reservation)

        def track(self, tenant, tokens, request, reservation):
            account, body = self.account(tenant), (tokens, reservation)
            answer = self.desk.track(
                self.names[tenant], self.now, 0, tokens, request_id=request, reservation_id=reservation
            )
            if request in account.tracked:
                assert answer.status == (200 if account.tracked[request] == body else 409)
                return
            assert answer.status == 200
            cost, month = tokens * PER_TOKEN, self.month
            assert answer.body["cost_usd"] == cost
            if reservation and not self.open[reservation].settled:
                self.open[reservation].settled = True
                month = self.open[reservation].month
            assert answer.body["month"] == month
            account.spent[month] = account.spent.get(month, Decimal(0)) + cost
            account.logged += cost
            if request:
                account.tracked[request] = body
            self.notice(account)

        @rule(tenant=TENANTS)
        def reset(self, tenant):
            if tenant in self.accounts:
                self.desk.set(self.names[tenant], self.accounts[tenant].limit, self.now)
                spent = self.accounts[tenant].spent.get(self.month, Decimal(0))
                soft = self.accounts[tenant].soft.get(self.month, (False, False))[0]
                sql(
                    url,
                    "UPDATE ai_token_budgets SET current_usage_usd = 0, token_count_input = 0,"
                    " token_count_output = 0,"
                    " hard_limit_reached = false, soft_limit_notified = false WHERE tenant_id = %s",
                    self.names[tenant],
                )
                if spent or soft:
                    self.accounts[tenant].soft[self.month] = (False, False)
                self.accounts[tenant].spent[self.month] = Decimal(0)

        @rule(step=st.sampled_from([timedelta(minutes=4), LIFETIME, timedelta(hours=13), timedelta(days=20)]))
        def later(self, step):
            self.now += step

        @rule()
        def tidy(self):
            self.desk.run(self.desk.ledger.tidy(self.now, timedelta(days=3650)))

        @invariant()
        def agree(self):
            for tenant, account in getattr(self, "accounts", {}).items():
                entry = self.desk.entry(self.names[tenant], self.now)
                assert entry["current_usage_usd"] == account.spent.get(self.month, 0)
                assert entry["monthly_limit_usd"] == account.limit
                name = self.names[tenant]
                found = sql(
                    url,
                    "SELECT (SELECT COALESCE(sum(cost_usd), 0) FROM ai_token_usage WHERE tenant_id = %s),"
                    " (SELECT COALESCE(sum(cost_usd), 0) FROM ai_budget_usage_totals WHERE tenant_id = %s),"
                    " (SELECT COALESCE(sum(reserved_usd), 0) FROM ai_budget_reservations"
                    "  WHERE tenant_id = %s AND state = 'o'),"
                    " (SELECT COALESCE(sum(reserved_usd), 0) FROM ai_token_budgets WHERE tenant_id = %s)"
                    " + (SELECT COALESCE(sum(reserved_usd), 0) FROM ai_budget_months WHERE tenant_id = %s),"
                    " (SELECT count(*) FROM ai_budget_outbox WHERE tenant_id = %s AND period_start = %s)",
                    *(name,) * 6,
                    f"{self.month}-01",
                )[0]
                assert found[0] == found[1] == account.logged
                assert found[2] == found[3]
                assert found[4] == account.notices.get(self.month, 0)

    return Ledger


def test_the_ledger_agrees_with_its_model_in_any_sequence_of_steps(database):
    checks = settings(
        max_examples=30,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine_on(database), settings=checks)
