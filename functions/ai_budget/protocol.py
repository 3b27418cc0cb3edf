"""HTTP for `serve`: uvicorn's, with a time limit for each request and a short way to the batches."""

import os
import time
from functools import partial
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from functions.ai_budget.answers import dumps
from functions.ai_budget.api import BATCHED, Api, Request, Response
from functions.ai_budget.bodies import MAX_BODY
from functions.ai_budget.heads import LONGEST, Heads

REQUEST_SECONDS = 10.0
IDLE_SECONDS = 30
_heads = Heads()
_READ = {b"authorization": "authorization", b"content-type": "content-type", b"x-request-id": "x-request-id"}


def request_of(scope: Any, body: bytes | None) -> Request:
    """The request of an ASGI scope."""
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        {_READ[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _READ},
        body,
    )


class _Connection(Protocol):
    keep_alive: bool  # whether it stays open


def _written(connection: _Connection, response: Response) -> bytes:
    head = [f"{name}: {value}\r\n" for name, value in response.headers]
    if not connection.keep_alive:
        head.append("connection: close\r\n")
    head.append("\r\n")
    return STATUS_LINE[response.status] + "".join(head).encode("latin-1") + response.body


class Http(HttpToolsProtocol):
    """A client has ten seconds for each request, from the connection or its first byte on.

    Checks and tracks are answered without ASGI and a task for each: that would cost more than they do.
    So would the parser, where it read the same head before.
    """

    def __init__(self, api: Api, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._api = api
        self.due: float | None = None
        self.idle_since: float | None = None  # uvicorn's timer sees to the requests that it answers
        self.keep_alive = True
        self._midway = False  # the parser is in a request
        self._read = b""  # what the parser read of a request, from its first byte on
        self._head = b""  # what the parser was spared of a request, whose body is still to come
        self._short: tuple[Any, Any] | None = None  # what goes the short way once its body is there
        self._recalled = False  # a request that the parser did not see is being answered
        self._early = b""  # what came meanwhile

    def connection_made(self, transport: Any) -> None:
        """A new connection owes its first request."""
        super().connection_made(transport)
        self._owe()

    def data_received(self, data: bytes) -> None:
        """What a client sent."""
        if self._recalled:
            self._early += data
            self.flow.pause_reading()
        elif self._midway or not (self.cycle is None or self.cycle.response_complete):
            if self._read:
                self._read = self._read + data if len(self._read) < LONGEST else b""
            super().data_received(data)
        else:
            data, self._head = self._head + data, b""
            if not self._answers(data):
                self._read = data
                super().data_received(data)

    def _answers(self, data: bytes) -> bool:
        """Whether a request that begins with `data` needs no parser."""
        request = _heads.recall(data)
        if request is None:
            if not _heads.awaits(data):
                return False
            self._head = data
            self._owe()
        else:
            written, give = partial(_written, self), self._give_recalled
            if self.flow.write_paused or not self._api.begin(request, time.perf_counter(), written, give):
                return False
            self._recalled, self.due, self.idle_since = True, None, None
        self._unset_keepalive_if_required()
        return True

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._midway = True
        self._owe()

    def _owe(self) -> None:
        """The rest of a request is due, if nothing was."""
        self.idle_since = None
        if self.due is None:
            self.due = self.loop.time() + REQUEST_SECONDS

    def on_body(self, body: bytes) -> None:
        """A part of the body. ASGI sees to what is too long."""
        super().on_body(body)
        if self._short is not None and len(self._short[0].body) > MAX_BODY:
            (cycle, app), self._short = self._short, None
            super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """A request is whole."""
        super().on_message_complete()
        self._midway = False
        self.due = None
        if self._short is not None:
            (cycle, app), self._short = self._short, None
            self._begin(cycle, app)
        self._read = b""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        scope = cycle.scope
        if (
            scope["method"] != "POST"
            or scope["raw_path"].decode("latin-1") not in BATCHED
            or cycle.waiting_for_100_continue
            or self.flow.write_paused
            or len(cycle.body) > MAX_BODY
        ):
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self._short = cycle, app
        else:  # it waited behind another; a long line of such must not nest
            self.loop.call_soon(self._begin, cycle, app)

    def _begin(self, cycle: Any, app: Any) -> None:
        if self.transport.is_closing():
            return
        request = request_of(cycle.scope, bytes(cycle.body))
        if self._read and cycle.keep_alive:
            _heads.learn(self._read, request, {name for name, _ in cycle.scope["headers"]})
        written, give = partial(_written, cycle), partial(self._give, cycle)
        if not self._api.begin(request, time.perf_counter(), written, give):
            super()._start_asgi_task(cycle, app)

    def _give(self, cycle: Any, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def _give_recalled(self, answer: bytes) -> None:
        self._recalled = False
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        if not self.keep_alive:
            self.transport.close()
            return
        self.idle_since = self.loop.time()
        if self._early:
            data, self._early = self._early, b""
            self.flow.resume_reading()
            self.data_received(data)

    def shutdown(self) -> None:
        """Closes the connection, after the answer to what it asked."""
        if self._head:  # the parser has to know of the request
            data, self._head = self._head, b""
            super().data_received(data)
        if self._recalled:
            self.keep_alive = False
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP in JSON too."""
        body = dumps({"error": "invalid_request", "message": msg}).encode()
        request_id = os.urandom(16).hex()
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-request-id: {request_id}\r\n"
        self.transport.write(
            f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
        )
        self.transport.close()
