"""What a request is refused with."""

from collections.abc import Mapping

from pydantic import BaseModel

from functions.ai_budget.schemas import ErrorResponse


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
