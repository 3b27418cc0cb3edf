"""`python -m functions.ai_budget.serve`: the service as a real HTTP server with several workers.

The admin token is AI_BUDGET_ADMIN_TOKEN (comma-separated during a rotation) or one made at start and printed.

The server is granian: its HTTP parser (hyper) gives limits that uvicorn does not. A head that is too long is
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
import urllib.error
import urllib.request
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from fastapi import FastAPI

from functions.ai_budget import notifications
from functions.ai_budget.app import create_app
from functions.ai_budget.config import Config, ConfigError, parse_config
from functions.ai_budget.edge import MAX_HEAD
from functions.ai_budget.ledger import Ledger, Unavailable
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.serve.errors import StartError
from functions.ai_budget.serve.workers import SERVER_PID, ending_with_the_server
from functions.ai_budget.service import REQUESTS_KEPT, Service

HEAD_SECONDS = 10  # also how long a connection may be idle
TIDY_SECONDS = 30
START_SECONDS = 30
PORT_SECONDS = 4
DATABASE, TOKENS, CONFIG = "AI_BUDGET_DATABASE_URL", "AI_BUDGET_ADMIN_TOKEN", "AI_BUDGET_CONFIG_FILE"
log = logging.getLogger("ai_budget")


def application() -> FastAPI:
    """A worker's application, from the environment that `main` prepared. granian calls it."""
    config = _config(os.environ.get(CONFIG))
    ledger = Ledger(lambda: os.environ[DATABASE])
    tokens = os.environ[TOKENS].split(",")
    requests = RequestMetrics(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    return create_app(Service(ledger, config), lambda: tokens, requests, _background)


def _background(service: Service) -> AbstractAsyncContextManager[None]:
    return ending_with_the_server(service, _tidy(service))


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
    where.add_argument("--data-dir", type=Path, help="of the embedded PostgreSQL (default build/ai-budget)")
    where.add_argument("--database-url", help="an existing PostgreSQL, which is migrated and used")
    where.add_argument("--aws", action="store_true", help="as in a pod: all from the environment, on AWS")
    parser.add_argument("--config", help="TOML; see docs/ai-budget-operations.md")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.workers <= 64:
        parser.error("--workers: must be between 1 and 64")
    if not 0 <= arguments.port <= 65535:
        parser.error("--port: must be between 0 and 65535")
    if arguments.aws and arguments.config:
        parser.error("--config: with --aws the configuration is AI_BUDGET_CONFIG")
    if arguments.data_dir is None and arguments.database_url is None:
        arguments.data_dir = Path("build/ai-budget")
    return arguments


def _config(path: str | None) -> Config:
    if not path:
        return Config()
    try:
        return parse_config(Path(path).read_text(encoding="utf-8"), name=path)
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartError(f"{path}: not UTF-8") from None


def _free_port(host: str, port: int) -> int:
    """The port if nobody listens on it, any free one for 0. Raises StartError.

    Tries for a few seconds: the workers of a `serve` that was killed need a moment to notice.
    """
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return probe.getsockname()[1]
        except OSError as error:
            if time.monotonic() > deadline:
                reason = error.strerror or error
                raise StartError(f"{host}:{port}: {reason}; choose another one with --port") from None
            time.sleep(0.05)


def _welcome(url: str, new_token: str | None) -> None:
    """Prints the address and what to try, once the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{url}/healthz", timeout=1)
            break
        time.sleep(0.02)
    else:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    token, json = new_token or "$AI_BUDGET_ADMIN_TOKEN", "-H 'Content-Type: application/json'"
    tenant = '"tenant_id": "tenant-demo", "model": "claude-3-5-sonnet-20241022"'
    print(f"The AI budget service is at {url}")
    if new_token:
        print(f"Admin token (made for this run; set {TOKENS} to keep one): {new_token}")
    print(f"Try:\n  curl {url}/api/ai-budget/tenant/tenant-demo")
    tokens = '"estimated_prompt_tokens": 1000, "max_completion_tokens": 500'
    print(f"  curl {json} -d '{{{tenant}, {tokens}}}' {url}/api/ai-budget/check")
    print(
        f'  curl {json} -H "Authorization: Bearer {token}" -d \'{{{tenant}, "monthly_limit_usd": 5000.00}}\''
        f" {url}/api/ai-budget/set"
    )
    print("ready", flush=True)


def main(argv: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT: 0. Where it cannot start: 1, with one line on stderr."""
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        if arguments.aws:
            _check_pod()
            _run(arguments, "functions.ai_budget.serve.pods:application", None)
        else:
            _serve_with_a_database(arguments)
    except (StartError, ConfigError) as error:
        print(f"ai-budget: {error}", file=sys.stderr)
        return 1
    return 0


def _check_pod() -> None:
    from functions.ai_budget.aws import environment  # late: `make serve` needs no boto3

    environment.check_api()


def _serve_with_a_database(arguments: argparse.Namespace) -> None:
    from functions.ai_budget.serve.database import Database  # late: the image has no embedded PostgreSQL

    _config(arguments.config)
    given = [token.strip() for token in os.environ.get(TOKENS, "").split(",") if token.strip()]
    new_token = None if given else secrets.token_urlsafe(24)
    _free_port(arguments.host, arguments.port)
    database = Database(arguments.database_url, arguments.data_dir)
    try:
        database.migrate()
        os.environ |= {
            DATABASE: database.url,
            TOKENS: ",".join(given) or str(new_token),
            CONFIG: arguments.config or "",
        }
        _run(arguments, "functions.ai_budget.serve.server:application", new_token)
    finally:
        database.release()


def _run(arguments: argparse.Namespace, application: str, new_token: str | None) -> None:
    """Serves until SIGTERM or SIGINT. Raises StartError if the port is in use."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    port = _free_port(arguments.host, arguments.port)
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    with tempfile.TemporaryDirectory(prefix="ai-budget-metrics-") as metrics:
        os.environ |= {"PROMETHEUS_MULTIPROC_DIR": metrics, SERVER_PID: str(os.getpid())}
        multiprocessing.set_start_method("spawn")
        server = Granian(
            application,
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
        )
        if not arguments.aws:
            url = f"http://{host}:{port}"
            threading.Thread(target=_welcome, args=[url, new_token], daemon=True).start()
        server.serve()
