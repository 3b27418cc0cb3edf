"""Plans are kept for as long as a connection lives: made while few tenants exist, they serve many as well."""

from datetime import timedelta
from decimal import Decimal

import pytest

from functions.ai_budget.ledger import Ledger
from functions.ai_budget.records import Check, Usage
from tests.functions.ai_budget.support import SONNET, Desk, at, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
CALL = Decimal("0.000001")
TENANTS = [f"t-{number}" for number in range(5)]

OTHERS = f"FROM (SELECT 'many-' || i AS tenant, '{SONNET}' AS model FROM generate_series(1, 4000) i) others"
GROWTH = f"""
SET session_replication_role = replica;
INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date, period_start)
    SELECT tenant, model, 1000, '2030-03-01Z', '2030-02-01' {OTHERS};
INSERT INTO ai_budget_months (tenant_id, model, period_start, monthly_limit_usd)
    SELECT tenant, model, '2030-01-01', 1000 {OTHERS};
INSERT INTO ai_budget_reservations (tenant_id, model, period_start, reserved_usd, expires_at, request_id)
    SELECT tenant, model, '2030-02-01', 0, '2030-02-15 11:00Z', 'r-1' {OTHERS};
INSERT INTO ai_token_usage (tenant_id, model, prompt_tokens, completion_tokens, cost_usd, timestamp,
    period_start, request_id)
    SELECT tenant, model, 1, 1, 0, '2030-02-15 11:00Z', '2030-02-01', 'r-1' {OTHERS};
INSERT INTO ai_budget_usage_totals SELECT tenant, model, '', 0, 1, 1, 1, '{{1}}' {OTHERS};
INSERT INTO ai_budget_changes (changed_by, source, tenant_id, model, field)
    SELECT 'me', 'sql', tenant, model, 'monthly_limit_usd' {OTHERS};
INSERT INTO ai_budget_outbox (tenant_id, model, period_start, threshold, monthly_limit_usd, spent_usd)
    SELECT tenant, model, '2030-02-01', 80, 1000, 900 {OTHERS};
"""
READ = (
    "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)::bigint"
    " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::bigint"
)


class Acts:
    """One of each request to the ledger, for five tenants; every turn is a month later."""

    def __init__(self, desk):
        self.desk, self.ledger, self.turn = desk, desk.ledger, 0

    def checks(self, now, estimated=False, named=False):
        request = f"check-{self.turn}" if named else None
        mark, maximum = "0" * 32 if named else None, None if estimated else 0
        return [Check(t, SONNET, now, request, mark, "", CALL, CALL, maximum) for t in TENANTS]

    def calls(self, now, reserved=(), cost=CALL):
        request = f"{now}-{len(reserved)}-{cost}"
        ids = [r.reservation_id for r in reserved] or [None] * len(TENANTS)
        return [
            Usage(t, SONNET, now, request, "0" * 32, "", 1, 1, 0, 0, cost, reservation)
            for t, reservation in zip(TENANTS, ids, strict=True)
        ]

    def settle(self, made, now, **more):
        reserved = self.desk.run(self.ledger.reserve(self.checks(made, **more)))
        return self.ledger.book(self.calls(now, reserved))

    def expire(self, now):
        self.desk.run(self.ledger.reserve(self.checks(now)))
        return self.ledger.reserve(self.checks(now + timedelta(minutes=15)))

    def all(self):
        """By name: what prepares the request and returns it."""
        self.turn += 1
        ledger, second = self.ledger, timedelta(seconds=1)
        first = at(f"2030-{self.turn:02}-01")
        now, before = first + 36 * second, first - second
        return {
            "reserve in a new month": lambda: ledger.reserve(self.checks(now)),
            "reserve": lambda: ledger.reserve(self.checks(now)),
            "reserve, not waiting": lambda: ledger.reserve(self.checks(now), wait=False),
            "reserve by estimate": lambda: ledger.reserve(self.checks(now, estimated=True)),
            "reserve once": lambda: ledger.reserve(self.checks(now, named=True)),
            "reserve again": lambda: ledger.reserve(self.checks(now, named=True)),
            "reserve in a closed month": lambda: ledger.reserve(self.checks(before)),
            "settle": lambda: self.settle(now, now + second),
            "settle a named one": lambda: self.settle(now, now + 2 * second, named=True),
            "settle after midnight": lambda: self.settle(before, first),
            "reserve behind expired ones": lambda: self.expire(now),
            "book": lambda: ledger.book(self.calls(now)),
            "book again": lambda: ledger.book(self.calls(now)),
            "book in a closed month": lambda: ledger.book(self.calls(before)),
            "book across the limit": lambda: ledger.book(self.calls(now, cost=Decimal(10_000))),
            "set": lambda: ledger.set_limit("t-1", SONNET, Decimal(1000 + self.turn), None, "admin", now),
            "tenant": lambda: ledger.tenant("t-1"),
            "usage": lambda: ledger.fetch("usage_days", "t-1", before, now),
            "months": lambda: ledger.fetch("months", "t-1"),
            "changes": lambda: ledger.fetch("changes", "t-1", 10),
        }


@pytest.fixture
def acts(server):
    desk = Desk(fresh_database(server))
    desk.ledger = Ledger(lambda: desk.url, desk.ledger.rules, size=1)  # one connection: one set of plans
    desk.ledger._sql["flush"] = b"SELECT pg_stat_force_next_flush()"
    tables = sql(desk.url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ai_%'")
    for (table,) in tables:  # new statistics would have the plans made again
        sql(desk.url, f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    yield Acts(desk)
    desk.close()


def test_what_a_request_reads_does_not_grow_with_the_tables(acts):
    desk = acts.desk

    def read(act):
        made = act()
        desk.run(desk.ledger.fetch("flush"))
        before = sql(desk.url, READ)[0][0]
        desk.run(made)
        desk.run(desk.ledger.fetch("flush"))
        return sql(desk.url, READ)[0][0] - before

    few = {name: read(act) for _ in range(3) for name, act in acts.all().items()}
    sql(desk.url, f"DO $$ BEGIN {GROWTH} END $$")
    many = {name: read(act) for name, act in acts.all().items()}
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name] + 100} == {}
