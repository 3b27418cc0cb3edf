"""The HTTP API, the same for `serve` and the Lambda. FastAPI makes the OpenAPI document of its signatures."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from functions.ai_budget import metrics, schemas
from functions.ai_budget.auth import Auth, Caller
from functions.ai_budget.edge import Edge, error_response
from functions.ai_budget.errors import ApiError, ErrorResponse, RefusedResponse, invalid, unavailable
from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service

Tenant = Annotated[schemas.Identifier, Path()]
WARNING = {"X-AI-Budget-Warning": "true"}
_TEXTS = {
    400: "A value is wrong; `field` names it", 401: "No valid token",
    403: "No budget, not for this token, or not by HTTPS",
    404: "Not found", 409: "The request_id or the reservation was used", 413: "Body above 64 KiB",
    415: "Not JSON", 422: "The model has no price", 503: "The database does not answer",
}  # fmt: skip


def _responses(ok: type[BaseModel], *errors: int, **more: Any) -> dict[int | str, dict[str, Any]]:
    """What a route answers, for the document: FastAPI's own 422 is not sent, our 400 is."""
    codes = {400, 401, 422, 503, *errors}
    documented = {code: {"model": ErrorResponse, "description": _TEXTS[code]} for code in codes}
    return {200: {"model": ok}, **documented, **more}


def _json(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body.model_dump_json(), status, headers, media_type="application/json")


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TenantsQuery(_Query):
    status: Literal["all", "ok", "warning", "exceeded", "at-risk"] = "all"
    after: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:@-]{0,127})?$")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class UsageQuery(_Query):
    month: schemas.Month | None = None


class ChangesQuery(_Query):
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class MetricsQuery(_Query):
    tenant: schemas.Identifier | None = None


_POST = (413, 415)
_PAGE: dict[int | str, dict[str, Any]] = {code: {"model": ErrorResponse} for code in (400, 401, 403, 422)}
_PAGE[200] = {"content": {"text/plain": {}}}
_budget = APIRouter(prefix="/api/ai-budget", tags=["AI budget"])
_operation = APIRouter(tags=["operation"])


def _service(request: Request) -> Service:
    return request.app.state.service


def _caller(request: Request) -> Caller:
    return request.state.caller


@_budget.post(
    "/check",
    responses=_responses(schemas.CheckResponse, 403, 409, *_POST)
    | {429: {"model": RefusedResponse, "description": "The budget has no room for the call"}},
)
async def check(body: schemas.CheckRequest, request: Request) -> Response:
    """Reserves the most that a call can cost, or refuses it with 429."""
    _caller(request).require(body.tenant_id)
    answer, warns = await _service(request).check(body)
    return _json(answer, headers=WARNING if warns else None)


@_budget.post(
    "/track",
    responses=_responses(schemas.TrackResponse, 403, 409, *_POST)
    | {202: {"model": schemas.QueuedResponse, "description": "The queue has the call"}},
)
async def track(body: schemas.TrackRequest, request: Request) -> Response:
    """Books what a call used and settles its reservation."""
    _caller(request).require(body.tenant_id)
    answer = await _service(request).track(body)
    return _json(answer, 202 if isinstance(answer, schemas.QueuedResponse) else 200)


@_budget.post("/release", responses=_responses(schemas.ReleaseResponse, 403, *_POST))
async def release(body: schemas.ReleaseRequest, request: Request) -> Response:
    """Ends the reservation of a call that was cancelled."""
    _caller(request).require(body.tenant_id)
    return _json(await _service(request).release(body))


@_budget.post("/extend", responses=_responses(schemas.ExtendResponse, 403, 404, 409, *_POST))
async def extend(body: schemas.ExtendRequest, request: Request) -> Response:
    """Lets the reservation of a call that takes longer end later."""
    _caller(request).require(body.tenant_id)
    return _json(await _service(request).extend(body))


@_budget.post("/set", responses=_responses(schemas.BudgetEntry, 403, 404, *_POST))
async def set_budget(body: schemas.SetRequest, request: Request) -> Response:
    """Sets a monthly limit or a temporary raise; needs the admin token."""
    return _json(await _service(request).budgets.set_limit(body, str(_caller(request).actor)))


@_budget.post("/reprice", responses=_responses(schemas.RepriceResponse, 403, *_POST))
async def reprice(request: Request) -> Response:
    """Books the calls that have a price now; needs the admin token."""
    return _json(await _service(request).reprice())


@_budget.get("/unpriced", responses=_responses(schemas.UnpricedResponse, 403))
async def unpriced(request: Request) -> Response:
    """Calls that were tracked for models without a price."""
    _caller(request).require(None)
    return _json(await _service(request).budgets.unpriced())


@_budget.get("/tenants", responses=_responses(schemas.TenantsResponse, 403))
async def tenants(query: Annotated[TenantsQuery, Query()], request: Request) -> Response:
    """Tenants by the state of their budgets; `at-risk` is warning or exceeded."""
    _caller(request).require(None)
    return _json(await _service(request).budgets.tenants(query.status, query.after, query.limit))


@_budget.get("/tenant/{tenant_id}", responses=_responses(schemas.TenantResponse, 403))
async def tenant(tenant_id: Tenant, request: Request) -> Response:
    """A tenant's budgets as they stand."""
    _caller(request).require(tenant_id)
    return _json(await _service(request).budgets.tenant(tenant_id))


@_budget.get("/tenant/{tenant_id}/usage", responses=_responses(schemas.UsageResponse, 403))
async def usage(tenant_id: Tenant, query: Annotated[UsageQuery, Query()], request: Request) -> Response:
    """A tenant's month by day, model and report type."""
    _caller(request).require(tenant_id)
    service = _service(request)
    month = date.fromisoformat(f"{query.month}-01") if query.month else service.clock().astimezone(UTC).date()
    return _json(await service.budgets.usage(tenant_id, month.replace(day=1)))


@_budget.get("/tenant/{tenant_id}/changes", responses=_responses(schemas.ChangesResponse, 403))
async def changes(tenant_id: Tenant, query: Annotated[ChangesQuery, Query()], request: Request) -> Response:
    """Who changed which limit when."""
    _caller(request).require(tenant_id)
    return _json(await _service(request).budgets.changes(tenant_id, query.limit))


@_operation.get("/healthz", responses={200: {"model": schemas.StatusResponse}})
async def healthz() -> Response:
    """The process is alive."""
    return _json(schemas.StatusResponse(status="ok"))


@_operation.get("/readyz", responses=_responses(schemas.StatusResponse))
async def readyz(request: Request) -> Response:
    """The database answers."""
    await _service(request).ledger.fetch("ping")
    return _json(schemas.StatusResponse(status="ready"))


@_operation.get("/metrics", response_class=Response, responses=_PAGE)
async def metrics_page(query: Annotated[MetricsQuery, Query()], request: Request) -> Response:
    """The Prometheus page."""
    _caller(request).require(query.tenant)
    service = _service(request)
    share = service.config.metrics_share_percent / 100
    page = await metrics.page(
        service.ledger, request.app.state.requests, service.clock(), share, query.tenant
    )
    return Response(page, headers={"content-type": metrics.CONTENT_TYPE})


def _api_error(error: Exception) -> ApiError:
    """What a request is answered that failed with an exception."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, Unavailable):
        return unavailable()
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


async def _failed(_: Request, error: Exception) -> Response:
    return error_response(_api_error(error))


def create_app(
    service: Service,
    admin_tokens: Callable[[], Sequence[str]],
    requests: RequestMetrics,
    background: Callable[[Service], AbstractAsyncContextManager[Any]] = nullcontext,
    caller_hashes: Callable[[str], Sequence[str]] = lambda _: (),
) -> FastAPI:
    """The ASGI application. `background` runs beside it, between startup and shutdown.

    `caller_hashes` gives hashes of a caller's tokens in addition to those in the configuration.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.ledger.open()
        try:
            async with background(service):
                yield
        finally:
            await service.ledger.close()

    app = FastAPI(
        title="AI budget service",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict.fromkeys(
            (RequestValidationError, ApiError, Unavailable, HTTPException), _failed
        ),
    )
    app.state.service = service
    app.state.requests = requests
    app.include_router(_budget)
    app.include_router(_operation)
    auth = Auth(admin_tokens, service.config.callers, caller_hashes)
    app.add_middleware(Edge, auth=auth, requests=requests, https_url=service.config.https_url)
    return app
