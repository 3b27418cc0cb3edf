"""`serve` as a process: wrong starts, killed workers, orderly ends."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.functions.ai_budget.support import ROOT, Served, check, fresh_database, sql, until

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url(server):
    return fresh_database(server)


@pytest.fixture(scope="module")
def served(url):
    served = Served("--database-url", url, "--workers", "2")
    yield served
    assert served.stop() == 0


class TestConfiguration:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("nonsense = 1", "nonsense: unknown key"),
            ("[thresholds]\nwarnings = 80", "thresholds.warnings: unknown key"),
            ("reservation_seconds = -1", "reservation_seconds"),
            ('[prices."m"]\ninput_usd_per_mtok = 1', "prices.m.output_usd_per_mtok"),
            ('[[callers]]\nname = "x"\ntenants = ["*"]\nsha256 = ["short"]', "callers.0.sha256.0"),
            ("= 1", "not TOML"),
        ],
    )
    def test_a_wrong_key_is_refused_by_name_in_one_line(self, tmp_path, text, problem):
        config = tmp_path / "budget.toml"
        config.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "functions.ai_budget.serve", "--port", "0", "--config", str(config),
             "--database-url", "postgresql:///none"],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        assert problem in done.stderr
        assert str(config) in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_a_port_in_use_is_one_clear_line(self, served, url):
        port = served.url.rsplit(":", 1)[1]
        done = subprocess.run(
            [sys.executable, "-m", "functions.ai_budget.serve", "--port", port, "--database-url", url],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert f":{port}" in done.stderr


class TestProcesses:
    def test_a_dead_worker_is_replaced(self, served):
        victim = served.workers()[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(served.workers()) == 2 and victim not in served.workers())
        until(lambda: answers(served))

    def test_sigkill_of_serve_ends_its_workers_and_frees_the_port(self, url):
        first = Served("--database-url", url, "--workers", "3")
        port = int(first.url.rsplit(":", 1)[1])
        workers = first.workers()
        first.stop(signal.SIGKILL)
        second = Served("--database-url", url, "--workers", "1", port=port)
        assert second.http.get("/readyz").status_code == 200
        assert not any(_alive(pid) for pid in workers)
        assert second.stop() == 0

    def test_sigterm_finishes_what_is_in_flight(self, url):
        import psycopg

        served = Served("--database-url", url, "--workers", "1")
        served.set("patient", 1)
        with psycopg.connect(url) as conn, ThreadPoolExecutor(1) as pool:
            conn.execute("SELECT 1 FROM ai_token_budgets WHERE tenant_id = 'patient' FOR UPDATE")
            waiting = pool.submit(served.post, "check", check("patient"))
            until(lambda: sql(url, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            conn.rollback()
            assert waiting.result().status_code == 200
        assert served.stop() == 0

    def test_four_one_worker_processes_fit_100_connections(self, url):
        processes = [Served("--database-url", url, "--workers", "1") for _ in range(4)]
        with ThreadPoolExecutor(64) as pool:
            calls = [pool.submit(p.post, "check", check(f"t{i}")) for i in range(64) for p in processes]
            assert {c.result().status_code for c in calls} == {200}
        assert sql(url, "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL")[0][0] < 90
        assert [p.stop() for p in processes] == [0] * 4


def answers(served):
    try:
        return served.http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
