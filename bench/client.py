"""`python -m bench.client`: what the wrapper adds to a call of the Anthropic SDK, beside one round trip to the service.

PostgreSQL (fsync on), the service with one worker, Redis and the Messages API run on this machine. The kinds of calls
are taken in turn, so that other work on the machine slows all of them.
"""

import http.client
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anthropic

from ai_budget_client import AIBudget, Settings
from bench.support.anthropic_server import AnthropicServer
from functions.ai_budget.ledger import migrate
from functions.ai_budget.serve import postgres

SONNET = "claude-3-5-sonnet-20241022"
CALLS = 400
CONFIG = "default_monthly_limit_usd = 1000000\n"
CHECK = {"tenant_id": "bench", "model": SONNET, "estimated_prompt_tokens": 100, "max_completion_tokens": 20}
MESSAGE = {"model": SONNET, "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
TARGET = 1.5


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """The address of `serve` on a PostgreSQL of its own."""
    directory = Path(tempfile.mkdtemp(prefix="aib", dir="/tmp")) / "pg"  # short, for the socket's name
    url = postgres.start(directory)
    try:
        migrate(url)
        config = folder / "budget.toml"
        config.write_text(CONFIG)
        command = [sys.executable, "-m", "functions.ai_budget.serve", "--port", "0", "--workers", "1"]
        process = subprocess.Popen(
            [*command, "--database-url", url, "--config", str(config)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = list(iter(process.stdout.readline, "ready\n"))
        try:
            yield lines[0].split()[-1]
        finally:
            process.terminate()
            process.wait()
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory.parent, ignore_errors=True)


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _round_trip(address: str) -> Callable[[], None]:
    """A check on a kept connection, by the standard library's client."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    body, headers = json.dumps(CHECK), {"Content-Type": "application/json"}

    def check() -> None:
        connection.request("POST", "/api/ai-budget/check", body, headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()

    return check


def _seconds(calls: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """The time of each call; all kinds of calls take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(CALLS):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
    return times


def main() -> None:
    """Prints the table. Raises AssertionError if a call fails."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(_service(folder))
        redis = stack.enter_context(_redis(folder))
        upstream = AnthropicServer()
        stack.callback(upstream.close)
        bare = anthropic.Anthropic(base_url=upstream.url, api_key="bench")
        settings = Settings(spool_directory=folder / "spool")
        cached = stack.enter_context(AIBudget(address, redis=redis, settings=settings))
        plain = stack.enter_context(AIBudget(address, settings=settings))
        calls = {
            "bare": lambda: bare.messages.create(**MESSAGE),
            "check": _round_trip(address),
            "client check": lambda: plain.check("bench", SONNET, prompt_tokens=100, max_tokens=20),
            
            
        }
        wrapped, with_redis = plain.wrap(bare, tenant="bench"), cached.wrap(bare, tenant="bench")
        calls |= {"wrapped": lambda: wrapped.messages.create(**MESSAGE)}
        calls |= {"cached": lambda: with_redis.messages.create(**MESSAGE)}
        for call in calls.values():
            call()
        times = _seconds(calls)
    median = {name: 1000 * statistics.median(values) for name, values in times.items()}
    print("| call | p50 ms | p99 ms | added ms | against a round trip |\n|---|---:|---:|---:|---|")
    for name, text in (
        ("check", "one round trip: `check` by `http.client`"),
        ("client check", "`budget.check`"),
        ("bare", "the SDK alone"),
        ("wrapped", "the SDK wrapped"),
        ("cached", "the SDK wrapped, with Redis"),
    ):
        p99 = 1000 * sorted(times[name])[int(CALLS * 0.99)]
        added = median[name] - median["bare"] if name in ("wrapped", "cached") else None
        ratio = "" if added is None else f"{added / median['check']:.2f} × (≤ {TARGET})"
        print(f"| {text} | {median[name]:.2f} | {p99:.2f} | {'' if added is None else f'{added:.2f}'} | {ratio} |")


if __name__ == "__main__":
    main()
