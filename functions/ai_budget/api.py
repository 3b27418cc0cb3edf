"""HTTP for both ways to run the service: which path does what, who may, and how an answer is written."""

import asyncio
import hmac
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from functions.ai_budget import bodies
from functions.ai_budget.answers import Answer, Refusal, dumps, invalid
from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.metrics import CONTENT_TYPE, Latencies, page
from functions.ai_budget.service import Judge, Service, unavailable

log = logging.getLogger(__name__)
PREFIX = "/api/ai-budget/"
BATCHED = {PREFIX + "check": "check", PREFIX + "track": "track"}  # the routes of paths that wait for a batch
_is_identifier = re.compile(bodies.IDENTIFIER).fullmatch
_is_month = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])").fullmatch


class Request(NamedTuple):
    """`path` is still percent-encoded; header names are lower case; `body` is None where it was too long."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | None


class Response(NamedTuple):
    """Ready to be written."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def _month(field: str, value: str) -> date:
    if not _is_month(value) or value < "1970":
        raise invalid(field, "must be a month like 2026-11")
    return date(int(value[:4]), int(value[5:]), 1)


def _count(field: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value) or int(value) > 1000:
        raise invalid(field, "must be between 1 and 1000")
    return int(value)


def _status(field: str, value: str) -> str:
    if value not in (allowed := ("all", "ok", "warning", "exceeded", "at-risk")):
        raise invalid(field, "must be one of " + ", ".join(allowed))
    return value


class Api:
    """`clock` gives "now"; `admin_tokens` the tokens that may set limits (several during a rotation)."""

    def __init__(
        self,
        service: Service,
        admin_tokens: Callable[[], tuple[str, ...]],
        latencies: Latencies | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.service = service
        self.latencies = latencies or Latencies()
        self._admin_tokens = admin_tokens
        self._service_tokens = service.config.service_tokens
        self._clock = clock
        self._exact: dict[str, tuple[str, str, Any]] = {
            PREFIX + "check": ("POST", "check", self._check),
            PREFIX + "track": ("POST", "track", self._track),
            PREFIX + "set": ("POST", "set", self._set),
            PREFIX + "tenants": ("GET", "tenants", self._tenants),
            "/metrics": ("GET", "metrics", self._metrics),
            "/healthz": ("GET", "healthz", self._healthz),
            "/readyz": ("GET", "readyz", self._readyz),
            "/openapi.json": ("GET", "openapi", self._document),
        }
        self._below: dict[str, tuple[str, Any]] = {
            "": ("tenant", self._tenant),
            "usage": ("usage", self._usage),
            "changes": ("changes", self._changes),
        }

    async def handle(self, request: Request, began: float) -> Response:
        """Answers a request, whatever happens; `began`: its arrival by time.perf_counter."""
        request_id, route = _request_id(request), "other"
        try:
            method, route, act, argument = self._find(request.path)
            self._authorize(request, route)
            if act is None:
                raise Refusal(404, "not_found", "There is nothing at this path")
            if request.method != method:
                raise Refusal(
                    405, "method_not_allowed", f"This path takes {method}", headers={"Allow": method}
                )
            answer = await act(request, argument)
        except Exception as error:
            answer = _failed(error, request_id)
        response = self._response(answer, request_id)
        self.latencies.observe(route, response.status, time.perf_counter() - began)
        return response

    def begin(
        self,
        request: Request,
        began: float,
        written: Callable[[Response], bytes],
        give: Callable[[bytes], None],
    ) -> bool:
        """Answers a request to a BATCHED path without a task of its own, which costs more than the answer.

        `give` gets what `written` made. False: `handle` has to be asked.
        """
        request_id, route = _request_id(request), BATCHED[request.path]

        def ready(answer: Answer) -> tuple[int, bytes]:
            return answer.status, written(self._response(answer, request_id))

        def formed(judge: Judge, result: Any) -> tuple[int, bytes]:
            try:
                return ready(judge(result))
            except Exception as error:
                return ready(_failed(error, request_id))

        def finish(outcome: Any) -> None:
            failed = isinstance(outcome, Exception)
            status, answer = ready(_failed(outcome, request_id)) if failed else outcome
            give(answer)
            self.latencies.observe(route, status, time.perf_counter() - began)

        try:
            self._authorize(request, route)
            body = self._body(request, bodies.CHECK if route == "check" else bodies.TRACK)
            return self.service.begin(route, body, self._clock(), formed, finish)
        except Exception as error:
            asyncio.get_running_loop().call_soon(finish, error)
            return True

    def _response(self, answer: Answer, request_id: str) -> Response:
        status, value, more, kind = answer
        text = value if kind == CONTENT_TYPE else dumps(value)
        body = text.encode()
        headers = [("content-type", kind), ("content-length", str(len(body)))]
        if kind != CONTENT_TYPE:
            headers.append(("x-request-id", request_id))
        headers += more.items()
        return Response(status, headers, body)

    def _find(self, path: str) -> tuple[str, str, Any, str]:
        if path in self._exact:
            method, route, act = self._exact[path]
            return method, route, act, ""
        if path.startswith(PREFIX + "tenant/"):
            tenant, _, rest = path[len(PREFIX) + 7 :].partition("/")
            if tenant and rest in self._below and not (not rest and path.endswith("/")):
                route, act = self._below[rest]
                return "GET", route, act, tenant
        return "GET", "other", None, ""

    def _authorize(self, request: Request, route: str) -> None:
        if route == "set":
            self._actor(request)
        elif self._service_tokens and route != "healthz":
            _bearer(request, self._service_tokens)

    def _actor(self, request: Request) -> str:
        return "admin-" + sha256(_bearer(request, self._admin_tokens()).encode()).hexdigest()[:8]

    def _body(self, request: Request, fields: dict[str, bodies.Field]) -> dict[str, Any]:
        kind = request.headers.get("content-type", "")
        if kind != "application/json":
            media, _, parameter = kind.partition(";")
            charset = parameter.strip().lower().replace('"', "")
            if media.strip().lower() != "application/json" or charset not in (
                "",
                "charset=utf-8",
                "charset=utf8",
            ):
                raise Refusal(
                    415, "unsupported_media_type", "Content-Type: must be application/json", "Content-Type"
                )
        if request.body is None or len(request.body) > bodies.MAX_BODY:
            raise Refusal(413, "payload_too_large", f"body: must not exceed {bodies.MAX_BODY} bytes", "body")
        return bodies.read(request.body, fields)

    async def _check(self, request: Request, _: str) -> Answer:
        return await self.service.check(self._body(request, bodies.CHECK), self._clock())

    async def _track(self, request: Request, _: str) -> Answer:
        return await self.service.track(self._body(request, bodies.TRACK), self._clock())

    async def _set(self, request: Request, _: str) -> Answer:
        body = self._body(request, bodies.SET)
        return await self.service.set_limit(body, self._actor(request), self._clock())

    async def _tenant(self, request: Request, raw: str) -> Answer:
        bodies.query(request.query, {}, {})
        return await self.service.tenant(_tenant_id(raw), self._clock())

    async def _usage(self, request: Request, raw: str) -> Answer:
        now = self._clock()
        asked = bodies.query(
            request.query, {"month": _month}, {"month": now.astimezone(UTC).date().replace(day=1)}
        )
        return await self.service.usage(_tenant_id(raw), asked["month"], now)

    async def _changes(self, request: Request, raw: str) -> Answer:
        asked = bodies.query(request.query, {"limit": _count}, {"limit": 100})
        return await self.service.changes(_tenant_id(raw), asked["limit"])

    async def _tenants(self, request: Request, _: str) -> Answer:
        allowed: dict[str, Callable[[str, str], Any]] = {
            "status": _status,
            "after": bodies.identifier,
            "limit": _count,
        }
        asked = bodies.query(request.query, allowed, {"status": "all", "after": "", "limit": 100})
        return await self.service.tenants(asked["status"], asked["after"], asked["limit"], self._clock())

    async def _metrics(self, _request: Request, _: str) -> Answer:
        return Answer(200, await page(self.service.ledger, self.latencies), content_type=CONTENT_TYPE)

    async def _healthz(self, _request: Request, _: str) -> Answer:
        return Answer(200, {"status": "ok"})

    async def _readyz(self, _request: Request, _: str) -> Answer:
        return await self.service.ready()

    async def _document(self, _request: Request, _: str) -> Answer:
        return await self.service.document(self._clock())


def _tenant_id(raw: str) -> str:
    try:
        return bodies.identifier("tenant_id", unquote_to_bytes(raw).decode())
    except UnicodeDecodeError:
        raise invalid("tenant_id", "must be UTF-8") from None


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if given and _is_identifier(given) else f"{random.getrandbits(128):032x}"


def _failed(error: Exception, request_id: str) -> Answer:
    if isinstance(error, Refusal):
        return error.answer
    return (unavailable() if isinstance(error, Unavailable) else _broken(error, request_id)).answer


def _bearer(request: Request, tokens: tuple[str, ...]) -> str:
    """The token of the request. Each one is compared, in constant time."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    good = None
    for token in tokens:
        if hmac.compare_digest(token.encode(), given.strip().encode("utf-8", "surrogateescape")):
            good = token
    if good is None or scheme.lower() != "bearer":
        raise Refusal(
            401, "unauthorized", "Authorization: a valid bearer token is needed", "Authorization",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    return good


def _broken(error: Exception, request_id: str) -> Refusal:
    # The text of an error may repeat what was sent, so the log gets its kind and where it arose.
    trace, places = error.__traceback__, []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("request %s failed: %s at %s", request_id, type(error).__name__, " > ".join(places))
    return Refusal(500, "internal_error", "The request failed; the log has more under its X-Request-Id")
