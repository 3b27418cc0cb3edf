"""Bearer tokens: only their hashes are stored, and a service's token may be bound to tenants."""

from hashlib import sha256

import pytest

from functions.ai_budget.config import ConfigError, ServiceToken, parse_config
from functions.ai_budget.edge import Auth, Caller
from functions.ai_budget.errors import ApiError


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


SERVICE = ServiceToken(sha256=hashed("service-token"))
BOUND = ServiceToken(sha256=hashed("bound-token"), tenants=("acme", "team-*"))
AUTH = Auth(lambda: ["admin-token", f"sha256:{hashed('next-admin-token')}"], [SERVICE, BOUND])


def status(auth: Auth, authorization: str, *, admin: bool = False) -> int:
    try:
        auth.caller(authorization, admin=admin)
    except ApiError as error:
        return error.status
    return 200


def test_a_service_token_is_accepted_by_its_hash() -> None:
    assert AUTH.caller("Bearer service-token", admin=False) == Caller()
    assert AUTH.caller("bearer  service-token ", admin=False) == Caller()


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer other", "Basic service-token", "service-token",
     "Bearer service-token x", f"Bearer {hashed('service-token')}",
     f"Bearer sha256:{hashed('service-token')}", "Bearer \udcff"],
)  # fmt: skip
def test_anything_else_is_refused_also_the_hash_itself(authorization: str) -> None:
    assert status(AUTH, authorization) == 401
    assert status(AUTH, authorization, admin=True) == 401


def test_without_service_tokens_anyone_may_call_but_not_as_an_administrator() -> None:
    auth = Auth(lambda: ["admin-token"], [])
    assert status(auth, "") == 200
    assert status(auth, "", admin=True) == 401


def test_administrators_may_be_stored_in_the_clear_or_hashed_and_are_told_apart() -> None:
    actors = [
        AUTH.caller(f"Bearer {token}", admin=True).actor for token in ("admin-token", "next-admin-token")
    ]
    assert actors == [f"admin-{hashed('admin-token')[:8]}", f"admin-{hashed('next-admin-token')[:8]}"]


def test_the_hash_of_an_administrator_is_not_a_token() -> None:
    assert status(AUTH, f"Bearer sha256:{hashed('next-admin-token')}", admin=True) == 401


def test_a_service_token_is_not_an_administrators() -> None:
    assert status(AUTH, "Bearer service-token", admin=True) == 401


def test_an_administrator_may_do_what_services_do() -> None:
    assert status(AUTH, "Bearer admin-token") == 200


def test_an_administrators_token_is_known_as_soon_as_it_is_rotated() -> None:
    tokens = ["old"]
    auth = Auth(lambda: tokens, [SERVICE])
    assert status(auth, "Bearer old", admin=True) == 200
    tokens[:] = ["new"]
    assert [status(auth, f"Bearer {token}", admin=True) for token in ("old", "new")] == [401, 200]


@pytest.mark.parametrize(
    ("tenant", "allowed"),
    [("acme", True), ("team-a", True), ("team-", True), ("acme2", False), ("team", False), ("other", False),
     ("Acme", False), (None, False)],
)  # fmt: skip
def test_a_bound_token_is_for_its_tenants_only(tenant: str | None, allowed: bool) -> None:
    caller = AUTH.caller("Bearer bound-token", admin=False)
    if allowed:
        caller.require(tenant)
        return
    with pytest.raises(ApiError) as refused:
        caller.require(tenant)
    assert refused.value.status == 403


def test_a_token_without_tenants_is_for_all() -> None:
    for tenant in ("acme", None):
        AUTH.caller("Bearer service-token", admin=False).require(tenant)


@pytest.mark.parametrize(
    "text",
    ['service_tokens = ["a-token-in-the-clear"]', '[[service_tokens]]\nsha256 = "a-token-in-the-clear"',
     '[[service_tokens]]\ntoken = "a-token-in-the-clear"'],
)  # fmt: skip
def test_a_token_in_the_clear_is_refused_in_the_configuration_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="service_tokens") as refused:
        parse_config(text, name="ai-budget.toml")
    assert "a-token-in-the-clear" not in str(refused.value)
