"""The PostgreSQL of the reviews: the only user of psycopg here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg.types.json import Jsonb

from functions.cost_data.records import Unavailable
from functions.reports.records import ReportError, State
from functions.shared.named_statements import named_statements

SQL = Path(__file__).parent / "sql"
CONNECT_SECONDS = 3

Fetch = Callable[..., list[tuple[Any, ...]]]


@cache
def _statements() -> dict[str, LiteralString]:
    return named_statements(SQL / "reports.sql")


def statement(name: str) -> LiteralString:
    """A statement of `sql/reports.sql` by its name."""
    return _statements()[name]


class Store:
    """The stored costs, and the earlier reviews, in the database of a URL or of a function that returns one.

    Every method raises Unavailable if PostgreSQL does not answer, refuses a statement or holds no cost data.
    """

    def __init__(self, url: str | Callable[[], str]) -> None:
        self._url = url if callable(url) else lambda: url

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(
                self._url(), connect_timeout=CONNECT_SECONDS, options="-c timezone=UTC"
            ) as connection:
                yield connection
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            raise Unavailable(
                "the database has no cost data; run `python -m functions.cost_data import` or `collect`"
            ) from None
        except (psycopg.Error, UnicodeError) as error:
            lines = str(error).strip().splitlines()
            reason = lines[0] if lines else type(error).__name__
            if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
                raise ReportError(f"--database-url: {reason}") from None
            raise Unavailable(f"PostgreSQL: {reason}") from None

    def create_schema(self) -> None:
        """Creates the table of earlier reviews where it is missing."""
        with self._connection() as connection:
            connection.execute(cast(LiteralString, (SQL / "schema.sql").read_text(encoding="utf-8")))

    @contextmanager
    def snapshot(self) -> Iterator[Fetch]:
        """A function that returns the rows of a named statement; all its answers are of the same moment."""
        with self._connection() as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

            def fetch(name: str, **parameters: object) -> list[tuple[Any, ...]]:
                return connection.execute(statement(name), parameters).fetchall()

            yield fetch

    def save(self, kind: str, period: date, state: State, document: dict[str, Any]) -> None:
        """Keeps the figures of a review; those of the same period and state are replaced."""
        with self._connection() as connection:
            connection.execute(
                statement("save_review"),
                {"kind": kind, "period": period, "state": state, "document": Jsonb(document)},
            )
