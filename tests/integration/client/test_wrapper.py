"""The wrapper of the real Anthropic SDK, on the real service and a local server of the Messages API."""

import asyncio
import itertools
from decimal import Decimal

import anthropic
import pytest
from prometheus_client import CollectorRegistry

from ai_budget_client import BudgetExceeded, BudgetSpent, InvalidRequest
from ai_budget_client.claude import request_middleware
from tests.functions.ai_budget.support import HAIKU, SONNET, sql, until
from tests.integration.client.support import ask, cost, reservations, settled, spent

_tenants = itertools.count()


@pytest.fixture
def tenant() -> str:
    return f"wrapped-{next(_tenants)}"


def test_a_call_is_reserved_and_recorded_as_the_model_answered(budget, claude, upstream, database, tenant):
    message = ask(budget.wrap(claude), tenant, report_type="quarterly")
    assert message.content[0].text.startswith("word")
    settled(database, tenant, 1)
    assert spent(database, tenant) == cost(upstream.billed) > 0
    assert sql(database, "SELECT report_type FROM ai_token_usage WHERE tenant_id = %s", tenant) == [
        ("quarterly",)
    ]


def test_the_headers_for_the_budget_do_not_reach_the_model(budget, claude, upstream, tenant):
    ask(budget.wrap(claude), tenant, report_type="quarterly", request_id=f"{tenant}-1")
    assert [name for name in upstream.requests[0][2] if "budget" in name] == []


def test_a_call_without_a_tenant_is_refused(budget, claude, upstream):
    with pytest.raises(InvalidRequest, match="tenant"):
        budget.wrap(claude).messages.create(
            model=SONNET, max_tokens=5, messages=[{"role": "user", "content": "x"}]
        )
    assert upstream.requests == []


def test_retries_of_the_sdk_share_one_reservation(make_budget, claude, upstream, database, tenant):
    upstream.failures = [529, 500]
    registry = CollectorRegistry()
    ask(make_budget(registry=registry).wrap(claude), tenant)
    assert len(upstream.requests) == 3
    checks = "ai_budget_client_check_duration_seconds_count"
    assert registry.get_sample_value(checks, {"outcome": "allowed"}) == 1
    settled(database, tenant, 1)
    assert spent(database, tenant) == cost(upstream.billed)


def test_a_call_that_fails_after_all_retries_is_released(budget, claude, upstream, database, tenant):
    upstream.failures = [500, 500, 500]
    with pytest.raises(anthropic.InternalServerError):
        ask(budget.wrap(claude), tenant)
    until(lambda: reservations(database, tenant) == ["released"])
    assert spent(database, tenant) == 0


def test_a_call_that_is_given_up_between_two_attempts_is_released(
    budget, upstream, database, tenant, monkeypatch
):
    monkeypatch.setattr(request_middleware, "BETWEEN_ATTEMPTS", 0.5)
    upstream.failures, upstream.retry_after_ms = [529, 529, 529], 30_000

    async def give_up() -> None:
        claude = anthropic.AsyncAnthropic(base_url=upstream.url, api_key="local")
        async with claude, budget.asynchronous() as asynchronous:
            await asyncio.wait_for(ask(asynchronous.wrap(claude), tenant), 2)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    until(lambda: reservations(database, tenant) == ["released"])
    assert spent(database, tenant) == 0


def test_a_call_that_the_model_rejects_is_released_at_once(budget, claude, upstream, database, tenant):
    upstream.failures = [400]
    with pytest.raises(anthropic.BadRequestError):
        ask(budget.wrap(claude), tenant)
    until(lambda: reservations(database, tenant) == ["released"])


def test_an_answer_without_usage_is_charged_at_its_maximum(budget, claude, upstream, database, tenant):
    upstream.usage = {"output_tokens": None}
    assert ask(budget.wrap(claude), tenant).content[0].text.startswith("word")
    settled(database, tenant, 1)
    rows = sql(database, "SELECT completion_tokens FROM ai_token_usage WHERE tenant_id = %s", tenant)
    assert rows == [(20,)]


def test_only_a_client_of_the_sdk_is_wrapped(budget):
    with pytest.raises(TypeError, match="not NoneType"):
        budget.wrap(None)


def test_a_refused_call_does_not_reach_the_model_and_says_when_the_budget_resets(
    budget, claude, upstream, service, tenant
):
    service.set(tenant, 0.0001)
    with pytest.raises(BudgetExceeded) as refused:
        ask(budget.wrap(claude), tenant)
    assert upstream.requests == []
    assert refused.value.reason == "budget_spent"
    assert refused.value.reset_date.day == 1
    assert refused.value.fallback_model is None


def test_a_refused_call_goes_to_the_fallback_model_after_a_check_of_its_own(
    make_budget, claude, upstream, service, database, tenant
):
    service.set(tenant, 0.0001)
    service.set(tenant, 1, HAIKU)
    message = ask(make_budget(use_fallback_model=True).wrap(claude), tenant)
    assert message.model == HAIKU
    settled(database, tenant, 1)
    assert sql(database, "SELECT model FROM ai_token_usage WHERE tenant_id = %s", tenant) == [(HAIKU,)]
    assert spent(database, tenant) == cost(upstream.billed)


def test_a_refused_call_gets_the_template(budget, claude, upstream, service, tenant):
    service.set(tenant, 0.0001)
    client = budget.wrap(claude, template=lambda error, check: f"{error.reason}: last {check.report_type}")
    message = ask(client, tenant, report_type="quarterly")
    text = message.content[0].text
    assert (message.model, text) == ("cached-template", "budget_spent: last quarterly")
    assert message.usage.output_tokens == 0
    messages = [{"role": "user", "content": "hello"}]
    with client.messages.stream(
        tenant=tenant, report_type="draft", model=SONNET, max_tokens=20, messages=messages
    ) as stream:
        assert stream.get_final_text() == "budget_spent: last draft"
    with pytest.raises(BudgetSpent):
        client.messages.with_raw_response.create(
            tenant=tenant, model=SONNET, max_tokens=20, messages=messages
        )
    assert upstream.requests == []


def test_prompt_tokens_are_counted_by_the_api_by_choice(make_budget, claude, upstream, database, tenant):
    client = make_budget(prompt_tokens="count").wrap(claude)
    ask(client, tenant)
    assert [path for path, _, _ in upstream.requests] == ["/v1/messages/count_tokens", "/v1/messages"]
    settled(database, tenant, 1)
    (reserved,) = sql(database, "SELECT amount_usd FROM ai_budget_reservations WHERE tenant_id = %s", tenant)
    assert reserved[0] == cost(upstream.billed)


def test_a_document_is_counted_by_the_api_because_its_tokens_have_no_local_bound(
    budget, claude, upstream, tenant
):
    document = {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}
    ask(budget.wrap(claude), tenant, messages=[{"role": "user", "content": [document]}])
    assert [path for path, _, _ in upstream.requests] == ["/v1/messages/count_tokens", "/v1/messages"]


def test_prompt_caching_and_service_tier_are_taken_from_the_usage(budget, claude, upstream, database, tenant):
    upstream.usage = {
        "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 300, "service_tier": "standard",
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
    }  # fmt: skip
    ask(budget.wrap(claude), tenant)
    settled(database, tenant, 1)
    columns = "cache_read_tokens, cache_write_tokens, cache_write_1h_tokens"
    assert sql(database, f"SELECT {columns} FROM ai_token_usage WHERE tenant_id = %s", tenant) == [
        (1000, 100, 200)
    ]


def test_each_turn_of_a_tool_loop_is_a_call(budget, claude, upstream, database, tenant):
    @anthropic.beta_tool
    def revenue(quarter: str) -> str:
        """The revenue of a quarter."""
        return f"{quarter}: 10 USD"

    def reply(body):
        if body["messages"][-1]["content"] == "how much":
            return [{"type": "tool_use", "id": "tool-1", "name": "revenue", "input": {"quarter": "Q3"}}]
        return [{"type": "text", "text": "done"}]

    upstream.reply = reply
    runner = budget.wrap(claude).beta.messages.tool_runner(
        tenant=tenant, model=SONNET, max_tokens=30, tools=[revenue],
        messages=[{"role": "user", "content": "how much"}],
    )  # fmt: skip
    assert runner.until_done().content[0].text == "done"
    settled(database, tenant, 2)
    assert spent(database, tenant) == cost(upstream.billed)


def test_a_batch_is_reserved_and_recorded_at_half_the_price(budget, claude, upstream, database, tenant):
    batches = budget.wrap(claude).messages.batches
    params = {"model": SONNET, "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
    requests = [{"custom_id": name, "params": params} for name in ("one", "two", "expired-3")]
    batch = batches.create(tenant=tenant, report_type="nightly", requests=requests)
    assert reservations(database, tenant) == ["open"] * 3
    assert [line.custom_id for line in batches.results(batch.id)] == ["one", "two", "expired-3"]
    until(lambda: reservations(database, tenant) == ["released", "settled", "settled"])
    assert spent(database, tenant) == cost(upstream.billed) / 2
    list(batches.results(batch.id))
    until(lambda: len(budget.core.spool) == 0)
    assert spent(database, tenant) == cost(upstream.billed) / 2


def test_a_batch_without_room_is_not_sent_and_holds_nothing(
    budget, claude, upstream, service, database, tenant
):
    service.set(tenant, 0.0005)
    params = {"model": SONNET, "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
    requests = [{"custom_id": str(number), "params": params} for number in range(5)]
    with pytest.raises(BudgetExceeded):
        budget.wrap(claude).messages.batches.create(tenant=tenant, requests=requests)
    assert upstream.requests == []
    until(lambda: set(reservations(database, tenant)) == {"released"})


def test_a_raw_response_is_recorded(budget, claude, upstream, database, tenant):
    response = budget.wrap(claude).messages.with_raw_response.create(
        tenant=tenant, model=SONNET, max_tokens=5, messages=[{"role": "user", "content": "hello"}]
    )
    assert response.parse().usage.output_tokens == 5
    settled(database, tenant, 1)
    assert spent(database, tenant) == cost(upstream.billed)


def test_bedrock_is_charged_under_the_name_of_its_inference_profile(
    budget, upstream, service, database, tenant
):
    bedrock = anthropic.AnthropicBedrock(base_url=upstream.url, aws_region="us-east-1", api_key="local")
    model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    service.set(tenant, 10, "claude-sonnet-4-5")
    ask(budget.wrap(bedrock), tenant, model=model)
    settled(database, tenant, 1)
    (call,) = upstream.billed
    regional = Decimal("1.1") * (call.input_tokens * 3 + call.output_tokens * 15) / 1_000_000
    assert spent(database, tenant) == regional


def test_a_stream_of_bedrock_is_recorded_at_its_end(budget, upstream, service, database, tenant):
    bedrock = anthropic.AnthropicBedrock(base_url=upstream.url, aws_region="us-east-1", api_key="local")
    service.set(tenant, 10, "claude-sonnet-4-5")
    model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    events = list(ask(budget.wrap(bedrock), tenant, model=model, stream=True))
    assert events[-1].type == "message_stop"
    settled(database, tenant, 1)
    (call,) = upstream.billed
    assert call.output_tokens == 20
    regional = Decimal("1.1") * (call.input_tokens * 3 + call.output_tokens * 15) / 1_000_000
    assert spent(database, tenant) == regional


def test_a_wrapped_client_is_a_context_manager_and_is_copied_as_the_sdks(budget, claude, database, tenant):
    with budget.wrap(claude, tenant=tenant) as client:
        client.copy(max_retries=0).messages.create(
            model=SONNET, max_tokens=20, messages=[{"role": "user", "content": "hello"}]
        )
    settled(database, tenant, 1)
    assert claude.is_closed()


def test_a_template_may_be_a_coroutine_function_and_must_give_text(budget, claude, upstream, service, tenant):
    service.set(tenant, 0.0001)

    async def template(error, _):
        return error.reason

    async def call():
        async with (
            anthropic.AsyncAnthropic(base_url=upstream.url, api_key="local") as client,
            budget.asynchronous() as wrapping,
        ):
            return await ask(wrapping.wrap(client, template=template), tenant)

    assert asyncio.run(call()).content[0].text == "budget_spent"
    with pytest.raises(TypeError, match="template: expected that it returns a str, not NoneType"):
        ask(budget.wrap(claude, template=lambda *_: None), tenant)
