"""Reads a bill in FOCUS columns: CSV (also gzip-compressed) or Parquet, as AWS Data Exports writes them.

Columns: https://focus.finops.org/focus-specification/v1-0/, 2026-11. AWS adds `x_ServiceCode` and
`x_UsageType` (AWS Data Exports user guide, FOCUS 1.0 with AWS columns, 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from teei_finops.cost_explorer import SERVICES
from teei_finops.errors import UserError

_REQUIRED = (
    "BilledCost", "ChargeCategory", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity",
    "ContractedCost", "EffectiveCost", "ListCost", "ResourceId", "ServiceName",
)  # fmt: skip
_PROVIDER = ("ProviderName", "ServiceProviderName")  # FOCUS 1.0 to 1.2, and from 1.3
_MONEY = "DECIMAL(38, 12)"


class FocusError(UserError):
    """The file is not a bill that can be used; the message is one line."""


@dataclass(frozen=True)
class Charge:
    """The sum of the charges of one resource, service, usage type and category; amounts in US dollars.

    `category` is Usage, Purchase, Tax, Credit or Adjustment; `usage_type` is empty where the file has none.
    """

    service: str
    resource: str
    usage_type: str
    category: str
    quantity: Decimal
    list_cost: Decimal
    contracted: Decimal
    effective: Decimal
    billed: Decimal


@dataclass(frozen=True)
class Bill:
    """The charges of AWS in one file, for the time from `start` to `end` (UTC, `end` excluded)."""

    charges: tuple[Charge, ...]
    start: datetime
    end: datetime
    has_usage_types: bool

    @property
    def hours(self) -> Decimal:
        return Decimal(int((self.end - self.start).total_seconds())) / 3600


def read_bill(path: Path) -> Bill:
    """The bill in a file. Raises `FocusError` if it cannot be read, lacks a column or has no AWS charge."""
    try:
        import duckdb
    except ImportError:
        raise FocusError("duckdb is not installed; run pip install 'teei-finops[focus]'") from None
    if not path.is_file():
        raise FocusError(f"{path}: no such file; pass a FOCUS export (CSV or Parquet)")
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")  # else that of the machine
        try:
            table = _table(database, path)
            columns = set(table.columns)
            missing = [name for name in _REQUIRED if name not in columns]
            if missing:
                raise FocusError(f"{path}: not a FOCUS export: no column {', '.join(missing)}")
            return _bill(table, columns, path)
        except duckdb.Error as error:
            raise FocusError(f"{path}: not a FOCUS export: {str(error).splitlines()[0]}") from None


def _table(database: Any, path: Path) -> Any:
    if path.suffix == ".parquet":
        return database.read_parquet(str(path))
    return database.read_csv(str(path), header=True, all_varchar=True, na_values=["", "NULL"])


def _bill(table: Any, columns: set[str], path: Path) -> Bill:
    provider = next((name for name in _PROVIDER if name in columns), None)
    where = f"WHERE {provider} IN ('AWS', 'Amazon Web Services')" if provider else ""
    code = "x_ServiceCode" if "x_ServiceCode" in columns else "NULL"
    usage_type = "x_UsageType" if "x_UsageType" in columns else "NULL"
    sums = ", ".join(
        f"coalesce(sum(CAST({name} AS {_MONEY})), 0)"
        for name in ("ConsumedQuantity", "ListCost", "ContractedCost", "EffectiveCost", "BilledCost")
    )
    rows = table.query(
        "bill",
        f"SELECT ServiceName, {code} AS code, coalesce(ResourceId, '') AS resource,"
        f" coalesce({usage_type}, '') AS usage_type, ChargeCategory, {sums} FROM bill {where} GROUP BY ALL",
    ).fetchall()
    if not rows:
        raise FocusError(f"{path}: no charge of AWS")
    start, end = table.query(
        "bill",
        "SELECT min(CAST(ChargePeriodStart AS TIMESTAMP)), max(CAST(ChargePeriodEnd AS TIMESTAMP))"
        f" FROM bill {where}",
    ).fetchall()[0]
    charges = tuple(
        Charge(code or _service_code(name or ""), resource, usage, category or "", *amounts)
        for name, code, resource, usage, category, *amounts in sorted(rows, key=str)
    )
    return Bill(charges, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), "x_UsageType" in columns)


def _service_code(name: str) -> str:
    """`AmazonEC2` of `Amazon Elastic Compute Cloud`, to which Cost Explorer adds `- Compute`."""
    return SERVICES.get(name) or SERVICES.get(f"{name} - Compute") or name
