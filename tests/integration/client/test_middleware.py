"""The HTTP middleware in FastAPI and in WSGI, with a real service behind the calls."""

import itertools

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from ai_budget_client import ASGIBudgetMiddleware, WSGIBudgetMiddleware
from tests.functions.ai_budget.support import SONNET, until

_tenants = itertools.count()


@pytest.fixture
def tenant() -> str:
    return f"served-{next(_tenants)}"


@pytest.fixture
def fastapi(budget, claude):
    client = budget.wrap(claude)
    app = FastAPI()
    app.add_middleware(ASGIBudgetMiddleware)

    @app.get("/report")
    def report() -> str:
        message = client.messages.create(
            model=SONNET, max_tokens=20, messages=[{"role": "user", "content": "hello"}]
        )
        return message.content[0].text

    @app.get("/streamed")
    def streamed() -> StreamingResponse:
        events = client.messages.create(
            model=SONNET, max_tokens=3, messages=[{"role": "user", "content": "hello"}], stream=True
        )
        return StreamingResponse(event.type + "\n" for event in events)

    return TestClient(app)


@pytest.fixture
def wsgi(budget, claude):
    client = budget.wrap(claude)

    def app(environ, start_response):
        assert environ["REQUEST_METHOD"] == "GET"
        message = client.messages.create(
            model=SONNET, max_tokens=20, messages=[{"role": "user", "content": "hello"}]
        )
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield message.content[0].text.encode()

    def eager(environ, start_response):
        return list(app(environ, start_response))

    return httpx.Client(transport=httpx.WSGITransport(WSGIBudgetMiddleware(eager)), base_url="http://test")


@pytest.fixture(params=["fastapi", "wsgi"])
def http(request):
    return request.getfixturevalue(request.param)


def test_calls_are_of_the_tenant_in_the_header(http, service, tenant):
    answer = http.get("/report", headers={"X-Tenant-Id": tenant})
    assert (answer.status_code, "word" in answer.text) == (200, True)
    assert "x-ai-budget-warning" not in answer.headers
    status = f"/api/ai-budget/tenant/{tenant}"
    until(lambda: service.http.get(status).json()["total_usage_usd"] > 0)


def test_a_refused_call_is_answered_in_the_format_of_the_service(http, service, tenant):
    service.set(tenant, 0.0001)
    answer = http.get("/report", headers={"X-Tenant-Id": tenant})
    assert answer.status_code == 429
    assert answer.headers["x-should-retry"] == "false"
    assert int(answer.headers["retry-after"]) > 0
    body = {
        "tenant_id": tenant,
        "model": SONNET,
        "estimated_prompt_tokens": 1000,
        "max_completion_tokens": 500,
    }
    refused = service.post("check", body).json()
    assert answer.json().keys() == refused.keys()
    assert answer.json() | {"estimated_usd": refused["estimated_usd"]} == refused


def test_above_80_percent_answers_carry_the_warning(http, service, tenant):
    service.set(tenant, 0.01)
    used = {"tenant_id": tenant, "model": SONNET, "prompt_tokens": 3000, "completion_tokens": 0}
    assert service.post("track", used).status_code == 200
    answer = http.get("/report", headers={"X-Tenant-Id": tenant})
    assert (answer.status_code, answer.headers["x-ai-budget-warning"]) == (200, "true")


def test_a_stream_is_of_the_tenant_too(fastapi, service, tenant):
    assert "message_stop" in fastapi.get("/streamed", headers={"X-Tenant-Id": tenant}).text
    until(lambda: service.http.get(f"/api/ai-budget/tenant/{tenant}").json()["total_usage_usd"] > 0)


def test_the_tenant_can_come_from_a_function(budget, claude, service, tenant):
    app = FastAPI()
    app.add_middleware(ASGIBudgetMiddleware, tenant=lambda scope: scope["path"].split("/")[1])
    client = budget.wrap(claude)

    @app.get("/{tenant}/report")
    def report() -> str:
        return client.messages.create(
            model=SONNET, max_tokens=5, messages=[{"role": "user", "content": "hello"}]
        ).id

    assert TestClient(app).get(f"/{tenant}/report").status_code == 200
    until(lambda: service.http.get(f"/api/ai-budget/tenant/{tenant}").json()["total_usage_usd"] > 0)


def test_while_the_service_is_away_the_answer_is_503(make_budget, claude, upstream):
    client = make_budget("http://127.0.0.1:9", attempts=1).wrap(claude, tenant="acme")
    app = FastAPI()
    app.add_middleware(ASGIBudgetMiddleware)

    @app.get("/report")
    def report() -> None:
        client.messages.create(model=SONNET, max_tokens=5, messages=[{"role": "user", "content": "hello"}])

    answer = TestClient(app).get("/report")
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (
        503,
        "unavailable",
        "5",
    )
    assert upstream.requests == []


def test_a_request_without_a_possible_tenant_is_answered_with_400(http, tenant):
    for headers in ({}, {"X-Tenant-Id": "a b"}, {"X-Tenant-Id": f"{tenant},other"}):
        answer = http.get("/report", headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (400, "tenant")


@pytest.mark.parametrize("begun", [False, True])
def test_an_error_in_the_body_of_a_wsgi_answer_is_answered_until_headers_are_sent(
    budget, claude, service, tenant, begun
):
    service.set(tenant, 0.0001)
    client = budget.wrap(claude, tenant=tenant)
    sent = []

    def app(_, start_response):
        if begun:
            start_response("200 OK", [])
        client.messages.create(model=SONNET, max_tokens=5, messages=[{"role": "user", "content": "hello"}])
        yield b"never"

    def start_response(status, _, exc_info=None):
        assert exc_info or not sent
        sent.append(status)

    (body,) = WSGIBudgetMiddleware(app)({}, start_response)
    assert (sent[-1], b"budget_spent" in body) == ("429 Too Many Requests", True)


def test_a_websocket_has_the_tenant_of_its_header(budget, claude, service, tenant):
    app = FastAPI()
    app.add_middleware(ASGIBudgetMiddleware)
    client = budget.wrap(claude)

    @app.websocket("/report")
    async def report(socket: WebSocket) -> None:
        await socket.accept()
        messages = [{"role": "user", "content": "hello"}]
        await socket.send_text(
            client.messages.create(model=SONNET, max_tokens=5, messages=messages).content[0].text
        )

    with TestClient(app).websocket_connect("/report", headers={"X-Tenant-Id": tenant}) as socket:
        assert "word" in socket.receive_text()
    until(lambda: service.http.get(f"/api/ai-budget/tenant/{tenant}").json()["total_usage_usd"] > 0)
