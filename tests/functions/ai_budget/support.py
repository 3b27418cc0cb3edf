"""What the tests of the AI budget service share: a PostgreSQL, the service in this process, and `serve`."""

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from functions.ai_budget import bodies, postgres
from functions.ai_budget.answers import Answer, Refusal, Text
from functions.ai_budget.config import Config
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.migrate import migrate
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


_TABLES = ("token_budgets", "budget_months", "budget_reservations", "token_usage", "budget_usage_totals")
_LOGS = ("budget_changes", "budget_outbox", "budget_contacts")


@pytest.fixture(scope="session")
def emptied(server: str) -> str:
    """The URL of the migrated database that `database` empties."""
    return fresh_database(server)


@pytest.fixture
def database(emptied: str) -> str:
    """The URL of a migrated database that holds no tenant."""
    deletions = "".join(f"DELETE FROM ai_{table};" for table in (*_TABLES, *_LOGS))
    sql(emptied, f"SET session_replication_role = replica; {deletions}")  # the role leaves triggers out
    return emptied


def fresh_database(server: str) -> str:
    """Makes one more migrated database."""
    name = f"budget{next(_names)}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template_budget".encode())
    return of_database(server, name)


def sql(url: str, statement: str, *params: object) -> list[tuple[Any, ...]]:
    """Runs plain SQL, as a person would; the rows if there are any."""
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statement.encode(), params or None)
        return cursor.fetchall() if cursor.description else []


class Desk:
    """The service in this process; every call says when it is made."""

    def __init__(self, url: str, queue: Any = None, **config: Any) -> None:
        self.url = url
        self.loop = asyncio.new_event_loop()
        self.ledger = Ledger(lambda: url, Config(**config).rules())
        self.service = Service(self.ledger, Config(**config), queue)

    def close(self) -> None:
        self.loop.run_until_complete(self.ledger.close())
        self.loop.close()

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def answer(self, coroutine: Any) -> Answer:
        async def attempt() -> Answer:
            try:
                return await coroutine
            except Refusal as refusal:
                return refusal.answer

        answer = self.run(attempt())
        if isinstance(answer.body, Text):
            return answer._replace(body=json.loads(answer.body, parse_float=Decimal))
        return answer

    def check(
        self, tenant: str, now: datetime, prompt: int = 0, maximum: int | None = 0, **more: Any
    ) -> Answer:
        return self.answer(self.service.check(check_body(tenant, prompt, maximum, **more), now))

    def track(self, tenant: str, now: datetime, prompt: int = 0, completion: int = 0, **more: Any) -> Answer:
        return self.answer(self.service.track(track_body(tenant, prompt, completion, **more), now))

    def set(
        self, tenant: str, limit: Any, now: datetime, model: str = SONNET, tier: str | None = None
    ) -> Answer:
        body = {"tenant_id": tenant, "model": model, "monthly_limit_usd": Decimal(str(limit)), "tier": tier}
        return self.answer(self.service.set_limit(body, "admin-test", now))

    def tenant(self, tenant: str, now: datetime) -> dict[str, Any]:
        return self.answer(self.service.tenant(tenant, now)).body

    def entry(self, tenant: str, now: datetime, model: str = SONNET) -> dict[str, Any]:
        return next(b for b in self.tenant(tenant, now)["budgets"] if b["model"] == model)


def _defaults(fields: dict[str, bodies.Field]) -> dict[str, Any]:
    return {name: default for name, (_, default) in fields.items()}


def check_body(tenant: str, prompt: int = 0, maximum: int | None = 0, **more: Any) -> dict[str, Any]:
    """A body of `check` as read; more: model, report_type, request_id."""
    body = {
        "tenant_id": tenant,
        "model": SONNET,
        "estimated_prompt_tokens": prompt,
        "max_completion_tokens": maximum,
    }
    return _defaults(bodies.CHECK) | body | more


def track_body(tenant: str, prompt: int = 0, completion: int = 0, **more: Any) -> dict[str, Any]:
    """A body of `track` as read; more: model, cache tokens, report_type, reservation_id, request_id."""
    body = {"tenant_id": tenant, "model": SONNET, "prompt_tokens": prompt, "completion_tokens": completion}
    return _defaults(bodies.TRACK) | body | more


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """The service on a fresh database."""
    desk = Desk(database)
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

    def set(self, tenant: str, limit: Any, model: str = SONNET) -> httpx.Response:
        body = {"tenant_id": tenant, "model": model, "monthly_limit_usd": limit}
        return self.post("set", body, Authorization=f"Bearer {ADMIN}")

    def workers(self) -> list[int]:
        """The ids of the worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

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


def until(condition: Any, seconds: float = 15.0) -> Any:
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
