"""The errors of the client: one class for each refusal of the service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, PlainSerializer, ValidationError

Usd = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class BudgetError(Exception):
    """Base of all errors of this package. `status` and `code` are those of the answer, if there is one."""

    def __init__(
        self, message: str, *, status: int | None = None, code: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field


class Refusal(BaseModel):
    """The body of a 429: the budget that has no room for the call."""

    error: str = "Too Many Requests"
    message: str
    reason: str
    allowed: bool = False
    tenant_id: str
    model: str
    budget: str
    monthly_limit_usd: Usd
    current_usage_usd: Usd
    estimated_usd: Usd
    remaining_usd: Usd
    percentage_used: Usd
    reset_date: datetime
    fallback: str = "cached_template"
    fallback_model: str | None = None


class BudgetExceeded(BudgetError):
    """The budget has no room for the call. `retry_after` is in seconds, as the service sent it."""

    def __init__(self, refusal: Refusal, retry_after: float | None = None, warning: bool = False) -> None:
        left = f"{refusal.remaining_usd:f} of {refusal.monthly_limit_usd:f} USD"
        super().__init__(
            f"{refusal.message}: tenant {refusal.tenant_id}, budget {refusal.budget}: the call may cost "
            f"{refusal.estimated_usd:f} USD, and {left} are left until {refusal.reset_date:%Y-%m-%d}",
            status=429,
            code=refusal.reason,
        )
        self.refusal = refusal
        self.retry_after = retry_after
        self.warning = warning

    should_retry = False
    """Whether the call can fit before the month ends."""

    @property
    def reason(self) -> str:
        """`budget_spent`, `budget_reserved` or `too_many_reservations`."""
        return self.refusal.reason

    @property
    def reset_date(self) -> datetime:
        """When the next month of the budget begins."""
        return self.refusal.reset_date

    @property
    def fallback_model(self) -> str | None:
        """A cheaper model of the tenant that has room for the call, if there is one."""
        return self.refusal.fallback_model


class BudgetSpent(BudgetExceeded):
    """What is left of the month is less than the call may cost."""


class BudgetReserved(BudgetExceeded):
    """The call fits once other calls have been tracked."""

    should_retry = True


class TooManyReservations(BudgetExceeded):
    """The budget has as many open reservations as the service permits."""

    should_retry = True


class NoBudget(BudgetError):
    """The tenant has budgets, but none for this model."""


class Unauthorized(BudgetError):
    """The token is missing or wrong."""


class Forbidden(BudgetError):
    """The token is not for this tenant."""


class HttpsRequired(BudgetError):
    """The admin token was sent over plain HTTP."""


class UnknownModel(BudgetError):
    """The model has no price."""


class InvalidRequest(BudgetError):
    """A value is wrong; `field` names it. 400 `invalid_request` also if the service was not asked."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = 400,
        code: str | None = "invalid_request",
        field: str | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, field=field)


class RequestConflict(BudgetError):
    """The request id was used with another body."""


class AlreadySettled(BudgetError):
    """The call of this request id was tracked already: a new call needs a new request id."""


class ReservationEnded(BudgetError):
    """The reservation is unknown, expired, released or settled."""


class BudgetUnavailable(BudgetError):
    """The service does not answer: nothing was permitted. `retry_after` is in seconds."""

    retry_after: float | None = None


class SpoolFull(BudgetError):
    """The spool holds as many unsent calls as it may: no call is permitted until some were sent."""


class SpoolFailed(BudgetError):
    """The spool cannot be written, for example because the disk is full."""


_REFUSED = {
    "budget_spent": BudgetSpent,
    "budget_reserved": BudgetReserved,
    "too_many_reservations": TooManyReservations,
}
_BY_CODE: dict[str, type[BudgetError]] = {
    "unauthorized": Unauthorized,
    "no_budget": NoBudget,
    "forbidden": Forbidden,
    "https_required": HttpsRequired,
    "unknown_model": UnknownModel,
    "conflict": RequestConflict,
    "already_settled": AlreadySettled,
    "unknown_reservation": ReservationEnded,
    "reservation_expired": ReservationEnded,
    "reservation_released": ReservationEnded,
    "reservation_settled": ReservationEnded,
    "invalid_request": InvalidRequest,
    "payload_too_large": InvalidRequest,
    "unsupported_media_type": InvalidRequest,
}


# Of what stands before the service and answers in its own format.
_BY_STATUS: dict[int, type[BudgetError]] = {401: Unauthorized, 403: Forbidden, 413: InvalidRequest}


def _seconds(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None


def _refusal(body: dict[str, Any]) -> Refusal | None:
    """None if the 429 is not that of a budget."""
    try:
        refusal = Refusal.model_validate(body)
    except ValidationError:
        return None
    return refusal if refusal.reason in _REFUSED else None


def error_of_response(status: int, headers: Mapping[str, str], body: Any) -> BudgetError:
    """The error of a response of 400 or more. The names of `headers` are in lower case."""
    if not isinstance(body, dict):
        body = {}
    if status == 429 and (refusal := _refusal(body)):
        warning = headers.get("x-ai-budget-warning") == "true"
        return _REFUSED[refusal.reason](refusal, _seconds(headers), warning)
    code = str(body.get("error", ""))
    message = str(body.get("message") or f"the AI budget service answered {status}")
    if status >= 500 or status in (408, 429):
        unavailable = BudgetUnavailable(message, status=status, code=code or None)
        unavailable.retry_after = _seconds(headers)
        return unavailable
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, BudgetError)
    return kind(message, status=status, code=code or None, field=body.get("field"))
