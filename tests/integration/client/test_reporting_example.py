"""examples/reporting on the real service: a report, the template, the fallback model, the 429."""

import importlib.util

import pytest
from starlette.testclient import TestClient

from tests.functions.ai_budget.support import HAIKU, ROOT, until

TEMPLATE = "This report is shown from its last version: the AI budget of this month is used up."


@pytest.fixture(scope="module")
def reporting():
    spec = importlib.util.spec_from_file_location(
        "reporting", ROOT / "examples" / "reporting" / "reporting.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def http(reporting, service, upstream, database, redis_server, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", upstream.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "local")
    monkeypatch.setenv("HOME", str(tmp_path))
    app = reporting.from_environment(
        {"AI_BUDGET_URL": service.url, "REDIS_URL": redis_server.url, "DATABASE_URL": database}
    )
    with TestClient(app) as client:
        yield client


def ask(http, tenant, report_type="quarterly-report"):
    question = {"question": "How did the third quarter go?"}
    return http.post(f"/reports/{report_type}", json=question, headers={"X-Tenant-Id": tenant})


def test_a_report_is_charged_to_its_tenant_and_report_type(http, service):
    answer = ask(http, "report-ok")
    assert answer.status_code == 200
    assert answer.json()["from_template"] is False
    usage = "/api/ai-budget/tenant/report-ok/usage"
    (day,) = until(lambda: service.http.get(usage).json()["days"])
    assert (day["report_type"], day["requests"]) == ("quarterly-report", 1)


def test_a_used_up_budget_shows_the_template(http, service, upstream):
    service.set("report-spent", 0.0001)
    assert ask(http, "report-spent").json() == {"text": TEMPLATE, "from_template": True}
    assert upstream.requests == []


def test_a_report_without_a_template_is_answered_with_429(http, service):
    service.set("report-bare", 0.0001)
    answer = ask(http, "report-bare", "unknown-report")
    assert (answer.status_code, answer.json()["reason"]) == (429, "budget_spent")


def test_a_cheaper_model_writes_the_report_if_it_has_room(http, service, upstream):
    service.set("report-cheap", 0.0001)
    service.set("report-cheap", 1, HAIKU)
    assert ask(http, "report-cheap").json()["from_template"] is False
    assert [body["model"] for _, body, _ in upstream.requests] == [HAIKU]
