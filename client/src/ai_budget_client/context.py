"""What is known of the HTTP request that is served: its tenant, and whether a budget is above its warning."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class ServedRequest:
    """Set by the middleware for as long as a request is served."""

    tenant: str | None
    warning: bool = False


served_request: ContextVar[ServedRequest | None] = ContextVar("ai_budget_served_request", default=None)


def current_tenant() -> str | None:
    """The tenant of the request that is served."""
    request = served_request.get()
    return request.tenant if request else None


def note(warning: bool) -> None:
    """The request that is served notes a warning of the service."""
    request = served_request.get()
    if request is not None and warning:
        request.warning = True
