"""2,000 calls while client, service, PostgreSQL and Redis are killed; 256 callers of one budget."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from ai_budget_client import AIBudget, BudgetExceeded, Settings
from bench.support.anthropic_server import count_tokens
from functions.ai_budget.serve import postgres
from tests.functions.ai_budget.support import ROOT, SONNET, Served, durable, kill_postgres, sql, until
from tests.integration.client.crash_client import THREADS

__all__ = ["durable"]
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]
CALLS = 2000


class Client:
    """A process of crash_client.py, and the calls that it saw answered."""

    def __init__(self, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "client" / "src")])}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.client.crash_client", *arguments],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.answered: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.answered.extend(line.strip() for line in lines)

    def end(self, signum: int) -> None:
        self.process.send_signal(signum)
        self.process.wait(60)
        self._reader.join()


def test_what_is_recorded_is_what_the_model_billed_whatever_is_killed(
    durable, upstream, redis_server, tmp_path
):
    directory, url = durable
    upstream.delay = 0.01
    served = Served("--database-url", url, "--workers", "1")
    served.set("crash", 1_000_000)
    port = int(served.url.rsplit(":", 1)[1])
    arguments = (served.url, upstream.url, redis_server.url, str(tmp_path / "spool"))
    clients = [Client(*arguments, "client-0")]
    for number in range(1, 9):
        until(lambda share=number: len(upstream.billed) >= CALLS * share / 9, seconds=120)
        match number % 4:
            case 1:
                clients[-1].end(signal.SIGKILL)
                clients.append(Client(*arguments, f"client-{number}"))
            case 2:
                served.stop(signal.SIGKILL)
                served = Served("--database-url", url, "--workers", "1", port=port)
            case 3:
                kill_postgres(directory)
                postgres.start(directory)
            case 0:
                redis_server.kill()
                redis_server.start()
    until(lambda: len(upstream.billed) >= CALLS, seconds=120)
    clients[-1].end(signal.SIGTERM)
    with AIBudget(
        served.url, settings=Settings(spool_directory=tmp_path / "spool", drain_timeout=30)
    ) as last:
        spools = last.core.spool.path.parent
        until(lambda: [path.name for path in spools.glob("*.db")] == [last.core.spool.path.name])
    billed = {call.marker: _usd(call.input_tokens, call.output_tokens) for call in upstream.billed}
    rows = sql(url, "SELECT request_id, cost_usd FROM ai_token_usage WHERE tenant_id = 'crash'")
    recorded = dict(rows)
    served.stop()

    assert len(billed) == len(upstream.billed) >= CALLS
    assert {marker: recorded.get(marker) for marker in billed} == billed
    # Calls that a kill cut off before they reached the model are charged too: the client cannot know.
    cut_off = recorded.keys() - billed.keys()
    assert len(cut_off) <= 2 * THREADS
    assert cut_off.isdisjoint(marker for client in clients for marker in client.answered)
    assert sum(recorded[marker] for marker in billed) == sum(billed.values())


def _usd(input_tokens: int, output_tokens: int) -> Decimal:
    return Decimal(3 * input_tokens + 15 * output_tokens) / 1_000_000


def test_256_concurrent_calls_on_a_budget_for_33_are_33_calls_of_the_model(
    make_budget, service, claude, upstream, redis_server
):
    call = {"model": SONNET, "max_tokens": 500, "messages": [{"role": "user", "content": "hello"}]}
    service.set("crowd", float(33 * _usd(count_tokens(call), 500)))
    upstream.delay = 0.2
    client = make_budget(prompt_tokens="count", redis=redis_server.url, read_timeout=30).wrap(claude)

    def attempt(_: int) -> bool:
        try:
            client.messages.create(tenant="crowd", **call)
            return True
        except BudgetExceeded:
            return False

    with ThreadPoolExecutor(256) as pool:
        permitted = sum(pool.map(attempt, range(256)))
    assert permitted == len(upstream.billed) == 33
    (budget,) = service.http.get("/api/ai-budget/tenant/crowd").json()["budgets"]
    until(
        lambda: service.http.get("/api/ai-budget/tenant/crowd").json()["budgets"][0]["percentage_used"] == 100
    )
    assert budget["monthly_limit_usd"] == float(33 * _usd(count_tokens(call), 500))
