"""What every request passes before the application: limits, its id, its caller, its time in the metrics."""

import asyncio
import logging
import random
import re
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
_CLOSE = {"Connection": "close"}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Edge:
    """ASGI middleware. A handler finds the caller in `request.state.caller`.

    `https_url` is set behind a load balancer that ends TLS. Requests of administrators are then answered only
    if they came by HTTPS, as the load balancer says in X-Forwarded-Proto, which it always sets itself. The
    Lambda's scheme is that header; the scheme of a pod, to which clients connect themselves, is `http`.
    """

    app: ASGIApp
    auth: Auth
    requests: RequestMetrics
    https_url: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            scope.setdefault("state", {})["caller"] = self._caller(scope, headers)
            await self.app(scope, _limited(receive, headers), answer)
        except ApiError as error:
            await error.response()(scope, receive, answer)
        except Exception as error:
            log.exception("request %s failed: %s", request_id, type(error).__name__)
            broken = ApiError(500, "internal_error", "the request failed; the log has it by its X-Request-Id")
            await broken.response()(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "other").removeprefix("/api/ai-budget")
            self.requests.observe(route, status, time.perf_counter() - began)

    def _caller(self, scope: Scope, headers: Headers) -> Caller | None:
        """The caller; None on a path that is open to everyone. Raises ApiError 400, 401, 403 or 431."""
        if sum(len(name) + len(value) for name, value in headers.raw) > MAX_HEAD:
            message = f"headers: must not exceed {MAX_HEAD} bytes"
            raise ApiError(431, "head_too_large", message, headers=_CLOSE)
        if len(headers.getlist("host")) != 1 or not headers["host"]:
            raise ApiError(400, "invalid_request", "Host: exactly one is required", "Host")
        if len(headers.getlist("authorization")) > 1:
            message = "Authorization: must not be sent twice"
            raise ApiError(400, "invalid_request", message, "Authorization")
        path = scope["path"]
        if path in OPEN_PATHS:
            return None
        admin = path in ADMIN_PATHS
        if admin:
            self._require_https(scope, headers)
        caller = self.auth.caller(headers.get("authorization", ""), admin=admin)
        if caller.actor:
            self._require_https(scope, headers)
        return caller

    def _require_https(self, scope: Scope, headers: Headers) -> None:
        forwarded = headers.getlist("x-forwarded-proto")
        if self.https_url and not (scope["scheme"] == "https" and forwarded == ["https"]):
            address = f"{self.https_url}{scope['path']}"
            message = f"the admin token is accepted on HTTPS only; send the request to {address}"
            raise ApiError(403, "https_required", message)


def _limited(receive: Receive, headers: Headers) -> Receive:
    """Receives a body. Raises ApiError: 415, 413 without reading what is too long, 408 for a slow client."""
    too_large = ApiError(413, "payload_too_large", f"body: must not exceed {MAX_BODY} bytes", headers=_CLOSE)
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise too_large
    deadline, size = asyncio.get_running_loop().time() + BODY_SECONDS, 0

    async def limited() -> Message:
        nonlocal size
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            message = f"body: must arrive within {BODY_SECONDS} s"
            raise ApiError(408, "timeout", message, headers=_CLOSE) from None
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise too_large
        if size and not _JSON.fullmatch(headers.get("content-type", "")):
            message = "Content-Type: must be application/json"
            raise ApiError(415, "unsupported_media_type", message, "Content-Type")
        return message

    return limited
