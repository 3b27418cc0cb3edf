"""The exporter over HTTP: GET /metrics/cost from stored figures. It imports nothing that could reach AWS."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from socketserver import ThreadingMixIn
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST

from functions.cost_data.metrics import Page
from functions.cost_data.records import CostDataError, Unavailable
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store

PATH = "/metrics/cost"
STATEMENT_SECONDS = 5
TEXT = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    reason: str
    content_type: str
    body: bytes


def answer(page: Page, method: str, path: str, now: datetime) -> Answer:
    """The answer to a request: 503, with no figures, while PostgreSQL is unavailable."""
    if path != PATH:
        return Answer(404, "Not Found", TEXT, f"{path}: the metrics are at {PATH}\n".encode())
    if method not in ("GET", "HEAD"):
        return Answer(405, "Method Not Allowed", TEXT, f"{method}: use GET\n".encode())
    try:
        return Answer(200, "OK", CONTENT_TYPE_LATEST, page.text(now))
    except (Unavailable, CostDataError) as error:
        return Answer(503, "Service Unavailable", TEXT, f"{error}\n".encode())


def application(page: Page) -> Callable[..., Iterable[bytes]]:
    """A WSGI application."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        status, reason, content_type, body = answer(page, method, environ["PATH_INFO"], datetime.now(UTC))
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        if status == 405:
            headers.append(("Allow", "GET, HEAD"))
        start_response(f"{status} {reason}", headers)
        return [b"" if method == "HEAD" else body]

    return respond


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Logs no request."""


def serve(database_url: str, port: int, settings: Settings) -> None:
    """Serves until interrupted, on this machine only. Prints the address once it listens."""
    page = Page(Store(database_url, STATEMENT_SECONDS), settings)
    with make_server(
        "127.0.0.1", port, application(page), server_class=_Server, handler_class=_QuietHandler
    ) as server:
        print(f"http://127.0.0.1:{server.server_port}{PATH}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
