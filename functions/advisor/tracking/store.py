"""The PostgreSQL of the cost data: the only user of psycopg here."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, NamedTuple, cast

import psycopg

from functions.advisor.errors import SourceError
from functions.advisor.findings import BillLine, Record, Status
from functions.shared.named_statements import named_statements

SQL = Path(__file__).with_name("sql")
CONNECT_SECONDS = 5


@cache
def _statements() -> dict[str, LiteralString]:
    return named_statements(SQL / "queries.sql")


class UsageCost(NamedTuple):
    """US dollars a month of a usage type group in a Region: what no commitment covers, and all of it."""

    usage_type: str
    region: str
    uncovered: Decimal
    effective: Decimal


class Store:
    """Findings and figures in the database of a connection URL, or of a function that returns one.

    Every method raises SourceError if PostgreSQL does not answer, or without the schema cost_data.
    """

    def __init__(self, url: str | Callable[[], str]) -> None:
        self._url = url if callable(url) else lambda: url

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(
                self._url(),
                connect_timeout=CONNECT_SECONDS,
                options="-c timezone=UTC -c statement_timeout=60000",
            ) as connection:
                yield connection
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            raise SourceError(
                "PostgreSQL: no schema cost_data; run `python -m functions.cost_data import` once"
            ) from None
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError) as error:
            if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is not None:
                raise
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise SourceError(f"PostgreSQL: {reason}") from None

    def create_schema(self) -> None:
        """Creates the table of the findings, if it is missing."""
        with self._connection() as connection:
            connection.execute(cast(LiteralString, (SQL / "schema.sql").read_text(encoding="utf-8")))

    def _fetch(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(_statements()[name], parameters).fetchall()

    def records(self) -> list[Record]:
        """What is kept of all findings."""
        return [_record(row) for row in self._fetch("records")]

    def save(self, records: Iterable[Record]) -> None:
        """Keeps the records: all or none."""
        with self._connection() as connection:
            for record in records:
                values = asdict(record)
                bill = values.pop("bill") or {}
                connection.execute(
                    _statements()["save_record"],
                    {
                        **values,
                        "bill_service": bill.get("service"),
                        "bill_usage_type": bill.get("usage_type"),
                        "bill_region": bill.get("region"),
                    },
                )

    def usage_costs(self, day: date) -> list[UsageCost]:
        """From the last 30 final days before a day. Empty without a bill of them."""
        days = self._fetch("days_of_usage", day=day)[0][0]
        if not days:
            return []
        factor = Decimal(365) / 12 / days
        return [
            UsageCost(usage_type, region, billed * factor, effective * factor)
            for usage_type, region, billed, effective in self._fetch("usage_of_final_days", day=day)
        ]

    def coverage(self) -> dict[str, Decimal]:
        """Percent of eligible usage that commitments cover, by kind of commitment."""
        return dict(self._fetch("coverage"))

    def daily_cost(self, line: BillLine, first: date, last: date) -> tuple[Decimal | None, int]:
        """The mean in US dollars a day over the final days of a span, and how many days they are."""
        (row,) = self._fetch(
            "daily_cost", first=first, last=last, service=line.service, usage_type=line.usage_type,
            region=line.region,
        )  # fmt: skip
        return row


def _record(row: tuple[Any, ...]) -> Record:
    rule, resource, status, *values, service, usage_type, region = row
    bill = None if service is None else BillLine(service, usage_type, region)
    return Record(rule, resource, Status(status), *values, bill=bill)
