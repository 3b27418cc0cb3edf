"""What every request passes before the application: limits, its id, its caller, its time in the metrics."""

import asyncio
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from functions.ai_budget.auth import Auth, Caller
from functions.ai_budget.errors import ApiError
from functions.ai_budget.metrics import RequestMetrics

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024
BODY_SECONDS = 10
OPEN_PATHS = {"/healthz", "/readyz"}  # a probe has no token
ADMIN_PATHS = {"/api/ai-budget/set", "/api/ai-budget/reprice"}
_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?', re.IGNORECASE)
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
log = logging.getLogger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]


class Edge:
    """ASGI middleware. A handler finds the caller in `request.state.caller`.

    `https_url` is set behind a load balancer that ends TLS. Requests of administrators are then answered only
    if they came by HTTPS, as the load balancer says in X-Forwarded-Proto, which it always sets itself. The
    Lambda's scheme is that header; the scheme of a pod, to which clients connect themselves, is `http`.
    """

    def __init__(self, app: App, auth: Auth, requests: RequestMetrics, https_url: str | None = None) -> None:
        self._app = app
        self._auth = auth
        self._requests = requests
        self._https_url = https_url

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"

        async def answer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            _check_head(scope, headers)
            scope.setdefault("state", {})["caller"] = self._caller(scope, headers)
            if scope["method"] == "POST":
                receive = _replay(await _body(headers, receive))
            await self._app(scope, receive, answer)
        except ApiError as error:
            await error_response(error)(scope, receive, answer)
        except Exception as error:
            log.exception("request %s failed: %s", request_id, type(error).__name__)
            broken = ApiError(500, "internal_error", "the request failed; the log has it by its X-Request-Id")
            await error_response(broken)(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "other").removeprefix("/api/ai-budget")
            self._requests.observe(route, status, time.perf_counter() - began)

    def _caller(self, scope: Any, headers: Headers) -> Caller | None:
        """The caller; None on a path that is open to everyone. Raises ApiError 401 or 403."""
        path = scope["path"]
        if path in OPEN_PATHS:
            return None
        admin = path in ADMIN_PATHS
        if admin:
            self._require_https(scope, headers)
        caller = self._auth.caller(headers.get("authorization", ""), admin=admin)
        if caller.actor:
            self._require_https(scope, headers)
        return caller

    def _require_https(self, scope: Any, headers: Headers) -> None:
        forwarded = headers.getlist("x-forwarded-proto")
        if self._https_url and not (scope["scheme"] == "https" and forwarded == ["https"]):
            address = f"{self._https_url}{scope['path']}"
            message = f"the admin token is accepted on HTTPS only; send the request to {address}"
            raise ApiError(403, "https_required", message)


def error_response(error: ApiError) -> Response:
    """The JSON answer of an error."""
    text = error.body.model_dump_json(exclude_none=error.status != 429)
    return Response(text, error.status, error.headers, media_type="application/json")


def _check_head(scope: Any, headers: Headers) -> None:
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD:
        raise ApiError(
            431,
            "head_too_large",
            f"headers: must not exceed {MAX_HEAD} bytes",
            headers={"Connection": "close"},
        )
    if len(headers.getlist("host")) != 1 or not headers["host"]:
        raise ApiError(400, "invalid_request", "Host: exactly one is required", "Host")
    if len(headers.getlist("authorization")) > 1:
        raise ApiError(400, "invalid_request", "Authorization: must not be sent twice", "Authorization")


async def _body(headers: Headers, receive: Any) -> bytes:
    """The whole body. Raises ApiError: 415, 413 without reading what is too long, 408 for a slow client."""
    too_large = ApiError(
        413, "payload_too_large", f"body: must not exceed {MAX_BODY} bytes", headers={"Connection": "close"}
    )
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise too_large
    body, more = b"", True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ApiError(400, "invalid_request", "body: the client closed the connection")
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > MAX_BODY:
                    raise too_large
    except TimeoutError:
        raise ApiError(
            408, "timeout", f"body: must arrive within {BODY_SECONDS} s", headers={"Connection": "close"}
        ) from None
    if body and not _JSON.fullmatch(headers.get("content-type", "")):
        message = "Content-Type: must be application/json"
        raise ApiError(415, "unsupported_media_type", message, "Content-Type")
    return body


def _replay(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
