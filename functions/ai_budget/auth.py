"""Bearer tokens: the admin's, and those of services, which may be bound to tenants. Compared as SHA-256."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from functions.ai_budget.config import ServiceToken
from functions.ai_budget.errors import ApiError


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. `actor` is set for an admin; `tenants` empty means all."""

    actor: str | None = None
    tenants: tuple[str, ...] = ()

    def require(self, tenant: str | None) -> None:
        """Raises ApiError 403 unless the caller may see this tenant; None stands for all tenants together."""
        if not self.tenants or (tenant is not None and any(_matches(p, tenant) for p in self.tenants)):
            return
        what = "all tenants" if tenant is None else f"tenant {tenant}"
        raise ApiError(403, "forbidden", f"this token is not for {what}", "Authorization")


def _matches(pattern: str, tenant: str) -> bool:
    return tenant.startswith(pattern[:-1]) if pattern.endswith("*") else tenant == pattern


class Auth:
    """`admin_tokens` are tokens, or `sha256:` and their hash; several are valid during a rotation."""

    def __init__(
        self, admin_tokens: Callable[[], Sequence[str]], service_tokens: Sequence[ServiceToken]
    ) -> None:
        self._admin_tokens = admin_tokens
        self._service_tokens = service_tokens

    def caller(self, authorization: str, *, admin: bool) -> Caller:
        """The caller by its Authorization header. Raises ApiError 401. Without service tokens all may."""
        if not admin and not self._service_tokens:
            return Caller()
        scheme, _, token = authorization.partition(" ")
        digest = sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
        found: Caller | None = None
        for admin_token in self._admin_tokens():
            if hmac.compare_digest(_digest(admin_token), digest):
                found = Caller(actor=f"admin-{digest[:8]}")
        for service_token in () if admin else self._service_tokens:
            if hmac.compare_digest(service_token.sha256, digest):
                found = Caller(tenants=service_token.tenants)
        if found is None or scheme.lower() != "bearer":
            kind = "the admin token" if admin else "a valid token"
            raise ApiError(
                401, "unauthorized", f"Authorization: send {kind} as bearer token", "Authorization",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return found


def _digest(token: str) -> str:
    return token[7:] if token.startswith("sha256:") else sha256(token.encode()).hexdigest()
