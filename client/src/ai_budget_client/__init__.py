"""The client of the AI budget service: a check before each call of a model, its usage recorded after it."""

from ai_budget_client.api import BudgetStatus, CheckRequest, Reservation, TenantStatus
from ai_budget_client.async_client import AsyncAIBudget
from ai_budget_client.calls import Call
from ai_budget_client.client import AIBudget
from ai_budget_client.errors import (
    AlreadySettled,
    BudgetError,
    BudgetExceeded,
    BudgetReserved,
    BudgetSpent,
    BudgetUnavailable,
    Forbidden,
    HttpsRequired,
    InvalidRequest,
    NoBudget,
    Refusal,
    RequestConflict,
    ReservationEnded,
    SpoolFailed,
    SpoolFull,
    TooManyReservations,
    Unauthorized,
    UnknownModel,
)
from ai_budget_client.middleware import ASGIBudgetMiddleware, WSGIBudgetMiddleware, error_response
from ai_budget_client.settings import FailOpen, Settings

__all__ = [
    "AIBudget",
    "ASGIBudgetMiddleware",
    "AlreadySettled",
    "AsyncAIBudget",
    "BudgetError",
    "BudgetExceeded",
    "BudgetReserved",
    "BudgetSpent",
    "BudgetStatus",
    "BudgetUnavailable",
    "Call",
    "CheckRequest",
    "FailOpen",
    "Forbidden",
    "HttpsRequired",
    "InvalidRequest",
    "NoBudget",
    "Refusal",
    "RequestConflict",
    "Reservation",
    "ReservationEnded",
    "Settings",
    "SpoolFailed",
    "SpoolFull",
    "TenantStatus",
    "TooManyReservations",
    "Unauthorized",
    "UnknownModel",
    "WSGIBudgetMiddleware",
    "error_response",
]
