"""The ledger: everything the service asks of PostgreSQL, and the only user of psycopg.

Money is `Decimal` US dollars; instants are aware datetimes. `Unavailable` means that PostgreSQL could not be
asked or did not answer in time; what was asked may then have happened or not.
"""

import asyncio
import os
import select
from collections.abc import Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from functions.ai_budget.queries import queries

# Lookups by key only: a plan made while a table was small must not scan it once it has grown.
_OPTIONS = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off "
    "-c plan_cache_mode=force_generic_plan -c timezone=UTC -c synchronous_commit=on "
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


@dataclass(frozen=True, slots=True)
class Rules:
    """What the ledger's statements need of the configuration."""

    default_model: str
    default_limit: Decimal
    lifetime: timedelta
    warning_percent: Decimal
    percentile: float
    default_completion: int


class Check(NamedTuple):
    """Asks to reserve `fixed` + tokens × `rate` USD, tokens being `maximum` or the tenant's estimate."""

    tenant_id: str
    model: str
    now: datetime
    request_id: str | None
    fingerprint: str | None
    report_type: str
    fixed: Decimal
    rate: Decimal
    maximum: int | None


class Usage(NamedTuple):
    """A tracked call. `request_id` is never absent: it is what makes a repetition harmless."""

    tenant_id: str
    model: str
    now: datetime
    request_id: str
    fingerprint: str
    report_type: str
    prompt: int
    completion: int
    cache_read: int
    cache_write: int
    cost: Decimal
    reservation_id: str | None


class Reserved(NamedTuple):
    """status: ok, refused, replay, conflict, no_budget or busy."""

    status: str
    reservation_id: str | None
    reserved_usd: Decimal
    remaining_usd: Decimal
    expires_at: datetime
    spent_usd: Decimal
    limit_usd: Decimal


class Booked(NamedTuple):
    """status: ok, replay, conflict or busy; settlement: as in ai_budget_book."""

    status: str
    cost_usd: Decimal
    period_start: date
    settlement: str | None


class Budget(NamedTuple):
    """One row of ai_token_budgets."""

    tenant_id: str
    model: str
    limit_usd: Decimal
    spent_usd: Decimal
    tokens_in: int
    tokens_out: int
    period_start: date
    soft_limit_notified: bool
    hard_limit_reached: bool


R = TypeVar("R", Reserved, Booked)


def _array(values: Iterable[object]) -> str:
    """A PostgreSQL array literal of values that need no escaping (ids, numbers, instants); None is NULL."""
    return "{" + ",".join(["NULL" if v is None else f'"{v}"' for v in values]) + "}"


def _numbers(values: Iterable[object]) -> str:
    return "{" + ",".join(["NULL" if v is None else str(v) for v in values]) + "}"


def _random_ids(count: int) -> list[str]:
    """Version 4 UUIDs."""
    digits = os.urandom(16 * count).hex()
    return [f"{d[:12]}4{d[13:16]}8{d[17:]}" for d in (digits[i : i + 32] for i in range(0, 32 * count, 32))]


def _hung_up(conn: psycopg.AsyncConnection[Any]) -> bool:
    """Whether an idle connection is closed, or has something to read: then it is the server's farewell."""
    if conn.closed:
        return True
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _keys(items: Sequence[Check] | Sequence[Usage]) -> tuple[str, str, str]:
    """The distinct budgets of a batch, sorted, and each item's position among them."""
    pairs = sorted({(item.tenant_id, item.model) for item in items})
    place = {pair: i for i, pair in enumerate(pairs, 1)}
    return (
        _array(p[0] for p in pairs),
        _array(p[1] for p in pairs),
        _numbers(place[item.tenant_id, item.model] for item in items),
    )


class Ledger:
    """Statements over at most `size` connections, made when needed and dropped when broken."""

    def __init__(
        self, conninfo: Callable[[], str], rules: Rules, *, size: int = 10, timeout: float = 4.0
    ) -> None:
        self.rules = rules
        self._conninfo = conninfo
        self._timeout = timeout
        self._idle: list[psycopg.AsyncConnection[Any]] = []
        self._abandoned: set[asyncio.Task[Any]] = set()
        self._slots = asyncio.Semaphore(size)
        self._sql = {name: sql.encode() for name, sql in queries().items()}

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        options = _OPTIONS.format(timeout=int(self._timeout * 1000))
        return await psycopg.AsyncConnection.connect(
            self._conninfo(), autocommit=True, connect_timeout=2, options=options, prepare_threshold=0
        )

    @asynccontextmanager
    async def _connection(self):
        async with self._slots:
            conn = None
            try:
                while self._idle and conn is None:
                    conn = self._idle.pop()
                    if _hung_up(conn):
                        await conn.close()
                        conn = None
                conn = conn or await self._connect()
                yield conn
            except BaseException as error:
                if conn is not None and (conn.closed or not isinstance(error, psycopg.Error)):
                    await conn.close()
                    conn = None
                raise
            finally:
                if conn is not None and not conn.closed:
                    self._idle.append(conn)

    async def _rows(
        self, name: str, params: Sequence[object] | dict[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of one statement in its own transaction. Raises Unavailable or psycopg.Error."""
        task = asyncio.create_task(self._execute(name, params))
        done, _ = await asyncio.wait({task}, timeout=self._timeout)
        if not done:
            # Cancelling waits for the server, which may hang: nobody waits for that.
            task.cancel()
            self._abandoned.add(task)
            task.add_done_callback(self._forget)
            raise Unavailable(f"{name}: no answer in {self._timeout} s") from TimeoutError()
        try:
            return task.result()
        except _AWAY as error:
            if isinstance(error, _SETTLED_BY_ROLLBACK):
                raise
            raise Unavailable(f"{name}: {type(error).__name__}") from error

    async def _execute(
        self, name: str, params: Sequence[object] | dict[str, object]
    ) -> list[tuple[Any, ...]]:
        async with self._connection() as conn:
            cursor = await conn.execute(self._sql[name], params, prepare=True)
            return await cursor.fetchall()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()

    async def _again(self, name: str, params: Sequence[object], *, repeatable: bool) -> list[tuple[Any, ...]]:
        """As _rows, once more where the first try is known to be undone or may be repeated without harm."""
        for _ in range(3):
            try:
                return await self._rows(name, params)
            except _SETTLED_BY_ROLLBACK:
                continue
            except Unavailable as error:
                if not repeatable or isinstance(error.__cause__, TimeoutError | errors.LockNotAvailable):
                    raise
                repeatable = False
        return await self._rows(name, params)

    async def reserve(self, checks: Sequence[Check], *, wait: bool = True) -> list[Reserved]:
        """Reserves in order, in one transaction; the checks are of one month, no request id occurs twice."""
        rules = self.rules
        named = any(c.request_id is not None for c in checks)
        params = (
            max(c.now for c in checks), wait, rules.lifetime, rules.default_model, rules.default_limit,
            rules.percentile, rules.default_completion, *_keys(checks), _array(c.report_type for c in checks),
            _numbers(c.fixed for c in checks), _numbers(c.rate for c in checks),
            _numbers(c.maximum for c in checks),
            _numbers(_random_ids(len(checks))), _array(c.request_id for c in checks) if named else "{}",
            _numbers(c.fingerprint for c in checks) if named else "{}",
        )  # fmt: skip
        repeatable = all(c.request_id is not None for c in checks)
        rows = await self._again("reserve", params, repeatable=repeatable)
        return _in_order(Reserved, rows, len(checks))

    async def book(self, calls: Sequence[Usage], *, wait: bool = True) -> list[Booked]:
        """Books in order, all in one transaction; no request id occurs twice."""
        rules = self.rules
        settling = any(c.reservation_id is not None for c in calls)
        params = (
            max(c.now for c in calls), wait, rules.default_model, rules.default_limit, rules.warning_percent,
            *_keys(calls), _array(c.report_type for c in calls), _numbers(c.prompt for c in calls),
            _numbers(c.completion for c in calls), _numbers(c.cache_read for c in calls),
            _numbers(c.cache_write for c in calls), _numbers(c.cost for c in calls),
            _array(c.now for c in calls),
            _numbers(c.reservation_id for c in calls) if settling else "{}",
            _array(c.request_id for c in calls), _numbers(c.fingerprint for c in calls),
        )  # fmt: skip
        return _in_order(Booked, await self._again("book", params, repeatable=True), len(calls))

    async def set_limit(
        self, tenant: str, model: str, limit: Decimal, tier: str | None, actor: str, now: datetime
    ) -> Budget:
        """Sets a limit, recorded as changed by `actor`."""
        params = (now, tenant, model, limit, tier, actor, self.rules.warning_percent)
        return Budget(*(await self._again("set_limit", params, repeatable=True))[0])

    async def tenant(self, tenant: str) -> list[Budget]:
        """The budgets of a tenant, by model."""
        return [Budget(*row) for row in await self._rows("tenant", (tenant,))]

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
            async with asyncio.timeout(30), self._connection() as conn, conn.transaction():
                row = await (await conn.execute(self._sql["outbox_claim"], (after,))).fetchone()
                if row is None:
                    return None
                await asyncio.to_thread(send, row)
                await conn.execute(self._sql["outbox_sent"], (now, row[0]))
                return row[0]
        except _AWAY as error:
            raise Unavailable(f"deliver: {type(error).__name__}") from error

    async def close(self) -> None:
        """Closes the idle connections."""
        while self._idle:
            await self._idle.pop().close()


def _in_order(kind: type[R], rows: Sequence[tuple[Any, ...]], count: int) -> list[R]:
    placed: list[Any] = [None] * count
    for row in rows:
        placed[row[0] - 1] = kind._make(row[1:])
    return placed


def month_of(now: datetime) -> date:
    """The first day of the UTC month of an instant."""
    return now.astimezone(UTC).date().replace(day=1)


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
