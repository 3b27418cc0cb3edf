"""What the tests of the AI budget service share: a PostgreSQL, the service in this process, and `serve`."""

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from functions.ai_budget import schemas
from functions.ai_budget.auth import Caller
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError
from functions.ai_budget.ledger import Ledger, migrate
from functions.ai_budget.serve import postgres
from functions.ai_budget.service import Service

ROOT = Path(__file__).parents[3]
SONNET = "claude-3-5-sonnet-20241022"
OPUS = "claude-3-opus-20240229"
HAIKU = "claude-3-haiku-20240307"
ADMIN = "an-admin-token"
_names = itertools.count()


def short_directory() -> Path:
    """A directory whose path leaves room for a socket's name."""
    return Path(tempfile.mkdtemp(prefix="aib", dir="/tmp"))


def of_database(url: str, name: str) -> str:
    """The same server, another database."""
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL of this test process, with a migrated database `template_budget`."""
    directory = short_directory() / "pg"
    url = postgres.start(directory)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET fsync = off")  # for speed; what crashes has its own server
        conn.execute("SELECT pg_reload_conf()")
        conn.execute("CREATE DATABASE template_budget")
    migrate(of_database(url, "template_budget"))
    yield url
    postgres.stop(directory)
    shutil.rmtree(directory.parent, ignore_errors=True)


@pytest.fixture
def durable() -> Iterator[tuple[Path, str]]:
    """The directory and URL of a PostgreSQL with the durability of a fresh one."""
    directory = short_directory() / "pg"
    url = postgres.start(directory)
    migrate(url)
    yield directory, url
    postgres.stop(directory)
    shutil.rmtree(directory.parent, ignore_errors=True)


def postmaster(directory: Path) -> int:
    """The process id of a directory's PostgreSQL."""
    return int((directory / "postmaster.pid").read_text().split()[0])


def kill_postgres(directory: Path) -> None:
    os.kill(postmaster(directory), signal.SIGKILL)
    until(lambda: not postgres.running(directory))


def fresh_database(server: str) -> str:
    """Makes one more migrated database."""
    name = f"budget{next(_names)}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template_budget".encode())
    return of_database(server, name)


@pytest.fixture
def database(server: str) -> str:
    """The URL of a migrated database that holds no tenant."""
    return fresh_database(server)


def sql(url: str, statement: str, *params: object) -> list[tuple[Any, ...]]:
    """Runs plain SQL, as a person would; the rows if there are any."""
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as conn:
        cursor = conn.execute(statement.encode(), params or None)
        return cursor.fetchall() if cursor.description else []


class Desk:
    """The service in this process. `now` is the clock of both; without it the database goes by its own."""

    def __init__(
        self,
        url: str,
        queue: Any = None,
        now: datetime | None = None,
        server_clock: Any = None,
        **config: Any,
    ) -> None:
        self.url = url
        self.now = now
        self._server_clock = server_clock or (lambda: self.now or datetime.now(UTC))
        self.loop = asyncio.new_event_loop()
        self.config = Config(**config)
        self.service = self.run(self._open(queue))
        self.ledger = self.service.ledger

    async def _open(self, queue: Any) -> Service:
        ledger = Ledger(lambda: self.url, clock=self._server_clock if self.now else None)
        await ledger.open()
        return Service(ledger, self.config, queue, self._server_clock)

    def close(self) -> None:
        self.run(self.ledger.close())
        self.loop.close()

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def answer(self, coroutine: Any) -> Any:
        """The response model, or the ApiError."""

        async def attempt() -> Any:
            try:
                return await coroutine
            except ApiError as error:
                return error

        return self.run(attempt())

    def check(self, tenant: str = "acme", prompt: int = 1000, maximum: int | None = 500, **more: Any) -> Any:
        """A CheckResponse, or the ApiError; by default of 0.0105 USD of Sonnet."""
        body = {"max_completion_tokens": maximum} if maximum is not None else {}
        request = schemas.CheckRequest(
            **{"tenant_id": tenant, "model": SONNET, "estimated_prompt_tokens": prompt, **body} | more
        )
        answer = self.answer(self.service.check(request))
        return answer if isinstance(answer, ApiError) else answer[0]

    def track(self, tenant: str = "acme", prompt: int = 1000, completion: int = 500, **more: Any) -> Any:
        """A TrackResponse, or the ApiError; by default of 0.0105 USD of Sonnet."""
        tokens = {} if "usage" in more else {"prompt_tokens": prompt, "completion_tokens": completion}
        request = schemas.TrackRequest(**{"tenant_id": tenant, "model": SONNET, **tokens} | more)
        return self.answer(self.service.track(request))

    def release(self, tenant: str, reservation: Any) -> Any:
        body = schemas.ReleaseRequest(tenant_id=tenant, reservation_id=reservation)
        return self.answer(self.service.release(body, Caller()))

    def extend(self, tenant: str, reservation: Any, seconds: int) -> Any:
        body = schemas.ExtendRequest(
            tenant_id=tenant, reservation_id=reservation, reservation_seconds=seconds
        )
        return self.answer(self.service.extend(body, Caller()))

    def set(self, tenant: str, limit: Any, model: str = SONNET, **more: Any) -> Any:
        body = {"tenant_id": tenant, "model": model, "monthly_limit_usd": limit} | more
        return self.answer(self.service.budgets.set_budget(schemas.SetRequest(**body), Caller("admin-test")))

    def tenant(self, tenant: str = "acme") -> schemas.TenantResponse:
        return self.run(self.service.budgets.tenant(tenant, Caller()))

    def entry(self, tenant: str = "acme", model: str = SONNET) -> schemas.BudgetEntry:
        return next(budget for budget in self.tenant(tenant).budgets if budget.model == model)

    def tidy(self) -> Any:
        warning = self.config.thresholds.warning_percent
        keep = timedelta(days=35)
        return self.run(self.ledger.fetch("tidy", warning_percent=warning, keep=keep))


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """The service on a fresh database, in the middle of a month that has not come yet."""
    desk = Desk(database, now=at("2030-01-15 12:00"))
    yield desk
    desk.close()


class Served:
    """A `serve` process, ready."""

    def __init__(self, *arguments: str, port: int = 0, env: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "functions.ai_budget.serve", "--port", str(port), *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "AI_BUDGET_ADMIN_TOKEN": ADMIN, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if self.lines[-1] == "ready":
                break
        else:
            stderr = self.process.stderr.read() if self.process.stderr else ""
            raise AssertionError(f"serve did not start: {self.lines} {stderr}")
        self.url = self.lines[0].split()[-1]
        self.http = httpx.Client(base_url=self.url, timeout=10)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(f"/api/ai-budget/{path}", json=body, headers=headers)

    def set(self, tenant: str, limit: Any, model: str = SONNET, **more: Any) -> httpx.Response:
        body = {"tenant_id": tenant, "model": model, "monthly_limit_usd": limit} | more
        return self.post("set", body, Authorization=f"Bearer {ADMIN}")

    def workers(self) -> list[int]:
        """The ids of the worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Ends the process and returns its exit code."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signum)
        code = self.process.wait(30)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code


def until(condition: Any, seconds: float = 20.0) -> Any:
    """The first true value of `condition()`; an AssertionError if there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def at(text: str) -> datetime:
    """An instant in UTC, as "2026-11-24 14:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def check(tenant: str = "acme", **more: Any) -> dict[str, Any]:
    """A body of `check` as sent: 0.0105 USD of Sonnet."""
    return {
        "tenant_id": tenant,
        "model": SONNET,
        "estimated_prompt_tokens": 1000,
        "max_completion_tokens": 500,
    } | more


def track(tenant: str = "acme", **more: Any) -> dict[str, Any]:
    """A body of `track` as sent: 0.0105 USD of Sonnet."""
    return {"tenant_id": tenant, "model": SONNET, "prompt_tokens": 1000, "completion_tokens": 500} | more
