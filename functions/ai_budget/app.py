"""The HTTP API, the same for `serve` and the Lambda. FastAPI makes the OpenAPI document of its signatures."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from functions.ai_budget import metrics, schemas
from functions.ai_budget.auth import Auth, CurrentCaller
from functions.ai_budget.edge import Edge
from functions.ai_budget.errors import ApiError, ErrorResponse, RefusedResponse, invalid, unavailable
from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service

_DESCRIPTIONS = {
    400: "A value is wrong; `field` names it", 401: "No valid token",
    403: "No budget, not for this token, or not by HTTPS",
    404: "Not found", 409: "The request_id or the reservation was used", 413: "Body above 64 KiB",
    415: "Not JSON", 422: "The model has no price", 503: "The database does not answer",
}  # fmt: skip
Background = Callable[[Service], Coroutine[Any, Any, None]]
_REFUSED = {429: {"model": RefusedResponse, "description": "The budget has no room for the call"}}
_QUEUED = {202: {"model": schemas.QueuedResponse, "description": "The queue has the call"}}


class MetricsQuery(schemas.Strict):
    tenant: schemas.Identifier | None = None


def _errors(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Responses for the document. FastAPI's own 422 is not sent, our 400 is."""
    return {code: {"model": ErrorResponse, "description": _DESCRIPTIONS[code]} for code in codes}


def _budget_routes(service: Service) -> APIRouter:
    """The paths of the API. The docstring of an endpoint is its description in the document."""
    router = APIRouter(prefix="/api/ai-budget", tags=["AI budget"], responses=_errors(400, 401, 422, 503))

    @router.post("/check", responses=_errors(403, 409, 413, 415) | _REFUSED)
    async def check(
        body: schemas.CheckRequest, caller: CurrentCaller, response: Response
    ) -> schemas.CheckResponse:
        """Reserves the most that a call can cost, or refuses it with 429."""
        caller.require(body.tenant_id)
        answer, warns = await service.check(body)
        if warns:
            response.headers["X-AI-Budget-Warning"] = "true"
        return answer

    @router.post(
        "/track", response_model=schemas.TrackResponse, responses=_errors(403, 409, 413, 415) | _QUEUED
    )
    async def track(body: schemas.TrackRequest, caller: CurrentCaller) -> Any:
        """Records what a call used and settles its reservation."""
        caller.require(body.tenant_id)
        answer = await service.track(body)
        queued = isinstance(answer, schemas.QueuedResponse)
        return JSONResponse(answer.model_dump(), 202) if queued else answer

    budgets = service.budgets
    for method, path, endpoint, responses in (
        ("POST", "/release", service.release, _errors(403, 413, 415)),
        ("POST", "/extend", service.extend, _errors(403, 404, 409, 413, 415)),
        ("POST", "/set", budgets.set_budget, _errors(403, 404, 413, 415)),
        ("POST", "/reprice", service.reprice, _errors(403, 413, 415)),
        ("GET", "/unpriced", budgets.unpriced, _errors(403)),
        ("GET", "/tenants", budgets.tenants, _errors(403)),
        ("GET", "/tenant/{tenant_id}", budgets.tenant, _errors(403)),
        ("GET", "/tenant/{tenant_id}/usage", budgets.usage, _errors(403)),
        ("GET", "/tenant/{tenant_id}/changes", budgets.changes, _errors(403)),
    ):
        router.add_api_route(path, endpoint, methods=[method], responses=responses)
    return router


def _operation_routes(service: Service, requests: RequestMetrics) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/healthz")
    async def healthz() -> schemas.StatusResponse:
        """The process is alive."""
        return schemas.StatusResponse(status="ok")

    @router.get("/readyz", responses=_errors(400, 401, 422, 503))
    async def readyz() -> schemas.StatusResponse:
        """The database answers."""
        await service.ledger.fetch("ping")
        return schemas.StatusResponse(status="ready")

    text = {200: {"content": {"text/plain": {}}}}

    @router.get("/metrics", response_class=Response, responses=_errors(400, 401, 403, 422) | text)
    async def metrics_page(query: Annotated[MetricsQuery, Query()], caller: CurrentCaller) -> Response:
        """The Prometheus page."""
        caller.require(query.tenant)
        share = service.config.metrics_share_percent / 100
        page = await metrics.page(service.ledger, requests, service.clock(), share, query.tenant)
        return Response(page, headers={"content-type": metrics.CONTENT_TYPE})

    return router


async def _failed(_: Request, error: Exception) -> Response:
    return _api_error(error).response()


def _api_error(error: Exception) -> ApiError:
    """The error response to an exception."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, Unavailable):
        return unavailable("the budget database does not answer")
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:] or first["loc"][:1])[:64]
        message = "unknown field" if first["type"] == "extra_forbidden" else first["msg"]
        return invalid(place, message.removeprefix("Value error, "))
    assert isinstance(error, HTTPException)
    codes = {
        404: ("not_found", "nothing is at this path"),
        405: ("method_not_allowed", "see the Allow header"),
    }
    code, message = codes.get(error.status_code, ("invalid_request", str(error.detail)))
    return ApiError(error.status_code, code, message, headers=error.headers)


def create_app(
    service: Service,
    admin_tokens: Callable[[], Sequence[str]],
    requests: RequestMetrics,
    background: Sequence[Background] = (),
    caller_hashes: Callable[[str], Sequence[str]] = lambda _: (),
) -> FastAPI:
    """The ASGI application. `background` runs beside it, between startup and shutdown.

    `caller_hashes` gives hashes of a caller's tokens in addition to those in the configuration.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.ledger.open()
        tasks = [asyncio.create_task(run(service)) for run in background]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await service.ledger.close()

    handlers: Any = dict.fromkeys((RequestValidationError, Unavailable, HTTPException), _failed)
    app = FastAPI(
        title="AI budget service", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        redirect_slashes=False, exception_handlers=handlers,
    )  # fmt: skip
    app.include_router(_budget_routes(service))
    app.include_router(_operation_routes(service, requests))
    auth = Auth(admin_tokens, service.config.callers, caller_hashes)
    app.add_middleware(Edge, auth=auth, requests=requests, https_url=service.config.https_url)
    return app
