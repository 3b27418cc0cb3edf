"""Who sent a request: a caller or an administrator, by the bearer token."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

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
        if tenant is not None and any(_matches(pattern, tenant) for pattern in self.tenants):
            return
        what = "all tenants" if tenant is None else f"tenant {tenant}"
        raise ApiError(403, "forbidden", f"this token is not for {what}", "Authorization")


def _matches(pattern: str, tenant: str) -> bool:
    return tenant.startswith(pattern[:-1]) if pattern.endswith("*") else tenant == pattern


class Auth:
    """`admin_tokens` are tokens, or `sha256:` and their hash. Several are valid during a rotation.

    A caller's token is its name, a dot and a random text. `caller_hashes` gives the SHA-256 of a caller's
    tokens by its name, in addition to those in the configuration; it may raise ApiError.
    """

    def __init__(
        self,
        admin_tokens: Callable[[], Sequence[str]],
        callers: Sequence[CallerConfig],
        caller_hashes: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        self._admin_tokens = admin_tokens
        self._callers = {caller.name: caller for caller in callers}
        self._caller_hashes = caller_hashes

    def caller(self, authorization: str, *, admin: bool) -> Caller:
        """The caller by its Authorization header. Raises ApiError 401. Without callers, everyone may call."""
        if not admin and not self._callers:
            return Caller()
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        digest = sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        caller = None
        if scheme.lower() == "bearer":
            caller = self._administrator(digest) or (None if admin else self._service(token, digest))
        if caller is None:
            kind = "the admin token" if admin else "a valid token"
            raise ApiError(
                401, "unauthorized", f"Authorization: send {kind} as bearer token", "Authorization",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return caller

    def _administrator(self, digest: str) -> Caller | None:
        hashes = [_digest(token) for token in self._admin_tokens()]
        return Caller(actor=f"admin-{digest[:8]}") if _contains(hashes, digest) else None

    def _service(self, token: str, digest: str) -> Caller | None:
        config = self._callers.get(token.partition(".")[0])
        if config is None:
            return None
        hashes = (*config.sha256, *self._caller_hashes(config.name))
        return Caller(tenants=config.tenants) if _contains(hashes, digest) else None


def _contains(hashes: Sequence[str], digest: str) -> bool:
    """Whether a hash is among others, in a time that does not depend on which one."""
    return sum(hmac.compare_digest(known, digest) for known in hashes) > 0


def _digest(token: str) -> str:
    return token[7:] if token.startswith("sha256:") else sha256(token.encode()).hexdigest()
