"""The ledger: everything the service asks of PostgreSQL, and the only user of psycopg.

`Unavailable` means that PostgreSQL could not be asked or did not answer in time; what was asked may then have
happened or not.
"""

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from psycopg import errors, pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGresult

from functions.ai_budget.queries import queries
from functions.ai_budget.records import Booked, Budget, Check, Early, Reserved, Rules, Usage
from functions.ai_budget.wire import Read, Row, booking, budget, optional, reserving, texts

T = TypeVar("T")
R = TypeVar("R", Reserved, Booked)

# Lookups by key only: a plan made while a table was small must not scan it once it has grown.
_OPTIONS = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off "
    "-c plan_cache_mode=force_generic_plan -c timezone=UTC -c client_encoding=UTF8 -c synchronous_commit=on "
    "-c lock_timeout=2500 -c statement_timeout={timeout}"
)
_SETTLED_BY_ROLLBACK = (
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
)
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError)


class Unavailable(Exception):
    """PostgreSQL did not answer."""


class _NotDurable(Unavailable):
    """It was committed but may be lost: who asked again might find its own work and take it for another's."""


def _checked(result: PGresult) -> PGresult:
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        return result
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    try:
        kind = errors.lookup(state)
    except KeyError:  # libpq's own, such as a connection that was closed
        kind = psycopg.OperationalError
    raise kind(result.get_error_message())


class _Link:
    """A connection. Frequent statements go to libpq itself: a cursor takes several times as long."""

    def __init__(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self.conn = conn
        self._prepared: set[str] = set()

    async def rows(self, sql: bytes, params: Sequence[object] | dict[str, object]) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return await (await self.conn.execute(sql, params, prepare=True)).fetchall()

    async def written(self, name: str, sql: bytes, params: Sequence[object]) -> list[Row]:
        """All rows of a statement with $1, $2…, as the server writes them."""
        await self.send(name, sql, params)
        result = await self.answer()
        columns = range(result.nfields)
        return [[result.get_value(row, column) for column in columns] for row in range(result.ntuples)]

    async def send(self, name: str, sql: bytes, params: Sequence[object] = ()) -> None:
        """Sends a statement, which is prepared before its first time."""
        pgconn, key = self.conn.pgconn, name.encode()
        if name not in self._prepared:
            pgconn.send_prepare(key, sql)
            await self.answer()
            self._prepared.add(name)
        pgconn.send_query_prepared(key, [None if p is None else str(p).encode() for p in params])
        pgconn.flush()

    async def answer(self) -> PGresult:
        """The result of what was sent, once the server is ready for more: committed, that is."""
        loop, pgconn = asyncio.get_running_loop(), self.conn.pgconn
        number, results = pgconn.socket, []
        answered: asyncio.Future[None] = loop.create_future()

        def heard() -> None:
            try:
                if pgconn.flush() == 0:
                    loop.remove_writer(number)
                pgconn.consume_input()
                while not pgconn.is_busy():
                    result = pgconn.get_result()
                    if result is None:
                        if not answered.done():
                            answered.set_result(None)
                        return
                    results.append(result)
            except psycopg.Error as error:
                if not answered.done():
                    answered.set_exception(error)

        loop.add_reader(number, heard)
        if pgconn.flush():
            loop.add_writer(number, heard)
        try:
            await answered
        finally:
            loop.remove_reader(number)
            loop.remove_writer(number)
        return _checked(results[0])


def _hung_up(conn: psycopg.AsyncConnection[Any]) -> bool:
    """Whether an idle connection is closed, or has something to read: then it is the server's farewell."""
    if conn.closed:
        return True
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _hang_up(conn: psycopg.AsyncConnection[Any]) -> None:
    """Ends a connection whose server does not answer: who waits for it gets an error at once."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(conn.fileno())) as sock:
        sock.shutdown(socket.SHUT_RDWR)


class Ledger:
    """Statements over at most `size` connections, made when needed and dropped when broken."""

    def __init__(
        self, conninfo: Callable[[], str], rules: Rules, *, size: int = 10, timeout: float = 4.0
    ) -> None:
        self.rules = rules
        self._conninfo = conninfo
        self._timeout = timeout
        self._idle: list[_Link] = []
        self._slots = asyncio.Semaphore(size)
        self._sql = {name: sql.encode() for name, sql in queries().items()}

    async def _connect(self) -> _Link:
        options = _OPTIONS.format(timeout=int(self._timeout * 1000))
        conn = await psycopg.AsyncConnection.connect(
            self._conninfo(), autocommit=True, connect_timeout=2, options=options, prepare_threshold=0
        )
        return _Link(conn)

    async def _idle_or_new(self) -> _Link:
        while self._idle:
            link = self._idle.pop()
            if not _hung_up(link.conn):
                return link
            await link.conn.close()
        return await self._connect()

    @contextlib.asynccontextmanager
    async def _connection(self, deadline: float):
        async with asyncio.timeout_at(deadline):
            await self._slots.acquire()
            try:
                link = await self._idle_or_new()
            except BaseException:
                self._slots.release()
                raise
        try:
            yield link
        except BaseException as error:
            if link.conn.closed or not isinstance(error, psycopg.Error):
                await link.conn.close()
            raise
        finally:
            if not link.conn.closed:
                self._idle.append(link)
            self._slots.release()

    async def _ask(self, name: str, ask: Callable[[_Link], Awaitable[T]]) -> T:
        """One statement in its own transaction. Raises Unavailable or psycopg.Error."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        try:
            async with self._connection(deadline) as link:
                # Cancelling would wait for the server, which may hang.
                late = loop.call_at(deadline, _hang_up, link.conn)
                try:
                    return await ask(link)
                finally:
                    late.cancel()
        except (*_AWAY, TimeoutError) as error:
            if isinstance(error, _SETTLED_BY_ROLLBACK):
                raise
            if loop.time() >= deadline:
                raise Unavailable(f"{name}: no answer in {self._timeout} s") from TimeoutError()
            raise Unavailable(f"{name}: {type(error).__name__}") from error

    async def _again(self, name: str, ask: Callable[[_Link], Awaitable[T]], *, repeatable: bool = True) -> T:
        """As _ask, once more where the first try is known to be undone or may be repeated without harm."""
        for _ in range(3):
            try:
                return await self._ask(name, ask)
            except _SETTLED_BY_ROLLBACK:
                continue
            except Unavailable as error:
                lasting = isinstance(error.__cause__, TimeoutError | errors.LockNotAvailable)
                if lasting or not repeatable or isinstance(error, _NotDurable):
                    raise
                repeatable = False
        return await self._ask(name, ask)

    async def _written(self, name: str, params: Sequence[object]) -> list[Any]:
        return await self._again(name, lambda link: link.written(name, self._sql[name], params))

    async def _rows(
        self, name: str, params: Sequence[object] | dict[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        return await self._ask(name, lambda link: link.rows(self._sql[name], params))

    async def _durably(
        self, name: str, params: Sequence[object], read: Read, early: Early | None, repeatable: bool = True
    ) -> list[Any]:
        """The results of a batch once it is durable; with `early` its rows are free before."""

        async def ask(link: _Link) -> list[Any]:
            (row,) = await link.written(name, self._sql[name], (*params, early is not None))
            if row[-1] is None:
                return read(row)
            if early is not None:
                early.freed()
            try:
                await link.send("flush", self._sql["flush"])
                results = read(row)
                if early is not None:
                    early.read(results)
                await link.answer()
            except psycopg.Error as error:
                raise _NotDurable(f"{name}: {type(error).__name__}") from error
            return results

        return await self._again(name, ask, repeatable=repeatable)

    async def reserve(
        self, checks: Sequence[Check], *, wait: bool = True, early: Early | None = None
    ) -> list[Reserved | Unavailable]:
        """Reserves in order, in one transaction; the checks are of one month, no request id occurs twice.

        With `early` the rows are free before anything is durable. Without it that is one moment, which costs
        less where nobody waits for the rows.
        In what `early` reads, the status of a request that was answered before is still "known".
        """
        params, read = reserving(checks, self.rules, wait)
        repeatable = all(check.request_id is not None for check in checks)
        results = await self._durably("reserve", params, read, early, repeatable)
        return await self._recalled("reserved", Reserved, checks, results)

    async def book(
        self, calls: Sequence[Usage], *, wait: bool = True, early: Early | None = None
    ) -> list[Booked | Unavailable]:
        """Books in order, all in one transaction; no request id occurs twice. `early` is as in `reserve`."""
        params, read = booking(calls, self.rules, wait)
        results = await self._durably("book", params, read, early)
        return await self._recalled("booked", Booked, calls, results)

    async def _recalled(
        self, name: str, kind: type[R], items: Sequence[Check] | Sequence[Usage], results: list[Any]
    ) -> list[Any]:
        """The results, those of requests that were answered before looked up."""
        known = [i for i, result in enumerate(results) if result.status == "known"]
        if not known:
            return results
        asked = [items[i] for i in known]
        params = (
            texts([i.tenant_id for i in asked]), optional([i.request_id for i in asked]),
            optional([i.fingerprint for i in asked]),
        )  # fmt: skip
        try:
            rows = {row[:2]: row[2:] for row in await self._rows(name, params)}
        except Unavailable as error:
            rows = {(i.tenant_id, i.request_id): error for i in asked}
        for place, item in zip(known, asked, strict=True):
            row = rows.get((item.tenant_id, item.request_id), Unavailable("the answer was just forgotten"))
            results[place] = (
                row if isinstance(row, Unavailable) else kind("replay" if row[0] else "conflict", *row[1:])
            )
        return results

    async def set_limit(
        self, tenant: str, model: str, limit: Decimal, tier: str | None, actor: str, now: datetime
    ) -> Budget:
        """Sets a limit, recorded as changed by `actor`."""
        params = (now, tenant, model, limit, tier, actor, self.rules.warning_percent)
        rows = await self._again("set_limit", lambda link: link.rows(self._sql["set_limit"], params))
        return Budget(*rows[0])

    async def tenant(self, tenant: str) -> list[Budget]:
        """The budgets of a tenant, by model."""
        return [budget(row) for row in await self._written("tenant", (tenant,))]

    async def tenants(self, status: str, month: date, after: str, limit: int) -> list[Budget]:
        """The budgets of up to `limit` tenants whose id comes after `after`; status as in queries.sql."""
        params: dict[str, object] = {
            "status": status,
            "month": month,
            "after": after,
            "limit": limit,
            "warning": self.rules.warning_percent,
        }
        return [Budget(*row) for row in await self._rows("tenants", params)]

    async def fetch(self, name: str, *params: object) -> list[tuple[Any, ...]]:
        """The rows of a reading statement of queries.sql."""
        return await self._rows(name, params)

    async def tidy(self, now: datetime, keep: timedelta) -> tuple[int, int, int]:
        """One round of tidying: months closed, reservations expired, answers forgotten."""
        row = (await self._rows("tidy", (now, self.rules.warning_percent, keep)))[0]
        return (row[0] or 0, row[1] or 0, row[2] or 0)

    async def deliver(
        self, send: Callable[[tuple[Any, ...]], Any], now: datetime, after: int = 0
    ) -> int | None:
        """Hands the oldest unsent notice after id `after` to `send` and marks it; returns its id or None.

        If `send` raises, the notice stays unsent and the error passes through.
        """
        try:
            deadline = asyncio.get_running_loop().time() + 30
            async with (
                asyncio.timeout_at(deadline),
                self._connection(deadline) as link,
                link.conn.transaction(),
            ):
                row = await (await link.conn.execute(self._sql["outbox_claim"], (after,))).fetchone()
                if row is None:
                    return None
                await asyncio.to_thread(send, row)
                await link.conn.execute(self._sql["outbox_sent"], (now, row[0]))
                return row[0]
        except _AWAY as error:
            raise Unavailable(f"deliver: {type(error).__name__}") from error

    async def close(self) -> None:
        """Closes the idle connections."""
        while self._idle:
            await self._idle.pop().conn.close()


def connection_string(**parts: str | int | None) -> str:
    """A libpq connection string of host, port, dbname, user, password, sslmode…"""
    return make_conninfo("", **parts)


def applied(conninfo: str) -> set[str] | None:
    """The migrations that a database has, None where it has no schema yet. Raises Unavailable."""
    try:
        with psycopg.connect(conninfo, connect_timeout=5) as conn:
            return _applied(conn)
    except _AWAY as error:
        raise Unavailable(f"migrate: {error}") from error


def _applied(conn: psycopg.Connection[Any]) -> set[str] | None:
    row = conn.execute("SELECT to_regclass('ai_budget_migrations') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return None
    return {name for (name,) in conn.execute("SELECT version FROM ai_budget_migrations")}


def apply(conninfo: str, migrations: Sequence[tuple[str, str]], schema: str | None = None) -> list[str]:
    """Applies migrations in one transaction, `schema` first; what is there already is left out.

    Returns the names applied. Raises Unavailable; psycopg.Error if a statement fails.
    """
    try:
        with psycopg.connect(conninfo, connect_timeout=5) as conn:
            conn.execute("SELECT pg_advisory_xact_lock(hashtext('ai_budget_migrations'))")
            done = _applied(conn)
            if schema is not None and done is None:
                conn.execute(schema.encode())
            names = []
            for name, sql in migrations:
                if done is None or name not in done:
                    if sql:
                        conn.execute(sql.encode())
                    conn.execute("INSERT INTO ai_budget_migrations (version) VALUES (%s)", (name,))
                    names.append(name)
            return names
    except _AWAY as error:
        raise Unavailable(f"migrate: {error}") from error
