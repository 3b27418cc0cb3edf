"""The errors of the API and their bodies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from functions.ai_budget.schemas import Percentage, Usd


class ErrorResponse(BaseModel):
    """`field` names the part of the request that is wrong."""

    error: str
    message: str
    field: str | None = None


class RefusedResponse(BaseModel):
    """Validated from an ai_budget_decision. `reason` says whether waiting helps before the month ends;
    `budget` is a model or `*`."""

    error: Literal["Too Many Requests"] = "Too Many Requests"
    message: str
    reason: Annotated[
        Literal["budget_spent", "budget_reserved", "too_many_reservations"], Field(validation_alias="status")
    ]
    allowed: Literal[False] = False
    tenant_id: str
    model: str
    budget: str
    monthly_limit_usd: Annotated[Usd, Field(validation_alias="limit_usd")]
    current_usage_usd: Annotated[Usd, Field(validation_alias="spent_usd")]
    estimated_usd: Annotated[Usd, Field(validation_alias="reserved_usd")]
    remaining_usd: Usd
    percentage_used: Percentage
    reset_date: datetime
    fallback: Literal["cached_template"] = "cached_template"
    fallback_model: str | None


class ApiError(HTTPException):
    """A response with a status of 400 or more; `field` is the part of the request that is wrong."""

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        field: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: BaseModel | None = None,
    ) -> None:
        super().__init__(status, message, headers)
        self.status = status
        self.body = body or ErrorResponse(error=error, message=message, field=field)

    def response(self) -> Response:
        """The answer in JSON."""
        text = self.body.model_dump_json(exclude_none=self.status != 429)
        return Response(text, self.status, self.headers, media_type="application/json")


def invalid(field: str, message: str) -> ApiError:
    """A 400 that names the field."""
    return ApiError(400, "invalid_request", f"{field}: {message}", field)


def unavailable(what: str) -> ApiError:
    """503: nothing is permitted or recorded."""
    return ApiError(503, "unavailable", f"{what}; try again", headers={"Retry-After": "5"})
