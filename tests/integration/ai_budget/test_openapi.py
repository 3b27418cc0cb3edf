"""The generated OpenAPI document against the running application, by schemathesis."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from functions.ai_budget.app import create_app
from functions.ai_budget.config import Config
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service
from tests.functions.ai_budget.support import ADMIN, OPUS, SONNET, Served, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
API = "/api/ai-budget"
TOKEN = {"Authorization": f"Bearer {ADMIN}"}
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def operations() -> list[tuple[str, str]]:
    """Every path and method of the document, which needs no database."""
    app = create_app(Service(Ledger(lambda: ""), Config()), list, RequestMetrics())
    return [(path, method) for path, item in app.openapi()["paths"].items() for method in item]


@pytest.fixture(scope="module")
def url(server: str) -> str:
    return fresh_database(server)


@pytest.fixture(scope="module")
def served(url: str) -> Iterator[Served]:
    served = Served("--database-url", url, "--workers", "1")
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def document(served: Served) -> Any:
    """The served document. A valid request may get 422, for a model without a price."""
    valid = ["2xx", "403", "404", "409", "422", "429"]
    checks = {"positive_data_acceptance": {"expected-statuses": valid}}
    config = SchemathesisConfig.from_dict({"checks": checks})
    return schemathesis.openapi.from_url(f"{served.url}/openapi.json", config=config)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
@pytest.mark.parametrize(("path", "method"), operations())
def test_every_answer_is_as_the_document_says(
    document: Any, url: str, path: str, method: str, mode: schemathesis.GenerationMode
) -> None:
    headers = TOKEN if path.endswith(("/set", "/reprice")) else {}
    # A raise must end in the future and a tier has its limit: JSON Schema says neither.
    excluded = [positive_data_acceptance] if path.endswith("/set") else []

    @SETTINGS
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    try:
        holds()
    except Unsatisfiable:  # a GET without parameters has nothing to get wrong
        assert mode is schemathesis.GenerationMode.NEGATIVE
    if path.endswith("/track") and mode is schemathesis.GenerationMode.POSITIVE:
        assert sql(url, "SELECT count(*) FROM ai_unpriced_usage")[0][0] > 0


def test_answers_that_generated_requests_seldom_reach_are_as_documented_too(
    served: Served, document: Any
) -> None:
    served.set("known", 0.02)
    ask = {
        "tenant_id": "known",
        "model": SONNET,
        "estimated_prompt_tokens": 1000,
        "max_completion_tokens": 500,
    }
    used = {
        "tenant_id": "known",
        "model": SONNET,
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "request_id": "t",
    }
    limit = {"tenant_id": "known", "model": SONNET, "monthly_limit_usd": 500, "tier": "starter"}
    held = served.post("check", ask).json()["reservation_id"]
    hold = {"tenant_id": "known", "reservation_id": held}
    unknown = hold | {"reservation_id": "00000000-0000-4000-8000-000000000000"}
    usage = {"input_tokens": 15, "output_tokens": 47, "cache_creation_input_tokens": 4803}
    calls: list[tuple[str, str, Any, dict[str, str], int]] = [
        ("POST", "check", ask, {}, 429),
        ("POST", "check", ask | {"dry_run": True, "max_completion_tokens": 0}, {}, 200),
        ("POST", "check", ask | {"model": OPUS}, {}, 403),
        ("POST", "check", ask | {"model": "gpt-none"}, {}, 422),
        ("POST", "extend", hold | {"reservation_seconds": 5}, {}, 200),
        ("POST", "extend", unknown | {"reservation_seconds": 5}, {}, 404),
        ("POST", "release", hold, {}, 200),
        ("POST", "release", unknown, {}, 200),
        ("POST", "extend", hold | {"reservation_seconds": 5}, {}, 409),
        ("POST", "track", used, {}, 200),
        ("POST", "track", used | {"prompt_tokens": 2}, {}, 409),
        ("POST", "track", used | {"model": "gpt-none", "request_id": "u"}, {}, 200),
        ("POST", "track", {"tenant_id": "known", "model": SONNET, "usage": usage}, {}, 200),
        ("POST", "track", {"tenant_id": "known", "model": SONNET, "usage": {}}, {}, 400),
        ("POST", "set", limit, TOKEN, 200),
        ("POST", "set", limit, {}, 401),
        ("POST", "set", limit | {"tenant_id": "unknown", "monthly_limit_usd": None, "tier": None,
                                 "raise_usd": 1, "raise_until": "2099-01-01T00:00:00Z"}, TOKEN, 404),
        ("POST", "reprice", {}, TOKEN, 200),
        ("GET", "tenants", None, {}, 200),
        ("GET", "tenants?status=nonsense", None, {}, 400),
        ("GET", "unpriced", None, {}, 200),
        ("GET", "tenant/known", None, {}, 200),
        ("GET", "tenant/known/usage", None, {}, 200),
        ("GET", "tenant/known/changes", None, {}, 200),
    ]  # fmt: skip
    for method, path, body, headers, status in calls:
        answer = served.http.request(method, f"{API}/{path}", json=body, headers=headers)
        assert (path, body, answer.status_code) == (path, body, status), answer.text
        template = f"{API}/{path.partition('?')[0]}".replace("tenant/known", "tenant/{tenant_id}")
        assert document[template][method].is_valid_response(answer), (path, status, answer.text)


def test_the_lambda_and_serve_have_one_document(served: Served) -> None:
    app = create_app(Service(Ledger(lambda: ""), Config()), list, RequestMetrics())
    assert served.http.get("/openapi.json").json() == app.openapi()
