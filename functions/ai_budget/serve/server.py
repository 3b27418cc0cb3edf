"""`python -m functions.ai_budget.serve`: the service as a real HTTP server with several workers.

The admin token is AI_BUDGET_ADMIN_TOKEN (several, comma-separated, during a rotation); without it one is
generated and printed.

The server is granian: its HTTP parser (hyper) has limits that uvicorn lacks. A head that is too long is
431, a slow one is cut off, an `Upgrade` is ignored and trailers never become headers.
"""

import argparse
import asyncio
import contextlib
import logging
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from fastapi import FastAPI
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from functions.ai_budget import notifications
from functions.ai_budget.app import create_app
from functions.ai_budget.config import Config, ConfigError, parse_config
from functions.ai_budget.edge import MAX_HEAD
from functions.ai_budget.ledger import Ledger, Unavailable, migrate
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.serve import postgres
from functions.ai_budget.service import REQUESTS_KEPT, Service

HEAD_SECONDS = 10  # also how long a connection may be idle
TIDY_SECONDS = 30
PORT_SECONDS = 4
DATABASE, TOKENS, CONFIG = "AI_BUDGET_DATABASE_URL", "AI_BUDGET_ADMIN_TOKEN", "AI_BUDGET_CONFIG_FILE"
METRICS, PARENT = "PROMETHEUS_MULTIPROC_DIR", "AI_BUDGET_SERVE_PID"
log = logging.getLogger("ai_budget")


class StartError(Exception):
    """The server cannot start; the message says why in one line."""


def application() -> FastAPI:
    """A worker's application, from the environment that `main` prepared. granian calls it."""
    config = _config(os.environ.get(CONFIG))
    ledger = Ledger(lambda: os.environ[DATABASE])
    tokens = [token.strip() for token in os.environ[TOKENS].split(",") if token.strip()]
    requests = RequestMetrics(os.environ[METRICS])
    return create_app(Service(ledger, config), lambda: tokens, requests, _background)


@contextlib.asynccontextmanager
async def _background(service: Service) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_end_with(int(os.environ[PARENT]))), asyncio.create_task(_tidy(service))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _end_with(parent: int) -> None:
    """Ends this worker when `serve` was killed, so that its port is free again."""
    while os.getppid() == parent:
        await asyncio.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)


async def _tidy(service: Service) -> None:
    warning = service.config.thresholds.warning_percent
    async with notifications.http_client() as http:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            with contextlib.suppress(Unavailable):
                await service.ledger.fetch("tidy", warning_percent=warning, keep=REQUESTS_KEPT)
                await notifications.deliver(
                    service.ledger, _no_mail, http, service.config.notifications, datetime.now(UTC)
                )


def _no_mail(sender: str, to: str, subject: str, text: str, dedupe_id: str) -> NoReturn:  # noqa: ARG001
    raise ValueError("`serve` sends webhooks but no mail; the Lambda does")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m functions.ai_budget.serve", description="The AI budget service."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3010, help="0 takes a free one")
    parser.add_argument("--workers", type=int, default=2, help="processes that answer (default 2)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--data-dir",
        type=Path,
        default=Path("build/ai-budget"),
        help="of the embedded PostgreSQL (default build/ai-budget)",
    )
    where.add_argument("--database-url", help="an existing PostgreSQL, which is migrated and used")
    parser.add_argument("--config", help="TOML; see docs/ai-budget-operations.md")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.workers <= 64:
        parser.error("--workers: must be between 1 and 64")
    if not 0 <= arguments.port <= 65535:
        parser.error("--port: must be between 0 and 65535")
    return arguments


def _config(path: str | None) -> Config:
    try:
        return parse_config(Path(path).read_text(encoding="utf-8"), name=path) if path else Config()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"--config {path}: {error}") from None


def _free_port(host: str, port: int) -> int:
    """The port if no process listens on it, any free one for 0. Raises StartError.

    Tries for a few seconds: the workers of a `serve` that was killed end within that time.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                return probe.getsockname()[1]
        except OSError as error:
            if time.monotonic() > deadline:
                reason = error.strerror or error
                raise StartError(f"{host}:{port}: {reason}; choose another one with --port") from None
            time.sleep(0.05)


def _print_examples(url: str, new_token: str | None) -> None:
    """Prints the address and commands to try."""
    api, token = f"{url}/api/ai-budget", new_token or f"${TOKENS}"
    post = "curl -H 'Content-Type: application/json'"
    tenant = '"tenant_id": "tenant-demo", "model": "claude-3-5-sonnet-20241022"'
    tokens = '"estimated_prompt_tokens": 1000, "max_completion_tokens": 500'
    limit = '"monthly_limit_usd": 5000.00'
    print(f"The AI budget service is at {url}")
    if new_token:
        print(f"Admin token (generated for this run; set {TOKENS} to keep one): {new_token}")
    print("Try:", f"curl {api}/tenant/tenant-demo", sep="\n  ")
    print(f"  {post} -d '{{{tenant}, {tokens}}}' {api}/check")
    print(f"  {post} -H \"Authorization: Bearer {token}\" -d '{{{tenant}, {limit}}}' {api}/set", flush=True)


def _print_ready(host: str, port: int) -> None:
    """Prints `ready` once a worker accepts connections, which it does when its application has started."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            print("ready", flush=True)
            return
        time.sleep(0.02)


def _serve(arguments: argparse.Namespace) -> None:
    """Serves until SIGTERM or SIGINT. Raises StartError, ConfigError or Unavailable where it cannot start."""
    _config(arguments.config)
    tokens = os.environ.get(TOKENS, "")
    new_token = None if tokens.strip(", ") else secrets.token_urlsafe(24)
    port = _free_port(arguments.host, arguments.port)
    url, directory = arguments.database_url, arguments.data_dir
    with (
        contextlib.nullcontext(url) if url else postgres.kept_running(directory) as database,
        tempfile.TemporaryDirectory(prefix="ai-budget-metrics-") as metrics,
    ):
        migrate(database)
        os.environ |= {
            DATABASE: database,
            TOKENS: new_token or tokens,
            CONFIG: arguments.config or "",
            METRICS: metrics,
            PARENT: str(os.getpid()),
        }
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        _print_examples(f"http://{host}:{port}", new_token)
        threading.Thread(target=_print_ready, args=[arguments.host, port], daemon=True).start()
        multiprocessing.set_start_method("spawn")
        Granian(
            "functions.ai_budget.serve.server:application",
            factory=True,
            interface=Interfaces.ASGI,
            address=arguments.host,
            port=port,
            backlog=2048,
            workers=arguments.workers,
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=10,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=MAX_HEAD),
            websockets=False,
            log_level=LogLevels.error,
        ).serve()


def main(argv: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT: 0. Where it cannot start: 1, with one line on stderr."""
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        _serve(arguments)
    except (StartError, ConfigError, Unavailable) as error:
        print(f"ai-budget: {error}", file=sys.stderr)
        return 1
    return 0
