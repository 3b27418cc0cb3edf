"""`PYTHONPATH=client/src python -m bench.client`: what the client of the AI budget service adds to a call.

The wrapped Anthropic SDK beside the SDK alone, and beside one round trip to the service. PostgreSQL (fsync
on), the service with one worker, Redis and the Messages API run on this machine. The kinds of calls take
turns, so that other work slows all of them; each begins when the usage of the one before was sent. In the
last row each begins at once, while the usage of the one before is sent and holds the tenant's budget.
"""

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
import httpx

from ai_budget_client import AIBudget, Settings
from bench.support.budget_service import served
from bench.support.command_line import parser
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
        with served(url, config, workers=1) as address:
            yield address
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


@contextmanager
def _messages_api() -> Iterator[str]:
    """In a process of its own, as it is in production: it takes no time of this one's interpreter."""
    command = [sys.executable, "-m", "bench.support.anthropic_server"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _round_trip(address: str) -> Callable[[], None]:
    """A check on a kept connection, by the HTTP client that the package uses."""
    client = httpx.Client(base_url=address)

    def check() -> None:
        client.post("/api/ai-budget/check", json=CHECK).raise_for_status().json()

    return check


def _duration(call: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _seconds(calls: dict[str, Callable[[], object]], budgets: tuple[AIBudget, ...]) -> dict[str, list[float]]:
    """The time of each call; all kinds of calls take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(CALLS):
        for name, call in calls.items():
            times[name].append(_duration(call))
            while any(len(budget.core.spool) for budget in budgets):
                time.sleep(0.001)
    return times


def main() -> None:
    """Prints the table. Raises AssertionError if a call fails."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(_service(folder))
        redis = stack.enter_context(_redis(folder))
        bare = anthropic.Anthropic(base_url=stack.enter_context(_messages_api()), api_key="bench")
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
        times = _seconds(calls, (cached, plain))
        times["in a row"] = [_duration(calls["wrapped"]) for _ in range(CALLS)]
    median = {name: 1000 * statistics.median(values) for name, values in times.items()}
    print("| call | p50 ms | p99 ms | added ms | added, in round trips |\n|---|---:|---:|---:|---|")
    for name, text in (
        ("check", "one round trip: `check` by httpx"),
        ("client check", "`budget.check`"),
        ("bare", "the SDK alone"),
        ("wrapped", "the SDK wrapped"),
        ("cached", "the SDK wrapped, with Redis"),
        ("in a row", "the SDK wrapped, without a pause"),
    ):
        p99 = 1000 * sorted(times[name])[int(CALLS * 0.99)]
        row = f"| {text} | {median[name]:.2f} | {p99:.2f} |"
        if name in ("wrapped", "cached", "in a row"):
            added = median[name] - median["bare"]
            target = "" if name == "in a row" else f" (≤ {TARGET})"
            print(f"{row} {added:.2f} | {added / median['check']:.2f}{target} |")
        else:
            print(f"{row} | |")


if __name__ == "__main__":
    parser(__doc__).parse_args()
    main()
