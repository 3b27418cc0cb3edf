"""The real service, a local server that speaks the Anthropic API, and clients of both."""

import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
import redis
from prometheus_client import CollectorRegistry

from ai_budget_client import AIBudget, Settings
from bench.support.anthropic_server import AnthropicServer
from tests.functions.ai_budget.support import Served, fresh_database, server, until

__all__ = ["server"]


@pytest.fixture(scope="session")
def database(server: str) -> str:
    return fresh_database(server)


@pytest.fixture(scope="session")
def service(database: str) -> Iterator[Served]:
    """`serve` with one worker on a database of its own."""
    served = Served("--database-url", database, "--workers", "1")
    yield served
    served.stop()


@pytest.fixture
def upstream() -> Iterator[AnthropicServer]:
    upstream = AnthropicServer()
    yield upstream
    upstream.close()


class RedisServer:
    """A real redis-server on a free port."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            command, cwd=self._directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.client = redis.Redis.from_url(self.url)
        until(self.answers)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """With SIGKILL."""
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory() as directory:
        process = RedisServer(Path(directory))
        yield process
        process.kill()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """An empty one."""
    redis_process.client.flushall()
    return redis_process


Make = Callable[..., AIBudget]


@pytest.fixture
def make_budget(service: Served, tmp_path: Path) -> Iterator[Make]:
    """Makes clients of the service, with settings as keywords, and closes them."""
    budgets: list[AIBudget] = []

    def make(
        url: str | None = None,
        redis: str | None = None,
        registry: CollectorRegistry | None = None,
        **settings: Any,
    ) -> AIBudget:
        chosen = Settings(**{"spool_directory": tmp_path / "spool"} | settings)
        budgets.append(AIBudget(url or service.url, redis=redis, registry=registry, settings=chosen))
        return budgets[-1]

    yield make
    for budget in budgets:
        budget.close()


@pytest.fixture
def budget(make_budget: Make) -> AIBudget:
    return make_budget()


@pytest.fixture
def claude(upstream: AnthropicServer) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=upstream.url, api_key="local")
