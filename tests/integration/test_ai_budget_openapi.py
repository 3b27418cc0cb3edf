"""The OpenAPI document against the running service, by schemathesis."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from functions.ai_budget.openapi import document as openapi_document
from tests.functions.ai_budget.support import ADMIN, OPUS, SONNET, Served, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def served(server):
    url = fresh_database(server)
    served = Served("--database-url", url, "--workers", "1")
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def document(served):
    return schemathesis.openapi.from_url(f"{served.url}/openapi.json")


PATHS = [(path, method) for path, item in openapi_document(None, {})["paths"].items() for method in item]
SETTINGS = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
@pytest.mark.parametrize(("path", "method"), PATHS)
def test_every_answer_is_as_the_document_says(document, path, method, mode):
    headers = {"Authorization": f"Bearer {ADMIN}"} if path.endswith("/set") else {}

    @SETTINGS
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    def holds(case):
        case.call_and_validate(headers=headers)

    try:
        holds()
    except Unsatisfiable:
        assert (
            mode is schemathesis.GenerationMode.NEGATIVE
        )  # nothing to get wrong in a GET without parameters


def test_the_answers_that_generated_requests_seldom_reach_are_as_documented_too(served, document):
    """Valid calls, a refusal by budget, a missing budget, a repeated id: each against its schema."""
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
    token = {"Authorization": f"Bearer {ADMIN}"}
    limit = {"tenant_id": "known", "model": SONNET, "monthly_limit_usd": 500, "tier": "starter"}
    calls = [
        ("POST", "check", ask, {}, 200),
        ("POST", "check", ask, {}, 429),
        ("POST", "check", ask | {"model": OPUS}, {}, 403),
        ("POST", "track", used, {}, 200),
        ("POST", "track", used | {"prompt_tokens": 2}, {}, 409),
        ("POST", "track", used | {"model": "gpt-none"}, {}, 422),
        ("POST", "set", limit, token, 200),
        ("POST", "set", limit, {}, 401),
        ("GET", "tenants", None, {}, 200),
        ("GET", "tenant/known", None, {}, 200),
        ("GET", "tenant/known/usage", None, {}, 200),
        ("GET", "tenant/known/changes", None, {}, 200),
    ]
    for method, path, body, headers, status in calls:
        answer = served.http.request(method, f"/api/ai-budget/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        place = "/api/ai-budget/" + path.replace("known", "{tenant_id}")
        assert document[place][method].is_valid_response(answer), (path, status, answer.text)


def test_the_generated_requests_reached_the_ledger(served):
    url = served.process.args[served.process.args.index("--database-url") + 1]
    assert sql(url, "SELECT count(*) FROM ai_token_budgets")[0][0] > 0
