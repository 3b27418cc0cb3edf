"""HTTP middleware for services that call models: a request's tenant, the service's 429, and its warning."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from ai_budget_client.context import ServedRequest, served_request
from ai_budget_client.errors import BudgetError, BudgetExceeded, BudgetUnavailable, SpoolFailed, SpoolFull

WARNING = ("X-AI-Budget-Warning", "true")
TENANT_HEADER = "X-Tenant-Id"


def error_response(error: BudgetError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and JSON body, as the AI budget service answers: for an error handler of any framework.

    429 for BudgetExceeded, 503 while calls cannot be permitted, the service's own status otherwise.
    """
    headers = {"Content-Type": "application/json"}
    if isinstance(error, BudgetExceeded):
        headers["x-should-retry"] = str(error.should_retry).lower()
        if error.retry_after is not None:
            headers["Retry-After"] = str(max(1, round(error.retry_after)))
        if error.warning:
            headers[WARNING[0]] = WARNING[1]
        return 429, headers, error.refusal.model_dump_json().encode()
    if isinstance(error, BudgetUnavailable | SpoolFull | SpoolFailed):
        headers["Retry-After"] = "5"
        return 503, headers, _body("unavailable", error)
    return error.status or 500, headers, _body(error.code or "internal_error", error)


def _body(code: str, error: BudgetError) -> bytes:
    field = {"field": error.field} if error.field else {}
    return json.dumps({"error": code, "message": str(error)} | field).encode()


class ASGIBudgetMiddleware:
    """For Starlette and FastAPI: `app.add_middleware(ASGIBudgetMiddleware)`.

    `tenant_header`: the header with the tenant's id, which must have been authenticated before; or `tenant`:
    a function that gives it from the ASGI scope. Calls without `tenant=` are of this tenant.
    """

    def __init__(
        self,
        app: Any,
        *,
        tenant_header: str = TENANT_HEADER,
        tenant: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> None:
        self._app = app
        self._header = tenant_header.lower().encode()
        self._tenant = tenant or self._tenant_of_header

    def _tenant_of_header(self, scope: Mapping[str, Any]) -> str | None:
        values = [value for name, value in scope["headers"] if name.lower() == self._header]
        return values[0].decode("latin-1") if len(values) == 1 else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        served, started = ServedRequest(self._tenant(scope)), scope["type"] == "websocket"

        async def send_with_warning(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if served.warning:
                    headers = [*message.get("headers", []), tuple(part.encode() for part in WARNING)]
                    message = {**message, "headers": headers}
            await send(message)

        token = served_request.set(served)
        try:
            await self._app(scope, receive, send_with_warning)
        except BudgetError as error:
            if started:
                raise
            status, headers, body = error_response(error)
            encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            encoded.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": status, "headers": encoded})
            await send({"type": "http.response.body", "body": body})
        finally:
            served_request.reset(token)


class WSGIBudgetMiddleware:
    """For WSGI: the same, with `tenant` a function of the WSGI environment.

    A framework that answers errors itself, as Flask does, needs an error handler with `error_response`.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        *,
        tenant_header: str = TENANT_HEADER,
        tenant: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> None:
        self._app = app
        self._key = f"HTTP_{tenant_header.upper().replace('-', '_')}"
        self._tenant = tenant or (lambda environ: environ.get(self._key))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        served = ServedRequest(self._tenant(environ))
        context = contextvars.copy_context()
        context.run(served_request.set, served)

        started = False

        def start_with_warning(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            nonlocal started
            started = True
            return start_response(status, [*headers, WARNING] if served.warning else headers, *more)

        def answer(error: BudgetError) -> bytes:
            status, headers, content = error_response(error)
            headers["Content-Length"] = str(len(content))
            line = f"{status} {HTTPStatus(status).phrase}"
            # With `exc_info` it replaces headers that are not sent yet, and raises the error if they are.
            again = ((type(error), error, error.__traceback__),) if started else ()
            start_response(line, list(headers.items()), *again)
            return content

        try:
            body = context.run(self._app, environ, start_with_warning)
        except BudgetError as error:
            return [answer(error)]
        return _InContext(context, body, answer)


class _InContext:
    """The body of a WSGI answer, made in the context of its request; `answer` gives that to an error."""

    def __init__(
        self, context: contextvars.Context, body: Iterable[bytes], answer: Callable[[BudgetError], bytes]
    ) -> None:
        self._context = context
        self._body = body
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        parts = self._context.run(iter, self._body)
        while True:
            try:
                part = self._context.run(next, parts)
            except StopIteration:
                return
            except BudgetError as error:
                yield self._answer(error)
                return
            yield part

    def close(self) -> None:
        """As PEP 3333 asks."""
        if hasattr(self._body, "close"):
            self._context.run(self._body.close)
