"""One worker of `serve`: the API behind uvicorn on a socket that all workers share."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import uvicorn
import uvloop

from functions.ai_budget.api import Api
from functions.ai_budget.bodies import MAX_BODY
from functions.ai_budget.config import Config
from functions.ai_budget.ledger import Ledger, Unavailable
from functions.ai_budget.metrics import Latencies
from functions.ai_budget.protocol import IDLE_SECONDS, Http, request_of
from functions.ai_budget.service import ANSWERS_KEPT, Service
from functions.ai_budget.turns import Turns

TIDY_SECONDS = 30.0
DRAINED = 64 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_GARBAGE = 50_000  # objects; a batch in flight makes more than Python's 700, and none of them is garbage
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What a worker needs to know."""

    conninfo: Callable[[], str]
    config: Config
    admin_tokens: tuple[str, ...]


async def _cut_off(server: uvicorn.Server) -> None:
    """Ends connections that did not finish a request in time, or begin one."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0.25)
        now = loop.time()
        for connection in list(server.server_state.connections):
            due, idle_since = getattr(connection, "due", None), getattr(connection, "idle_since", None)
            if due is not None and due <= now:
                connection.transport.abort()  # type: ignore[union-attr]
            elif idle_since is not None and idle_since + IDLE_SECONDS <= now:
                connection.transport.close()  # type: ignore[union-attr]


async def _tidy(ledger: Ledger) -> None:
    while True:
        try:
            await ledger.tidy(datetime.now(UTC), ANSWERS_KEPT)
        except Unavailable:
            log.warning("tidying waits for the database")
        except Exception as error:
            log.error("tidying failed: %s", type(error).__name__)
        await asyncio.sleep(TIDY_SECONDS)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        """Leaves the signals to run()."""
        yield


def application(api: Api) -> Callable[..., Any]:
    """The API as an ASGI application."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        body, size, more = b"", 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            more = message.get("more_body", False)
            size += len(message.get("body", b""))
            if size <= MAX_BODY:
                body += message.get("body", b"")
            elif size > DRAINED:
                break
        response = await api.handle(request_of(scope, body if size <= MAX_BODY else None), began)
        written = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        if size > MAX_BODY:
            written.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": written})
        await send({"type": "http.response.body", "body": response.body})

    return app


def run(
    sock: socket.socket,
    index: int,
    settings: Settings,
    latencies: Latencies,
    turns: Turns,
    parent: int,
    answering: int,
) -> None:
    """Serves until SIGTERM, then finishes what is in flight. Writes a byte to `answering` once it accepts.

    The kernel kills this process when its parent dies.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    latencies.own(index)
    uvloop.run(_serve(sock, index, settings, latencies, turns, answering))


async def _serve(
    sock: socket.socket, index: int, settings: Settings, latencies: Latencies, turns: Turns, answering: int
) -> None:
    ledger = Ledger(settings.conninfo, settings.config.rules())
    service = Service(ledger, settings.config, turn=turns)
    turns.join(index, service.batcher.rung)
    api = Api(service, lambda: settings.admin_tokens, latencies)
    made: Any = partial(Http, api)  # uvicorn calls what it says is a type
    server = _Server(
        uvicorn.Config(
            application(api), http=made, proxy_headers=False, ws="none", lifespan="off", log_config=None,
            access_log=False,
            server_header=False, date_header=False, timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=10, backlog=2048,
        )
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, lambda: setattr(server, "should_exit", True))

    async def announce() -> None:
        while not server.started:
            await asyncio.sleep(0.005)
        os.write(answering, b".")

    background = [asyncio.create_task(announce()), asyncio.create_task(_cut_off(server))]
    if index == 0:
        background.append(asyncio.create_task(_tidy(ledger)))
    try:
        await server.serve(sockets=[sock])
    finally:
        for task in background:
            task.cancel()
        await ledger.close()
