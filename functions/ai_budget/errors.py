"""What a request is refused with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from functions.ai_budget.schemas import Usd


class ErrorResponse(BaseModel):
    """`field` names the part of the request that is wrong."""

    error: str
    message: str
    field: str | None = None


class RefusedResponse(BaseModel):
    """`reason` says whether waiting helps before the month ends; `budget` is a model or `*`."""

    error: Literal["Too Many Requests"] = "Too Many Requests"
    message: str
    reason: Literal["budget_spent", "budget_reserved", "too_many_reservations"]
    allowed: Literal[False] = False
    tenant_id: str
    model: str
    budget: str
    monthly_limit_usd: Usd
    current_usage_usd: Usd
    estimated_usd: Usd
    remaining_usd: Usd
    percentage_used: Usd
    reset_date: datetime
    fallback: Literal["cached_template"] = "cached_template"
    fallback_model: str | None


class ApiError(Exception):
    """An answer with a status of 400 or more; `field` is the part of the request that is wrong."""

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
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = body or ErrorResponse(error=error, message=message, field=field)


def invalid(field: str, message: str) -> ApiError:
    """A 400 that names the field."""
    return ApiError(400, "invalid_request", f"{field}: {message}", field)


def unavailable() -> ApiError:
    """The database does not answer: nothing is permitted, nothing is recorded."""
    message = "the budget database does not answer; try again"
    return ApiError(503, "unavailable", message, headers={"Retry-After": "5"})
