"""Bearer tokens: only their hashes are stored, and a caller's token is for its tenants."""

from hashlib import sha256

import pytest

from functions.ai_budget.auth import Auth, Caller
from functions.ai_budget.config import CallerConfig, ConfigError, parse_config
from functions.ai_budget.errors import ApiError


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


REPORTING = CallerConfig(name="reporting", tenants=("*",), sha256=(hashed("reporting.token"),))
PARTNER = CallerConfig(name="partner-x", tenants=("acme", "team-*"), sha256=(hashed("partner-x.token"),))
AUTH = Auth(lambda: ["admin-token", f"sha256:{hashed('next-admin-token')}"], [REPORTING, PARTNER])


def status(auth: Auth, authorization: str, *, admin: bool = False) -> int:
    try:
        auth.caller(authorization, admin=admin)
    except ApiError as error:
        return error.status
    return 200


def test_a_callers_token_is_accepted_by_its_hash() -> None:
    assert AUTH.caller("Bearer reporting.token", admin=False) == Caller()
    assert AUTH.caller("bearer  reporting.token ", admin=False) == Caller()


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer other", "Basic reporting.token", "reporting.token", "Bearer reporting",
     "Bearer reporting.token x", "Bearer reporting.", "Bearer partner-x.token2", "Bearer .token",
     f"Bearer {hashed('reporting.token')}", f"Bearer reporting.{hashed('reporting.token')}",
     f"Bearer sha256:{hashed('reporting.token')}", "Bearer \udcff", "Bearer reporting.\udcff"],
)  # fmt: skip
def test_anything_else_is_refused_also_the_hash_itself(authorization: str) -> None:
    assert status(AUTH, authorization) == 401
    assert status(AUTH, authorization, admin=True) == 401


def test_without_callers_anyone_may_call_but_not_as_an_administrator() -> None:
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


def test_a_callers_token_is_not_an_administrators() -> None:
    assert status(AUTH, "Bearer reporting.token", admin=True) == 401


def test_an_administrator_may_do_what_services_do() -> None:
    assert status(AUTH, "Bearer admin-token") == 200


def test_an_administrators_token_is_known_as_soon_as_it_is_rotated() -> None:
    tokens = ["old"]
    auth = Auth(lambda: tokens, [REPORTING])
    assert status(auth, "Bearer old", admin=True) == 200
    tokens[:] = ["new"]
    assert [status(auth, f"Bearer {token}", admin=True) for token in ("old", "new")] == [401, 200]


@pytest.mark.parametrize(
    ("tenant", "allowed"),
    [("acme", True), ("team-a", True), ("team-", True), ("acme2", False), ("team", False), ("other", False),
     ("Acme", False), (None, False)],
)  # fmt: skip
def test_a_bound_token_is_for_its_tenants_only(tenant: str | None, allowed: bool) -> None:
    caller = AUTH.caller("Bearer partner-x.token", admin=False)
    if allowed:
        caller.require(tenant)
        return
    with pytest.raises(ApiError) as refused:
        caller.require(tenant)
    assert refused.value.status == 403


def test_a_token_for_all_tenants_is_also_for_what_concerns_them_together() -> None:
    for tenant in ("acme", None):
        AUTH.caller("Bearer reporting.token", admin=False).require(tenant)


def test_several_tokens_of_a_caller_are_valid_at_a_time_also_those_of_its_secret() -> None:
    hashes = [hashed("reporting.new"), hashed("reporting.old")]
    auth = Auth(list, [REPORTING], lambda name: hashes if name == "reporting" else ())
    tokens = ("reporting.token", "reporting.new", "reporting.old", "reporting.older")
    assert [status(auth, f"Bearer {token}") for token in tokens] == [200, 200, 200, 401]


def test_the_token_of_one_caller_is_not_accepted_under_the_name_of_another() -> None:
    """A secret is read for its own caller only, and never for a name that is not configured."""
    names: list[str] = []

    def hashes(name: str) -> list[str]:
        names.append(name)
        return [hashed("partner-x.secret")]

    auth = Auth(list, [CallerConfig(name="reporting", tenants=("*",))], hashes)
    assert status(auth, "Bearer partner-x.secret") == 401
    assert names == []
    assert status(auth, "Bearer reporting.secret") == 401
    assert names == ["reporting"]


def test_an_administrator_needs_no_secret_of_a_caller() -> None:
    def broken(name: str) -> list[str]:
        raise AssertionError(name)

    assert status(Auth(lambda: ["admin-token"], [REPORTING], broken), "Bearer admin-token") == 200


@pytest.mark.parametrize(
    "text",
    ['callers = ["a-token-in-the-clear"]',
     '[[callers]]\nname = "x"\ntenants = ["*"]\nsha256 = ["a-token-in-the-clear"]',
     '[[callers]]\nname = "x"\ntenants = ["*"]\ntoken = "a-token-in-the-clear"'],
)  # fmt: skip
def test_a_token_in_the_clear_is_refused_in_the_configuration_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="callers") as refused:
        parse_config(text, name="ai-budget.toml")
    assert "a-token-in-the-clear" not in str(refused.value)


@pytest.mark.parametrize("tenants", ["[]", '["*-x"]', '["a b"]', '[""]'])
def test_a_caller_without_tenants_is_refused_in_the_configuration(tenants: str) -> None:
    with pytest.raises(ConfigError, match=r"callers\.0\.tenants"):
        parse_config(f'[[callers]]\nname = "x"\ntenants = {tenants}', name="ai-budget.toml")
