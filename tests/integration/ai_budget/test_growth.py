"""Plans live as long as a connection: those made while few tenants exist must also serve many."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from functions.ai_budget.auth import Caller
from functions.ai_budget.budgets import ChangesQuery, UsageQuery
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError
from functions.ai_budget.ledger import Ledger, queries
from functions.ai_budget.schemas import CheckRequest, ExtendRequest, ReleaseRequest, SetRequest, TrackRequest
from functions.ai_budget.service import Service
from tests.functions.ai_budget.support import SONNET, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
OTHERS = f"FROM (SELECT 'many-' || i AS tenant, '{SONNET}' AS model FROM generate_series(1, 4000) AS i)"
GROWTH = f"""
SET session_replication_role = replica;
INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) SELECT tenant, model, 1000 {OTHERS};
INSERT INTO ai_budget_months SELECT tenant, model, '2020-01-01', 1000, 1, 1, 1 {OTHERS};
INSERT INTO ai_budget_reservations (tenant_id, model, amount_usd, request_id)
    SELECT tenant, model, 1, 'r' {OTHERS};
INSERT INTO ai_token_usage (tenant_id, model, prompt_tokens, completion_tokens, cost_usd, request_id)
    SELECT tenant, model, 1, 1, 1, 'r' {OTHERS};
INSERT INTO ai_unpriced_usage
    SELECT tenant, model, model, '', 1, 1, 0, 0, 0, 0, '', '', '', now(), now(), NULL, NULL, 'r' {OTHERS};
INSERT INTO ai_budget_usage_totals SELECT tenant, model, '', 1, 1, 1, 1, '{{1}}' {OTHERS};
INSERT INTO ai_budget_changes (changed_by, source, tenant_id, model, field)
    SELECT 'me', 'sql', tenant, model, 'monthly_limit_usd' {OTHERS};
INSERT INTO ai_budget_outbox (tenant_id, model, month, threshold, monthly_limit_usd, spent_usd, expanded_at)
    SELECT tenant, model, '2020-01-01', 80, 1000, 900, now() {OTHERS};
"""
ROWS_READ = (
    "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)::bigint"
    " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::bigint"
)
Request = Callable[[], Awaitable[Any]]


class OneConnection:
    """The service with a single connection to the database, and so with one set of plans."""

    def __init__(self, url: str) -> None:
        self.url, self.loop, self.numbers = url, asyncio.new_event_loop(), itertools.count()
        self.ledger = Ledger(lambda: url, size=1)
        self.service = Service(self.ledger, Config())
        self.loop.run_until_complete(self.ledger.open())

    def run(self, request: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(request)

    def rows_read(self, request: Request) -> int:
        self.run(self.ledger.fetch("flush"))
        before = sql(self.url, ROWS_READ)[0][0]
        with suppress(ApiError):
            self.run(request())
        self.run(self.ledger.fetch("flush"))
        return sql(self.url, ROWS_READ)[0][0] - before

    def requests(self) -> dict[str, Request]:
        """One request of each kind, for one tenant; some need the reservations that are made here."""
        service, number = self.service, next(self.numbers)

        def check(**fields: Any) -> Awaitable[Any]:
            call = {"tenant_id": "t", "model": SONNET, "estimated_prompt_tokens": 9}
            return service.check(CheckRequest.model_validate(call | {"max_completion_tokens": 9} | fields))

        def track(**fields: Any) -> Awaitable[Any]:
            call = {"tenant_id": "t", "model": SONNET, "prompt_tokens": 9, "completion_tokens": 9}
            return service.track(TrackRequest.model_validate(call | fields))

        held = [self.run(check())[0].reservation_id for _ in range(3)]
        named = self.run(check(request_id=f"named-{number}"))[0].reservation_id
        limit = SetRequest(tenant_id="t", model=SONNET, monthly_limit_usd=Decimal(1000 + number))
        release, caller = ReleaseRequest(tenant_id="t", reservation_id=held[1]), Caller("admin")
        extend = ExtendRequest(tenant_id="t", reservation_id=held[2], reservation_seconds=60)
        return {
            "check": check,
            "check by an estimate": lambda: check(max_completion_tokens=None),
            "check with a request id": lambda: check(request_id=f"check-{number}"),
            "check again": lambda: check(request_id=f"check-{number}"),
            "check with a budget for all models": lambda: check(tenant_id="t-all"),
            "check that is refused": lambda: check(estimated_prompt_tokens=90_000_000),
            "track": track,
            "track again": lambda: track(request_id=f"track-{number}"),
            "track with a reservation": lambda: track(reservation_id=held[0]),
            "track with a named reservation": lambda: track(reservation_id=named),
            "track without a price": lambda: track(model="gpt-5.4"),
            "release": lambda: service.release(release, caller),
            "extend": lambda: service.extend(extend, caller),
            "set": lambda: service.budgets.set_budget(limit, caller),
            "tenant": lambda: service.budgets.tenant("t", caller),
            "usage": lambda: service.budgets.usage("t", UsageQuery(), caller),
            "changes": lambda: service.budgets.changes("t", ChangesQuery(limit=10), caller),
        }


@pytest.fixture
def one_connection(server: str) -> Iterator[OneConnection]:
    url = fresh_database(server)
    sql(url, "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) VALUES ('t-all', '*', 1000)")
    for (table,) in sql(url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ai_%'"):
        sql(url, f"ALTER TABLE {table} SET (autovacuum_enabled = off)")  # new statistics renew the plans
    service = OneConnection(url)
    service.ledger._queries = {
        **{name: text.encode() for name, text in queries().items()},
        "flush": b"SELECT pg_stat_force_next_flush()",
    }
    yield service
    service.run(service.ledger.close())
    service.loop.close()


def test_what_a_request_reads_does_not_grow_with_the_tables(one_connection: OneConnection) -> None:
    few: dict[str, int] = {}
    for _ in range(7):  # PostgreSQL makes a generic plan at the sixth execution
        few = {name: one_connection.rows_read(request) for name, request in one_connection.requests().items()}
    sql(one_connection.url, GROWTH)
    many = {name: one_connection.rows_read(request) for name, request in one_connection.requests().items()}
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name] + 100} == {}
