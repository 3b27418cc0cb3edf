"""`GET /tenants` gives every tenant once, in pages that a load balancer lets through."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.ai_budget.app import create_app
from functions.ai_budget.config import Config
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service
from tests.functions.ai_budget.support import ADMIN, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def url(server: str) -> str:
    """4,000 budgets with the longest ids, most of five a tenant, 1,000 of one; and one of each state."""
    url = fresh_database(server)
    sql(
        url,
        "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, current_usage_usd)"
        " SELECT rpad('a' || lpad((n / 5)::text, 4, '0'), 128, 'x'), rpad('m' || n % 5, 128, 'x'),"
        "    123456789.123456789, 123456.123456789012 FROM generate_series(0, 2999) AS n"
        " UNION ALL SELECT rpad('b', 128, 'x'), rpad('m' || n, 128, 'x'), 100, 85"
        "    FROM generate_series(0, 999) AS n"
        " UNION ALL SELECT 'z-ok', 'm', 100, 80 UNION ALL SELECT 'z-warning', 'm', 100, 80.01"
        " UNION ALL SELECT 'z-exceeded', 'm', 100, 100",
    )
    return url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[TestClient]:
    app = create_app(Service(Ledger(lambda: url), Config()), lambda: [ADMIN], RequestMetrics())
    with TestClient(app) as client:
        yield client


def pages(client: TestClient, **query: Any) -> Iterator[list[dict[str, Any]]]:
    after: str | None = ""
    while after is not None:
        answer = client.get("/api/ai-budget/tenants", params=query | {"after": after})
        assert answer.status_code == 200, answer.text
        yield answer.json()["tenants"]
        after = answer.json()["next"]


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_the_pages_hold_every_tenant_once_in_order(client: TestClient, limit: int) -> None:
    names = [tenant["tenant_id"] for page in pages(client, limit=limit, status="at-risk") for tenant in page]
    assert names == ["b" + "x" * 127, "z-exceeded", "z-warning"]
    if limit > 1:
        everyone = [tenant["tenant_id"] for page in pages(client, limit=limit) for tenant in page]
        assert everyone == sorted(set(everyone))
        assert len(everyone) == 604


def test_pages_of_the_longest_ids_stay_below_a_megabyte(client: TestClient) -> None:
    after: str | None = ""
    sizes = []
    while after is not None:
        answer = client.get("/api/ai-budget/tenants", params={"limit": 1000, "after": after})
        sizes.append(len(answer.content))
        after = answer.json()["next"]
    assert max(sizes) < MEGABYTE
    assert len(sizes) > 2


@pytest.mark.parametrize(
    ("status", "names"),
    [("warning", ["z-warning"]), ("exceeded", ["z-exceeded"]), ("at-risk", ["z-exceeded", "z-warning"])],
)
def test_tenants_are_found_by_the_state_of_their_budgets(
    client: TestClient, status: str, names: list[str]
) -> None:
    tenants = [tenant["tenant_id"] for page in pages(client, status=status, limit=1000) for tenant in page]
    assert [name for name in tenants if name.startswith("z-")] == names


def test_the_page_of_metrics_stays_below_a_megabyte(client: TestClient) -> None:
    page = client.get("/metrics")
    assert page.status_code == 200
    assert len(page.content) < MEGABYTE
    assert b'ai_budget_spent_usd{model="m",tenant_id="z-exceeded"} 100.0' in page.content
