"""How batches travel to PostgreSQL and back: whole, of any size, and not stopped by one that failed."""

import asyncio
import shutil
import time
from decimal import Decimal

import psycopg
import pytest

from functions.ai_budget import postgres
from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.migrate import migrate
from functions.ai_budget.records import Check, Early, Usage
from tests.functions.ai_budget.support import SONNET, Desk, at, short_directory, sql, until

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


@pytest.fixture
def a_replica_is_awaited():
    """Commits wait for a replica that does not exist, until the function it gives is called."""
    directory = short_directory() / "pg"
    url = postgres.start(directory)
    migrate(url)

    def waits():
        conn = psycopg.connect(url, autocommit=True)
        conn.pgconn.send_query(b"SELECT pg_logical_emit_message(true, 'probe', '')")
        time.sleep(0.05)
        event = sql(url, "SELECT wait_event FROM pg_stat_activity WHERE pid = %s", conn.info.backend_pid)
        conn.close()
        return event == [("SyncRep",)]

    def awaited(names):
        sql(url, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        sql(url, "SELECT pg_reload_conf()")
        until(lambda: waits() is bool(names))

    yield url, awaited
    postgres.stop(directory)
    shutil.rmtree(directory.parent, ignore_errors=True)


def test_rows_are_free_before_a_batch_is_durable_but_no_one_has_an_answer(a_replica_is_awaited):
    url, awaited = a_replica_is_awaited
    desk = Desk(url)
    named = a_check()._replace(request_id="r1", fingerprint="0" * 32)
    free, committed = [], []

    def held():
        with psycopg.connect(url) as conn:
            rows = conn.execute("SELECT reserved_usd FROM ai_token_budgets FOR UPDATE NOWAIT").fetchall()
            conn.rollback()
        return rows

    async def ask():
        await desk.ledger.book([a_call("first")])
        await asyncio.to_thread(awaited, "nobody")
        early = Early(lambda: free.extend(held()), committed.append)
        asks = [asyncio.ensure_future(desk.ledger.reserve([named], early=early))]
        await asyncio.sleep(0.3)
        assert free == [(CALL,)]
        # Each of these saw what is not durable yet.
        for asking in (desk.ledger.reserve([named]), desk.ledger.reserve([a_check()])):
            asks.append(asyncio.ensure_future(asking))
        asks.append(asyncio.ensure_future(desk.ledger.book([a_call("first")])))
        await asyncio.sleep(0.3)
        assert not any(asked.done() for asked in asks)
        await asyncio.to_thread(awaited, "")
        return await asyncio.gather(*asks)

    first, again, other, booked = desk.run(ask())
    assert [result.status for (result,) in (first, again, other, booked)] == ["ok", "replay", "ok", "replay"]
    assert committed[0][0] == first[0]
    assert again[0].reservation_id == first[0].reservation_id
    desk.close()


def test_a_batch_whose_connection_ends_before_it_is_durable_is_not_asked_again(a_replica_is_awaited):
    url, awaited = a_replica_is_awaited
    desk = Desk(url)
    desk.ledger._sql["backend"] = b"SELECT pg_backend_pid()"

    async def ask():
        await desk.ledger.book([a_call("first")])
        victim = (await desk.ledger.fetch("backend"))[0][0]
        await asyncio.to_thread(awaited, "nobody")
        early = Early(lambda: None, lambda _: None)
        asked = asyncio.ensure_future(desk.ledger.book([a_call("r1")], early=early))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(sql, url, "SELECT pg_terminate_backend(%s)", victim)
        await asyncio.wait([asked])
        await asyncio.to_thread(awaited, "")
        return asked.exception(), await desk.ledger.book([a_call("r1")])

    error, (booked,) = desk.run(ask())
    assert isinstance(error, Unavailable)
    assert booked.status == "replay"
    desk.close()
