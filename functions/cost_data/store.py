"""The PostgreSQL of the cost data: the only user of psycopg here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

from functions.cost_data.records import (
    CostDataError,
    CostRow,
    Delivery,
    Kind,
    Read,
    Scope,
    Unavailable,
    last_final_day,
    month_of,
)
from functions.shared.named_statements import named_statements

SQL = Path(__file__).parent / "sql"
CONNECT_SECONDS = 3
# The statements that bring the sums up to date for the days in affected_days, in order.
REFRESH_TOTALS = (
    "delete_daily_totals",
    "insert_daily_totals",
    "delete_monthly_totals",
    "insert_monthly_totals",
    "delete_monthly_tags",
    "insert_monthly_tags",
    "delete_bedrock_costs",
    "insert_bedrock_costs",
)


@cache
def _statements() -> dict[str, LiteralString]:
    return named_statements(*(SQL / file for file in ("queries.sql", "answers.sql", "metrics.sql")))


def statement(name: str) -> LiteralString:
    """A statement of the files `sql/queries.sql`, `sql/answers.sql` and `sql/metrics.sql` by its name."""
    return _statements()[name]


class Store:
    """The figures in the database of a connection URL, or of a function that returns one.

    It opens a connection per call, so that a URL with a short-lived password need not last.

    Every method raises Unavailable if PostgreSQL does not answer within a few seconds, or if the schema does
    not exist.
    """

    def __init__(self, url: str | Callable[[], str], statement_seconds: int = 0) -> None:
        """`statement_seconds`: the longest that one statement may take, 0 for no bound."""
        self._url = url if callable(url) else lambda: url
        self._options = f"-c timezone=UTC -c statement_timeout={statement_seconds * 1000}"

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(
                self._url(),
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=CONNECT_SECONDS * 1000,
                options=self._options,
            ) as connection:
                yield connection
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            raise Unavailable(
                "the database has no schema cost_data; run `import` or `collect` once"
            ) from None
        except psycopg.ProgrammingError as error:
            if error.sqlstate is not None:
                raise
            raise CostDataError(f"--database-url: {str(error).strip()}") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise Unavailable(f"PostgreSQL: {reason}") from None

    def create_schema(self) -> None:
        """Creates what is missing of the schema cost_data."""
        with self._transaction() as connection:
            connection.execute(cast(LiteralString, (SQL / "schema.sql").read_text(encoding="utf-8")))

    def fetch(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a named statement."""
        with self._transaction() as connection:
            return connection.execute(statement(name), parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """A function like `fetch`; all its answers are of the same moment and over one connection."""
        with self._transaction() as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

            def fetch(name: str, **parameters: object) -> list[tuple[Any, ...]]:
                return connection.execute(statement(name), parameters).fetchall()

            yield fetch

    def store_costs(
        self, read: Read, rows: Iterable[CostRow], scope: Scope | None = None, bytes_scanned: int = 0
    ) -> list[Delivery]:
        """Stores the costs of one read in place of what was stored of the same days of the same bills.

        `scope` is what a read of an API covers; without it the rows are whole deliveries of bills. All or
        nothing: an error of `rows` leaves everything as it was. Returns what was delivered.
        """
        with self._transaction() as connection:
            for name in ("create_incoming", "create_affected_days"):
                connection.execute(statement(name))
            with connection.cursor().copy(statement("copy_incoming")) as copy:
                for row in rows:
                    copy.write_row(row)
            connection.execute(statement("lock_costs"))
            read_id = self._start_read(connection, read, bytes_scanned)
            if scope:
                deliveries = scope.deliveries()
            else:
                rows_of_bills = connection.execute(statement("deliveries_of_incoming")).fetchall()
                deliveries = [Delivery(*row) for row in rows_of_bills]
            for delivery in deliveries:
                parameters = {
                    **delivery._asdict(),
                    "read_id": read_id,
                    "categories": list(scope.categories) if scope else None,
                }
                for name in ("delete_replaced", "delete_empty_deliveries", "insert_delivery"):
                    connection.execute(statement(name), parameters)
            final = {"read_id": read_id, "last_final_day": last_final_day(read.at)}
            connection.execute(statement("insert_costs"), final)
            connection.execute(statement("add_incoming_days"))
            self._refresh_totals(connection)
            finish = {
                "read_id": read_id,
                "first": scope.first if scope else None,
                "last": scope.last if scope else None,
                "rounded": getattr(rows, "rounded", 0),
            }
            connection.execute(statement("finish_read"), finish)
            return deliveries

    def confirm(self, read_id: int, at: datetime) -> None:
        """Records that the source of a read had the same content at an instant."""
        parameters = {"read_id": read_id, "at": at, "last_final_day": last_final_day(at)}
        with self._transaction() as connection:
            connection.execute(statement("create_affected_days"))
            for name in ("lock_costs", "confirm_read", "add_newly_final_days", "mark_final"):
                connection.execute(statement(name), parameters)
            self._refresh_totals(connection)

    def store_answer(self, read: Read, tables: Mapping[str, Sequence[Sequence[object]]]) -> None:
        """Stores the newest answer of AWS: the rows of each table replace all its rows."""
        with self._transaction() as connection:
            self._start_read(connection, read)
            for table, rows in tables.items():
                connection.execute(statement(f"delete_{table}"))
                connection.cursor().executemany(statement(f"insert_{table}"), rows)

    def store_ai_costs(self, read: Read, month: date) -> bool:
        """Sums up the usage log of the AI budget service for a month. False if it is not in this database."""
        with self._transaction() as connection:
            if connection.execute(statement("has_usage_log")).fetchone() == (None,):
                return False
            self._start_read(connection, read)
            for name in ("delete_ai_costs", "insert_ai_costs", "upsert_active_tenants"):
                connection.execute(statement(name), {"month": month})
            return True

    def record_failure(self, read: Read, error: str) -> None:
        """Records a read that failed."""
        with self._transaction() as connection:
            self._start_read(connection, read, error=error)

    def count_request(self, at: datetime, limit: int) -> bool:
        """Counts one Cost Explorer request of the month; False, and not counted, if `limit` is reached."""
        return bool(self.fetch("count_request", month=month_of(at.date()), limit=limit))

    def last_read(self, kind: Kind, origin: str | None = None) -> tuple[int, str, datetime] | None:
        """(id, fingerprint, when it was last read or confirmed) of the newest successful read."""
        rows = self.fetch("last_read", kind=kind, origin=origin)
        return (rows[0][0], rows[0][1], max(rows[0][2], rows[0][3])) if rows else None

    @staticmethod
    def _start_read(
        connection: psycopg.Connection, read: Read, bytes_scanned: int = 0, error: str | None = None
    ) -> int:
        parameters = {
            "kind": read.kind, "source": read.source, "origin": read.origin, "fingerprint": read.fingerprint,
            "at": read.at, "bytes_scanned": bytes_scanned, "error": error,
        }  # fmt: skip
        row = connection.execute(statement("start_read"), parameters).fetchone()
        assert row is not None
        return row[0]

    @staticmethod
    def _refresh_totals(connection: psycopg.Connection) -> None:
        for name in REFRESH_TOTALS:
            connection.execute(statement(name))
