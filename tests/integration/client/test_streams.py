"""Streams of the real Anthropic SDK, and its asynchronous client, on the real service."""

import asyncio
import itertools

import anthropic
import pytest

from tests.functions.ai_budget.support import SONNET, sql, until
from tests.integration.client.support import ask, cost, settled, spent

_tenants = itertools.count()


@pytest.fixture
def tenant() -> str:
    return f"streamed-{next(_tenants)}"


def test_a_stream_is_recorded_when_it_ends(budget, claude, upstream, database, tenant):
    client = budget.wrap(claude)
    messages = [{"role": "user", "content": "hello"}]
    events = client.messages.create(tenant=tenant, model=SONNET, max_tokens=7, messages=messages, stream=True)
    assert [event.type for event in events].count("content_block_delta") == 7
    with client.messages.stream(tenant=tenant, model=SONNET, max_tokens=9, messages=messages) as stream:
        assert stream.get_final_message().usage.output_tokens == 9
    settled(database, tenant, 2)
    assert spent(database, tenant) == cost(upstream.billed)


def test_an_aborted_stream_is_recorded_with_what_it_had_used(budget, claude, upstream, database, tenant):
    upstream.token_seconds = 0.02
    with budget.wrap(claude).messages.stream(
        tenant=tenant, model=SONNET, max_tokens=200, messages=[{"role": "user", "content": "hello"}]
    ) as stream:
        for number, _ in enumerate(stream.text_stream):
            if number == 5:
                break
    settled(database, tenant, 1)
    row = sql(
        database, "SELECT prompt_tokens, completion_tokens FROM ai_token_usage WHERE tenant_id = %s", tenant
    )
    until(lambda: upstream.billed)
    assert row[0][0] == upstream.billed[0].input_tokens
    assert upstream.billed[0].output_tokens <= row[0][1] < 200


def test_a_stream_that_is_dropped_is_recorded(budget, claude, database, tenant):
    events = ask(budget.wrap(claude), tenant, stream=True)
    next(events)
    del events
    settled(database, tenant, 1)
    assert spent(database, tenant) > 0


def test_a_call_that_outlives_its_reservation_extends_it(make_budget, claude, upstream, database, tenant):
    upstream.token_seconds = 0.35
    client = make_budget(reservation_seconds=2).wrap(claude)
    for _ in ask(client, tenant, max_tokens=10, stream=True):
        pass
    settled(database, tenant, 1)
    assert sql(database, "SELECT settlement FROM ai_token_usage WHERE tenant_id = %s", tenant) == [
        ("settled",)
    ]


async def ask_asynchronously(budget, upstream, tenant):
    messages = [{"role": "user", "content": "hello"}]
    fields = {"tenant": tenant, "model": SONNET, "messages": messages}
    async with (
        budget.asynchronous() as asynchronous,
        anthropic.AsyncAnthropic(base_url=upstream.url, api_key="local") as claude,
    ):
        client = asynchronous.wrap(claude)
        await client.messages.create(**fields, max_tokens=5)
        async for _ in await client.messages.create(**fields, max_tokens=6, stream=True):
            pass
        async with client.messages.stream(**fields, max_tokens=7) as stream:
            await stream.get_final_message()
        params = {"model": SONNET, "max_tokens": 20, "messages": messages}
        batch = await client.messages.batches.create(
            tenant=tenant, requests=[{"custom_id": "one", "params": params}]
        )
        return [line async for line in await client.messages.batches.results(batch.id)]


def test_an_asynchronous_client_is_wrapped_too(budget, upstream, database, tenant):
    results = asyncio.run(ask_asynchronously(budget, upstream, tenant))
    assert [line.custom_id for line in results] == ["one"]
    settled(database, tenant, 4)
    *calls, batched = upstream.billed
    assert spent(database, tenant) == cost(calls) + cost([batched]) / 2


def test_many_asynchronous_calls_at_once_are_recorded(budget, upstream, database, tenant):
    upstream.failures = [500] * 10

    async def ask_at_once() -> None:
        claude = anthropic.AsyncAnthropic(base_url=upstream.url, api_key="local", max_retries=10)
        async with claude, budget.asynchronous() as asynchronous:
            client = asynchronous.wrap(claude)
            await asyncio.gather(*[ask(client, tenant) for _ in range(40)])

    asyncio.run(ask_at_once())
    settled(database, tenant, 40)
    assert len(upstream.billed) == 40
    assert spent(database, tenant) == cost(upstream.billed)
