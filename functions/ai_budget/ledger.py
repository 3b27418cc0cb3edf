"""Everything that the service asks of PostgreSQL; the only user of psycopg.

`Unavailable` means that PostgreSQL could not be asked or did not answer in time; what was asked may have
happened.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

SQL = Path(__file__).parent / "sql"
ANSWER_SECONDS = 4.5  # the longest that a caller waits
CONNECT_SECONDS = 2.0
# A dead server is noticed by its silence: without these, TCP waits for it for a quarter of an hour.
_CONNECTION = {
    "connect_timeout": "3", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "2",
    "tcp_user_timeout": "10000",
}  # fmt: skip
OWNER, API = "ai_budget_owner", "ai_budget_api"
_OPTIONS = "-c role=ai_budget_api -c timezone=UTC -c jit=off -c lock_timeout=2500 -c statement_timeout=4000"
# A unique violation is another process that did the same at the same moment: a repetition will see it.
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UniqueViolation, PoolTimeout)


class Unavailable(Exception):
    """PostgreSQL did not answer."""


def queries() -> dict[str, str]:
    """The statements of queries.sql by the `-- name:` line before each."""
    parts = re.split(r"^-- name: (\w+)\n", (SQL / "queries.sql").read_text(encoding="utf-8"), flags=re.M)[1:]
    return {
        name: re.sub(r"^--.*\n", "", text, flags=re.M).strip().rstrip(";")
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


class Ledger:
    """Named queries over a pool of at most `size` connections, each tested before use if `tested`.

    Without a `clock`, which tests have, the database's own decides.
    """

    def __init__(
        self,
        conninfo: Callable[[], str],
        *,
        size: int = 10,
        kept_open: int = 1,
        tested: bool = False,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._queries = {name: text.encode() for name, text in queries().items()}
        self._clock = clock
        self._checking: asyncio.Task[None] | None = None
        self._pool = AsyncConnectionPool(
            lambda: make_conninfo(conninfo(), options=_OPTIONS, **_CONNECTION),
            kwargs={"autocommit": True, "row_factory": namedtuple_row},
            min_size=kept_open,
            max_size=size,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            check=AsyncConnectionPool.check_connection if tested else None,
            open=False,
        )

    async def open(self) -> None:
        """Begins to connect; whether PostgreSQL answers shows with the first query."""
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close(timeout=2)

    async def fetch(self, name: str, /, **params: Any) -> list[Any]:
        """The rows of a query, as named tuples; `now` is added to its parameters. Raises Unavailable."""
        query = asyncio.ensure_future(self._rows(name, params))
        # Not cancelled when it takes too long: psycopg would wait for the server to confirm that.
        await asyncio.wait({query}, timeout=ANSWER_SECONDS)
        if not query.done():
            query.add_done_callback(lambda late: late.exception())
            raise Unavailable(f"{name}: no answer in {ANSWER_SECONDS} s")
        return query.result()

    async def _rows(self, name: str, params: dict[str, Any]) -> list[Any]:
        now = self._clock() if self._clock else None
        try:
            async with self._pool.connection() as conn:
                cursor = await conn.execute(self._queries[name], {"now": now} | params, prepare=True)
                return await cursor.fetchall() if cursor.description else []
        except _AWAY as error:
            if self._checking is None or self._checking.done():
                self._checking = asyncio.create_task(self._pool.check())  # drops connections that broke
            raise Unavailable(f"{name}: {type(error).__name__}") from error


def connection_string(**parts: str) -> str:
    """The connection string of libpq with these parameters."""
    return make_conninfo("", **parts)


def create_roles(owner: str, master: Callable[[], str]) -> None:
    """Creates the roles of the database as its master user, unless the owner can log in already.

    `owner` is a connection string, `master` returns one. Raises Unavailable.
    """
    try:
        psycopg.connect(owner, **_CONNECTION).close()
    except psycopg.OperationalError as denied:
        try:
            with _connection(master()) as conn:
                conn.execute((SQL / "roles.sql").read_bytes())
        except Unavailable as error:
            reason = str(denied).strip().replace("\n", " ")
            raise Unavailable(f"{OWNER} cannot log in ({reason}) and {error}") from None


@contextmanager
def _connection(conninfo: str) -> Iterator[psycopg.Connection]:
    """A connection with one transaction. Raises Unavailable."""
    try:
        with psycopg.connect(conninfo, **_CONNECTION) as conn:
            yield conn
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Unavailable(f"the database does not answer: {error}".strip().replace("\n", " ")) from None


def migrations(phases: Iterable[str] = ("pre", "post"), folder: Path = SQL / "migrations") -> dict[str, str]:
    """SQL by name, in order. A name is NNNN_pre_what or NNNN_post_what: before or after new code serves."""
    paths = sorted(folder.glob("*.sql"))
    return {p.stem: p.read_text(encoding="utf-8") for p in paths if p.stem.split("_")[1] in tuple(phases)}


def migrate(
    conninfo: str, phases: Iterable[str] = ("pre", "post"), folder: Path = SQL / "migrations"
) -> list[str]:
    """Gives an empty database the schema, another one the migrations that it lacks; returns their names.

    One transaction, under a lock that lets several processes start at once. Raises Unavailable.
    """
    with _connection(conninfo) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtext('ai_budget_migrations'))")
        table = conn.execute("SELECT to_regclass('public.ai_budget_migrations')").fetchone()
        if table == (None,):
            if conn.info.user != OWNER:  # who created the roles before
                conn.execute((SQL / "roles.sql").read_bytes())
            conn.execute("SET ROLE ai_budget_owner")
            for file in ("schema.sql", "prices.sql"):
                conn.execute((SQL / file).read_bytes())
            applied = migrations(folder=folder)  # the schema has them all
        else:
            done = {row[0] for row in conn.execute("SELECT version FROM ai_budget_migrations")}
            applied = {n: text for n, text in migrations(phases, folder).items() if n not in done}
            conn.execute("SET ROLE ai_budget_owner")
            for text in applied.values():
                conn.execute(text.encode())
        for version in applied:
            conn.execute("INSERT INTO ai_budget_migrations (version) VALUES (%s)", [version])
        return list(applied)
