"""Who sent a request: a caller or an administrator, by the bearer token."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request

from functions.ai_budget.config import ALL_TENANTS, CallerConfig
from functions.ai_budget.errors import ApiError


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. `actor` is set for an administrator."""

    actor: str | None = None
    tenants: tuple[str, ...] = (ALL_TENANTS,)

    def require(self, tenant: str | None) -> None:
        """Raises ApiError 403 unless the caller may see this tenant; None stands for all tenants together."""
        if ALL_TENANTS in self.tenants:
            return
        if tenant is None or not any(fnmatchcase(tenant, pattern) for pattern in self.tenants):
            what = "all tenants" if tenant is None else f"tenant {tenant}"
            raise ApiError(403, "forbidden", f"this token is not for {what}", "Authorization")


async def _current_caller(request: Request) -> Caller:
    return request.state.caller


CurrentCaller = Annotated[Caller, Depends(_current_caller)]


@dataclass(frozen=True)
class Auth:
    """`admin_tokens` are tokens, or `sha256:` and their hash. Several are valid during a rotation.

    A caller's token is its name, a dot and a random text. `caller_hashes` gives the SHA-256 of a caller's
    tokens by its name, in addition to those in the configuration; it may raise ApiError.
    """

    admin_tokens: Callable[[], Sequence[str]]
    callers: Sequence[CallerConfig]
    caller_hashes: Callable[[str], Sequence[str]] = lambda _: ()

    def caller(self, authorization: str, *, admin: bool) -> Caller:
        """The caller by its Authorization header. Raises ApiError 401. Without callers, everyone may call."""
        if not admin and not self.callers:
            return Caller()
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        digest = sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        if scheme.lower() == "bearer":
            if _contains(map(_digest, self.admin_tokens()), digest):
                return Caller(actor=f"admin-{digest[:8]}")
            name = token.partition(".")[0]
            for config in () if admin else self.callers:
                if config.name == name and _contains(
                    [*config.sha256, *self.caller_hashes(config.name)], digest
                ):
                    return Caller(tenants=config.tenants)
        message = f"Authorization: send {'the admin token' if admin else 'a valid token'} as bearer token"
        headers = {"WWW-Authenticate": "Bearer"}
        raise ApiError(401, "unauthorized", message, "Authorization", headers=headers)


def _contains(hashes: Iterable[str], digest: str) -> bool:
    """Whether a hash is among others, in a time that does not depend on which one."""
    return sum(hmac.compare_digest(known, digest) for known in hashes) > 0


def _digest(token: str) -> str:
    return token[7:] if token.startswith("sha256:") else sha256(token.encode()).hexdigest()
