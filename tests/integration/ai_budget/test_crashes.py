"""The AI budget service while its processes and its database are killed."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from functions.ai_budget.serve import postgres
from tests.functions.ai_budget.storms import Caller, Fleet, spend_it_all, track_all
from tests.functions.ai_budget.support import (
    SONNET,
    Served,
    durable,
    kill_postgres,
    postmaster,
    short_directory,
    sql,
    until,
)

__all__ = ["durable"]
pytestmark = pytest.mark.postgres
LIMIT = Decimal("18.02")
FIT = 600


def test_no_overspend_with_4_processes_and_256_clients_while_processes_are_killed(durable):
    url = durable[1]
    fleet = Fleet(url, 4, seed=1)
    sql(
        url,
        "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) VALUES ('hot', %s, %s)",
        SONNET,
        LIMIT,
    )
    samples, stop = [], threading.Event()

    def sample():
        with psycopg.connect(url, autocommit=True) as conn:
            while not stop.is_set():
                row = conn.execute("SELECT spent_usd + reserved_usd FROM ai_budget_position").fetchone()
                samples.append(row[0])
                time.sleep(0.005)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        given = asyncio.run(spend_it_all(fleet, "hot", clients=256, kill_every=150))
    finally:
        stop.set()
        sampler.join()
        fleet.stop()
    assert fleet.kills >= 2
    assert len(given) == FIT
    assert set(given.values()) == {1}
    assert len(samples) > 20
    assert max(samples) == FIT * Decimal("0.03")
    counted = sql(url, "SELECT count(*), sum(amount_usd) FROM ai_budget_reservations")
    assert counted == [(FIT, FIT * Decimal("0.03"))]


def test_each_track_is_counted_exactly_once_while_processes_are_killed(durable):
    url = durable[1]
    fleet = Fleet(url, 2, seed=2)
    try:
        expected = asyncio.run(track_all(fleet, "once", calls=1000, clients=64, kill_every=750, seed=3))
    finally:
        fleet.stop()
    assert fleet.kills >= 2
    logged = "SELECT count(*), count(DISTINCT request_id), sum(cost_usd) FROM ai_token_usage"
    assert sql(url, logged) == [(1000, 1000, expected)]
    assert sql(url, "SELECT current_usage_usd FROM ai_token_budgets") == [(expected,)]
    assert sql(url, "SELECT sum(cost_usd) FROM ai_budget_usage_totals") == [(expected,)]


def test_nothing_acknowledged_is_lost_when_postgresql_is_killed_and_no_restart_of_ours_is_needed(durable):
    directory, url = durable
    served = Served("--database-url", url, "--workers", "2")
    acknowledged, given = [], []

    async def storm():
        async def client(number):
            caller = Caller([served.url], number)
            for turn in range(40):
                request = {"tenant_id": f"t{number % 3}", "model": SONNET, "request_id": f"{number}-{turn}"}
                ask = request | {"estimated_prompt_tokens": 10, "max_completion_tokens": 10}
                given.append((await caller.post("check", ask))[1]["reservation_id"])
                used = {"prompt_tokens": 10, "completion_tokens": 10, "reservation_id": given[-1]}
                status, _ = await caller.post("track", request | used)
                assert status == 200
                acknowledged.append(request["request_id"])
            caller.close()

        async def killer():
            for mark in (200, 500):
                while len(acknowledged) < mark:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(kill_postgres, directory)
                await asyncio.to_thread(postgres.start, directory)

        await asyncio.gather(killer(), *[client(number) for number in range(24)])

    asyncio.run(storm())
    assert len(acknowledged) == 24 * 40
    assert sql(url, "SELECT count(*), count(DISTINCT request_id) FROM ai_token_usage") == [(960, 960)]
    assert sql(url, "SELECT count(*) FROM ai_budget_reservations WHERE state = 'settled'") == [(960,)]
    assert sql(url, "SELECT sum(reserved_usd) FROM ai_budget_position") == [(0,)]
    assert len(set(given)) == 960
    assert served.stop() == 0


def test_while_postgresql_is_away_every_answer_comes_and_afterwards_all_is_normal(durable):
    directory, url = durable
    served = Served("--database-url", url, "--workers", "1")
    check = {"tenant_id": "a", "model": SONNET, "estimated_prompt_tokens": 1, "max_completion_tokens": 1}
    track = {"tenant_id": "a", "model": SONNET, "prompt_tokens": 1, "completion_tokens": 1}
    assert served.post("check", check).status_code == 200
    kill_postgres(directory)
    for path, body in (("check", check), ("track", track)):
        began = time.monotonic()
        answer = served.post(path, body)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert time.monotonic() - began < 5
    assert served.http.get("/healthz").status_code == 200
    assert served.http.get("/readyz").status_code == 503
    assert served.http.get("/api/ai-budget/tenant/a").status_code == 503
    page = served.http.get("/metrics").text
    assert "\nai_budget_database_up 0.0\n" in page
    assert "ai_token_usage_cost_usd" not in page
    postgres.start(directory)
    until(lambda: served.post("check", check).status_code == 200, 10)
    assert served.post("track", track).status_code == 200
    assert served.stop() == 0


def test_a_database_that_hangs_is_given_up_within_5_seconds(durable):
    directory, url = durable
    served = Served("--database-url", url, "--workers", "1")
    check = {"tenant_id": "a", "model": SONNET, "estimated_prompt_tokens": 1, "max_completion_tokens": 1}
    assert served.post("check", check).status_code == 200
    stopped = [
        int(pid) for (pid,) in sql(url, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    ]
    stopped.append(postmaster(directory))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert served.post("check", check).status_code == 503
        assert time.monotonic() - began < 5
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)
    until(lambda: served.post("check", check).status_code == 200, 10)
    assert served.stop() == 0


class TestDataDirectory:
    @pytest.fixture
    def directory(self):
        directory = short_directory() / "data"
        yield directory
        postgres.stop(directory)
        shutil.rmtree(directory.parent, ignore_errors=True)

    def spent(self, served):
        return served.http.get("/api/ai-budget/tenant/a").json()["total_usage_usd"]

    def test_a_start_adopts_a_running_postgresql_recovers_a_killed_one_and_sigterm_stops_it(self, directory):
        track = {"tenant_id": "a", "model": SONNET, "prompt_tokens": 1000, "completion_tokens": 0}
        first = Served("--data-dir", str(directory), "--workers", "1")
        assert first.post("track", track).status_code == 200
        server = postmaster(directory)
        first.stop(signal.SIGKILL)
        second = Served("--data-dir", str(directory), "--workers", "1")
        assert postmaster(directory) == server
        assert second.post("track", track).status_code == 200
        second.stop(signal.SIGKILL)
        kill_postgres(directory)
        third = Served("--data-dir", str(directory), "--workers", "1")
        assert self.spent(third) == 0.006
        assert third.stop() == 0
        assert not postgres.running(directory)
        fourth = Served("--data-dir", str(directory), "--workers", "1")
        assert self.spent(fourth) == 0.006
        assert fourth.stop() == 0

    def test_a_zombie_is_not_taken_for_a_running_postgresql(self, directory):
        postgres.start(directory)
        lines = (directory / "postmaster.pid").read_text().splitlines()
        kill_postgres(directory)
        zombie = subprocess.Popen([sys.executable, "-c", ""])
        until(lambda: "(zombie)" in Path(f"/proc/{zombie.pid}/status").read_text())
        (directory / "postmaster.pid").write_text("\n".join([str(zombie.pid), *lines[1:]]) + "\n")
        assert sql(postgres.start(directory), "SELECT 1") == [(1,)]
        zombie.wait()

    def test_a_postgresql_that_dies_under_serve_is_started_again(self, directory):
        served = Served("--data-dir", str(directory), "--workers", "1")
        kill_postgres(directory)
        until(lambda: served.http.get("/readyz").status_code == 200)
        assert served.stop() == 0
