"""What a token that is bound to tenants can see and do, on every path."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.ai_budget.app import create_app
from functions.ai_budget.config import CallerConfig, Config
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service
from tests.functions.ai_budget.support import ADMIN, SONNET, check, fresh_database, track

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
API = "/api/ai-budget"


def caller(name: str, *tenants: str) -> CallerConfig:
    return CallerConfig(name=name, tenants=tenants, sha256=(sha256(f"{name}.token".encode()).hexdigest(),))


def client_of(server: str, **config: Any) -> TestClient:
    url = fresh_database(server)
    callers = (caller("acme", "acme", "team-*"), caller("any", "*"))
    service = Service(Ledger(lambda: url), Config(callers=callers, **config))
    return TestClient(create_app(service, lambda: [ADMIN], RequestMetrics()), base_url="https://testserver")


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[TestClient]:
    with client_of(server) as client:
        yield client


@pytest.fixture(scope="module")
def behind_tls(server: str) -> Iterator[TestClient]:
    """The service behind a load balancer that ends TLS."""
    with client_of(server, https_url="https://ai-budget.example") as client:
        yield client


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def reservation(client: TestClient, tenant: str) -> dict[str, object]:
    answer = client.post(f"{API}/check", json=check(tenant), headers=bearer("any.token"))
    return {"tenant_id": tenant, "reservation_id": answer.json()["reservation_id"]}


def calls(client: TestClient, tenant: str) -> dict[str, int]:
    """The status of every path that names a tenant, for the token of acme."""
    headers, held = bearer("acme.token"), reservation(client, tenant)
    posts = {
        "check": check(tenant),
        "track": track(tenant),
        "extend": held | {"reservation_seconds": 60},
        "release": held,
    }
    gets = [f"{API}/tenant/{tenant}", f"{API}/tenant/{tenant}/usage", f"{API}/tenant/{tenant}/changes"]
    statuses = {
        path: client.post(f"{API}/{path}", json=body, headers=headers).status_code
        for path, body in posts.items()
    }
    statuses |= {path: client.get(path, headers=headers).status_code for path in gets}
    statuses["metrics"] = client.get("/metrics", params={"tenant": tenant}, headers=headers).status_code
    return statuses


@pytest.mark.parametrize("tenant", ["acme", "team-7"])
def test_a_bound_token_works_for_its_tenants_on_every_path(client: TestClient, tenant: str) -> None:
    assert set(calls(client, tenant).values()) == {200}


@pytest.mark.parametrize("tenant", ["other", "acme2", "team"])
def test_a_bound_token_gets_403_for_other_tenants_on_every_path(client: TestClient, tenant: str) -> None:
    assert set(calls(client, tenant).values()) == {403}


@pytest.mark.parametrize("path", [f"{API}/tenants", f"{API}/unpriced", "/metrics"])
def test_what_concerns_all_tenants_needs_a_token_for_all(client: TestClient, path: str) -> None:
    assert client.get(path, headers=bearer("acme.token")).status_code == 403
    assert client.get(path, headers=bearer("any.token")).status_code == 200


@pytest.mark.parametrize("path", [f"{API}/tenants", f"{API}/tenant/acme", "/metrics", "/openapi.json"])
def test_every_path_needs_a_token_once_there_are_callers(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path, headers=bearer("wrong")).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_needs_none(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["set", "reprice"])
def test_no_token_of_a_caller_is_good_for_what_administrators_do(client: TestClient, path: str) -> None:
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 5} if path == "set" else {}
    statuses = [
        client.post(f"{API}/{path}", json=body, headers=bearer(text)).status_code
        for text in ("acme.token", "any.token", ADMIN)
    ]
    assert statuses == [401, 401, 200]


def test_a_refused_call_leaves_nothing_behind(client: TestClient) -> None:
    client.post(f"{API}/check", json=check("untouched"), headers=bearer("acme.token"))
    client.post(f"{API}/track", json=track("untouched"), headers=bearer("acme.token"))
    budgets = client.get(f"{API}/tenants", params={"limit": 1000}, headers=bearer("any.token")).json()[
        "tenants"
    ]
    assert "untouched" not in [tenant["tenant_id"] for tenant in budgets]


HTTPS = [("X-Forwarded-Proto", "https")]
FORGED: list[list[tuple[str, str]]] = [
    [],
    [("X-Forwarded-Proto", "http")],
    [*HTTPS, ("X-Forwarded-Proto", "http")],
    [("X-Forwarded-Proto", "http"), *HTTPS],
    [("X-Forwarded-Proto", "https, http")],
    [("X-Forwarded-Port", "443"), ("Forwarded", "proto=https"), ("X-Forwarded-Scheme", "https")],
]


@pytest.mark.parametrize("path", ["set", "reprice"])
@pytest.mark.parametrize("headers", FORGED)
def test_what_administrators_do_is_refused_without_tls_and_the_error_names_the_https_address(
    behind_tls: TestClient, path: str, headers: list[tuple[str, str]]
) -> None:
    """Also without a token: the answer does not tell whether one is right."""
    for token in ([], [("Authorization", f"Bearer {ADMIN}")]):
        answer = behind_tls.post(f"{API}/{path}", json={}, headers=[*headers, *token])
        assert (answer.status_code, answer.json()["error"]) == (403, "https_required")
        assert f"https://ai-budget.example{API}/{path}" in answer.json()["message"]


def test_a_pod_to_which_clients_connect_themselves_does_not_believe_their_headers(
    behind_tls: TestClient,
) -> None:
    admin = [*HTTPS, ("Authorization", f"Bearer {ADMIN}")]
    answer = behind_tls.post(f"http://testserver{API}/reprice", json={}, headers=admin)
    assert (answer.status_code, answer.json()["error"]) == (403, "https_required")


@pytest.mark.parametrize("headers", FORGED)
def test_the_admin_token_is_refused_without_tls_on_every_path(
    behind_tls: TestClient, headers: list[tuple[str, str]]
) -> None:
    for path in (f"{API}/tenants", "/metrics", f"{API}/tenant/acme"):
        answer = behind_tls.get(path, headers=[*headers, ("Authorization", f"Bearer {ADMIN}")])
        assert (answer.status_code, answer.json()["error"]) == (403, "https_required")


def test_with_tls_administrators_are_answered_and_callers_with_or_without(behind_tls: TestClient) -> None:
    body = {"tenant_id": "acme", "model": SONNET, "monthly_limit_usd": 5}
    admin = [*HTTPS, ("Authorization", f"Bearer {ADMIN}")]
    assert behind_tls.post(f"{API}/set", json=body, headers=admin).status_code == 200
    assert behind_tls.post(f"{API}/set", json=body, headers=HTTPS).status_code == 401
    for headers in (HTTPS, []):
        answer = behind_tls.get(
            f"{API}/tenant/acme", headers=[*headers, ("Authorization", "Bearer acme.token")]
        )
        assert answer.status_code == 200
