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
from functions.ai_budget.ledger import API, Ledger, Unavailable, migrate
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import REQUESTS_KEPT, Service

HEAD_SECONDS = 10  # also how long a connection may be idle
TIDY_SECONDS = 30
PORT_SECONDS = 4
DATABASE, TOKENS, CONFIG = "AI_BUDGET_DATABASE_URL", "AI_BUDGET_ADMIN_TOKEN", "AI_BUDGET_CONFIG_FILE"
METRICS, SERVER_PID = "PROMETHEUS_MULTIPROC_DIR", "AI_BUDGET_SERVER_PID"
log = logging.getLogger("ai_budget")


class StartError(Exception):
    """The server cannot start; the message says why in one line."""


def application() -> FastAPI:
    """A worker's application, from the environment that `main` prepared. granian calls it."""
    ledger, tokens = Ledger(lambda: os.environ[DATABASE]), os.environ[TOKENS].split(",")
    service, requests = Service(ledger, _config(os.environ[CONFIG])), RequestMetrics(os.environ[METRICS])
    return create_app(service, lambda: tokens, requests, [_end_with_the_server, _tidy])


def application_of_a_pod() -> FastAPI:
    """The same in a pod. The Lambda has the queue, the schedules and the migrations."""
    from functions.ai_budget.aws import environment  # late: `make serve` needs no boto3

    service = environment.service(Ledger(environment.login(API)))
    return environment.application(service, RequestMetrics(os.environ[METRICS]), [_end_with_the_server])


async def _end_with_the_server(_: Service) -> None:
    """Ends this worker when `serve` was killed.

    Its pid is from the environment: a worker that is starting at that moment already has another parent.
    """
    while os.getppid() == int(os.environ[SERVER_PID]):
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
        "--data-dir", type=Path, default=Path("build/ai-budget"),
        help="of the embedded PostgreSQL (default build/ai-budget)",
    )  # fmt: skip
    where.add_argument("--database-url", help="an existing PostgreSQL, which is migrated and used")
    where.add_argument("--aws", action="store_true", help="as in a pod: all from the environment, on AWS")
    parser.add_argument("--config", default="", help="TOML; see docs/ai-budget-operations.md")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.workers <= 64:
        parser.error("--workers: must be between 1 and 64")
    if not 0 <= arguments.port <= 65535:
        parser.error("--port: must be between 0 and 65535")
    if arguments.aws and arguments.config:
        parser.error("--config: with --aws the configuration is AI_BUDGET_CONFIG")
    return arguments


def _config(path: str) -> Config:
    try:
        return parse_config(Path(path).read_text(encoding="utf-8"), name=path) if path else Config()
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartError(f"{path}: not UTF-8") from None


def _free_port(host: str, port: int) -> int:
    """The port if no process listens on it, any free one for 0. Raises StartError.

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


def _print_ready(host: str, port: int, examples: list[str]) -> None:
    """Prints what to try once a worker accepts connections, which is when its application has started."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            print(*examples, "ready", sep="\n", flush=True)
            return
        time.sleep(0.02)


def _examples(url: str, new_token: str | None) -> list[str]:
    """The address and commands to try."""
    api, post = f"{url}/api/ai-budget", "curl -H 'Content-Type: application/json'"
    tenant = '"tenant_id": "tenant-demo", "model": "claude-3-5-sonnet-20241022"'
    tokens = '"estimated_prompt_tokens": 1000, "max_completion_tokens": 500'
    token_lines = (
        [f"Admin token (created for this run; set {TOKENS} to keep one): {new_token}"] if new_token else []
    )
    token = f'-H "Authorization: Bearer {new_token or f"${TOKENS}"}"'
    return [
        f"The AI budget service is at {url}",
        *token_lines,
        f"Try:\n  curl {api}/tenant/tenant-demo",
        f"  {post} -d '{{{tenant}, {tokens}}}' {api}/check",
        f"  {post} {token} -d '{{{tenant}, \"monthly_limit_usd\": 5000.00}}' {api}/set",
    ]


def main(argv: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT: 0. Where it cannot start: 1, with one line on stderr."""
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        if arguments.aws:
            from functions.ai_budget.aws import environment

            environment.check_api()
            _serve(arguments, application_of_a_pod.__name__)
        else:
            _serve_with_a_database(arguments)
    except (StartError, ConfigError, Unavailable) as error:
        print(f"ai-budget: {error}", file=sys.stderr)
        return 1
    return 0


def _serve_with_a_database(arguments: argparse.Namespace) -> None:
    _config(arguments.config)
    tokens = [token.strip() for token in os.environ.get(TOKENS, "").split(",") if token.strip()]
    new_token = None if tokens else secrets.token_urlsafe(24)
    arguments.port = _free_port(arguments.host, arguments.port)
    with _database(arguments) as url:
        migrate(url)
        os.environ |= {DATABASE: url, TOKENS: new_token or ",".join(tokens), CONFIG: arguments.config}
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        examples = _examples(f"http://{host}:{arguments.port}", new_token)
        threading.Thread(
            target=_print_ready, args=[arguments.host, arguments.port, examples], daemon=True
        ).start()
        _serve(arguments, application.__name__)


def _database(arguments: argparse.Namespace) -> contextlib.AbstractContextManager[str]:
    if arguments.database_url:
        return contextlib.nullcontext(arguments.database_url)
    from functions.ai_budget.serve import postgres  # late: the image has no embedded PostgreSQL

    return postgres.kept_running(arguments.data_dir)


def _serve(arguments: argparse.Namespace, application: str) -> None:
    """Serves until SIGTERM or SIGINT. Raises StartError if the port is in use."""
    port = _free_port(arguments.host, arguments.port)
    with tempfile.TemporaryDirectory(prefix="ai-budget-metrics-") as metrics:
        os.environ |= {METRICS: metrics, SERVER_PID: str(os.getpid())}
        multiprocessing.set_start_method("spawn")
        Granian(
            f"{__name__}:{application}",
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
