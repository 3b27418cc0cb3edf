"""The HTTP API, the same for `serve` and the Lambda. FastAPI makes the OpenAPI document of its signatures."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from functions.ai_budget import metrics, schemas
from functions.ai_budget.auth import Auth
from functions.ai_budget.edge import Edge, error_response
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


def _errors(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Responses for the document."""
    return {code: {"model": ErrorResponse, "description": _DESCRIPTIONS[code]} for code in codes}


def _authorized(request: Request, tenant: str | None) -> Service:
    """The service. Raises ApiError 403 if the caller's token is not for the tenant; None: for all tenants."""
    request.state.caller.require(tenant)
    return request.app.state.service


Tenant = Annotated[schemas.Identifier, Path()]


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


# FastAPI's own 422 is not sent, our 400 is.
_budget = APIRouter(prefix="/api/ai-budget", tags=["AI budget"], responses=_errors(400, 401, 422, 503))
_operation = APIRouter(tags=["operation"])
_POST = _errors(413, 415)
_REFUSED = {429: {"model": RefusedResponse, "description": "The budget has no room for the call"}}
_QUEUED = {202: {"model": schemas.QueuedResponse, "description": "The queue has the call"}}


@_budget.post("/check", responses=_errors(403, 409) | _POST | _REFUSED)
async def check(body: schemas.CheckRequest, request: Request, response: Response) -> schemas.CheckResponse:
    """Reserves the most that a call can cost, or refuses it with 429."""
    answer, warns = await _authorized(request, body.tenant_id).check(body)
    if warns:
        response.headers["X-AI-Budget-Warning"] = "true"
    return answer


@_budget.post("/track", response_model=schemas.TrackResponse, responses=_errors(403, 409) | _POST | _QUEUED)
async def track(body: schemas.TrackRequest, request: Request) -> Any:
    """Records what a call used and settles its reservation."""
    answer = await _authorized(request, body.tenant_id).track(body)
    return JSONResponse(answer.model_dump(), 202) if isinstance(answer, schemas.QueuedResponse) else answer


@_budget.post("/release", responses=_errors(403) | _POST)
async def release(body: schemas.ReleaseRequest, request: Request) -> schemas.ReleaseResponse:
    """Ends the reservation of a call that was cancelled."""
    return await _authorized(request, body.tenant_id).release(body)


@_budget.post("/extend", responses=_errors(403, 404, 409) | _POST)
async def extend(body: schemas.ExtendRequest, request: Request) -> schemas.ExtendResponse:
    """Lets the reservation of a call that takes longer end later."""
    return await _authorized(request, body.tenant_id).extend(body)


@_budget.post("/set", responses=_errors(403, 404) | _POST)
async def set_budget(body: schemas.SetRequest, request: Request) -> schemas.BudgetEntry:
    """Sets a monthly limit or a temporary raise; needs the admin token."""
    service = _authorized(request, body.tenant_id)
    return await service.budgets.set_limit(body, str(request.state.caller.actor))


@_budget.post("/reprice", responses=_errors(403) | _POST)
async def reprice(request: Request) -> schemas.RepriceResponse:
    """Charges the calls that have a price now; needs the admin token."""
    return await _authorized(request, None).reprice()


@_budget.get("/unpriced", responses=_errors(403))
async def unpriced(request: Request) -> schemas.UnpricedResponse:
    """Calls that were tracked for models without a price."""
    return await _authorized(request, None).budgets.unpriced()


@_budget.get("/tenants", responses=_errors(403))
async def tenants(query: Annotated[TenantsQuery, Query()], request: Request) -> schemas.TenantsResponse:
    """Tenants by the state of their budgets; `at-risk` is warning or exceeded."""
    return await _authorized(request, None).budgets.tenants(query.status, query.after, query.limit)


@_budget.get("/tenant/{tenant_id}", responses=_errors(403))
async def tenant(tenant_id: Tenant, request: Request) -> schemas.TenantResponse:
    """A tenant's budgets as they stand."""
    return await _authorized(request, tenant_id).budgets.tenant(tenant_id)


@_budget.get("/tenant/{tenant_id}/usage", responses=_errors(403))
async def usage(
    tenant_id: Tenant, query: Annotated[UsageQuery, Query()], request: Request
) -> schemas.UsageResponse:
    """A tenant's month by day, model and report type."""
    return await _authorized(request, tenant_id).budgets.usage(tenant_id, query.month)


@_budget.get("/tenant/{tenant_id}/changes", responses=_errors(403))
async def changes(
    tenant_id: Tenant, query: Annotated[ChangesQuery, Query()], request: Request
) -> schemas.ChangesResponse:
    """Who changed which limit when."""
    return await _authorized(request, tenant_id).budgets.changes(tenant_id, query.limit)


@_operation.get("/healthz")
async def healthz() -> schemas.StatusResponse:
    """The process is alive."""
    return schemas.StatusResponse(status="ok")


@_operation.get("/readyz", responses=_errors(400, 401, 422, 503))
async def readyz(request: Request) -> schemas.StatusResponse:
    """The database answers."""
    await request.app.state.service.ledger.fetch("ping")
    return schemas.StatusResponse(status="ready")


@_operation.get(
    "/metrics",
    response_class=Response,
    responses=_errors(400, 401, 403, 422) | {200: {"content": {"text/plain": {}}}},
)
async def metrics_page(query: Annotated[MetricsQuery, Query()], request: Request) -> Response:
    """The Prometheus page."""
    service = _authorized(request, query.tenant)
    share = service.config.metrics_share_percent / 100
    requests = request.app.state.requests
    page = await metrics.page(service.ledger, requests, service.clock(), share, query.tenant)
    return Response(page, headers={"content-type": metrics.CONTENT_TYPE})


def _api_error(error: Exception) -> ApiError:
    """The error response to an exception."""
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
