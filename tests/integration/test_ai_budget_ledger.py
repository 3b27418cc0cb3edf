"""How batches travel to PostgreSQL and back: whole, of any size, and not stopped by one that failed."""

import asyncio
from decimal import Decimal

import psycopg
import pytest

from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.records import Check, Usage
from tests.functions.ai_budget.support import SONNET, at, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
NOW = at("2030-01-30 12:00")
CALL = Decimal("0.000001")


def a_check(number=0, kind=""):
    return Check(f"t-{number}", SONNET, NOW, None, None, kind, CALL, CALL, 0)


def a_call(request, reservation=None):
    return Usage("t-0", SONNET, NOW, request, "0" * 32, "", 1, 1, 0, 0, CALL, reservation)


def backend(desk):
    return desk.run(desk.ledger.fetch("backend"))[0][0]


@pytest.fixture
def desk(desk):
    desk.ledger._sql["backend"] = b"SELECT pg_backend_pid()"
    return desk


def test_a_batch_larger_than_a_socket_takes_at_once_goes_out_and_comes_back_whole(desk):
    checks = [a_check(number % 7, f"{number:0128}") for number in range(6000)]
    reserved = desk.run(desk.ledger.reserve(checks))
    assert [r.status for r in reserved] == ["ok"] * 6000
    ids = dict(sql(desk.url, "SELECT id::text, report_type FROM ai_budget_reservations"))
    assert [ids[r.reservation_id] for r in reserved] == [c.report_type for c in checks]


def test_a_refused_statement_has_its_own_error_and_its_connection_stays_in_use(desk):
    before = backend(desk)
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        desk.run(desk.ledger.book([a_call("r1", reservation="no-uuid")]))
    assert desk.run(desk.ledger.book([a_call("r1")]))[0].status == "ok"
    assert backend(desk) == before


def test_a_statement_whose_connection_ends_in_between_is_asked_again_if_that_does_no_harm(desk):
    desk.run(desk.ledger.reserve([a_check()]))
    victim = backend(desk)
    with psycopg.connect(desk.url) as conn:
        conn.execute("SELECT 1 FROM ai_token_budgets FOR UPDATE")

        async def cut(asking):
            asked = asyncio.ensure_future(asking)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(sql, desk.url, "SELECT pg_terminate_backend(%s)", victim)
            conn.rollback()
            return await asked

        booked = desk.run(cut(desk.ledger.book([a_call("r1")], wait=True)))
    assert booked[0].status == "ok"
    victim = backend(desk)
    with psycopg.connect(desk.url) as conn:
        conn.execute("SELECT 1 FROM ai_token_budgets FOR UPDATE")
        with pytest.raises(Unavailable):
            desk.run(cut(desk.ledger.reserve([a_check()], wait=True)))
    assert desk.run(desk.ledger.reserve([a_check()]))[0].status == "ok"
