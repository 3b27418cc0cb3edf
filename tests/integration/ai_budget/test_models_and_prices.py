"""The price rows and the constraint on model names, on a real PostgreSQL with the real schema."""

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from functions.ai_budget.ledger import Ledger
from functions.ai_budget.pricing import CallTokens, PriceBook, canonical_model
from functions.ai_budget.tools import price_rows
from tests.functions.ai_budget.support import fresh_database

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
PREFIXES = [
    "", "us.anthropic.", "global.anthropic.", "anthropic.", "bedrock/", "anthropic/", "openrouter/anthropic/",
    "Us.Anthropic.", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.",
]  # fmt: skip
NAMES = [
    "claude-sonnet-4", "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-sonnet-4.5", "claude-4.5-sonnet",
    "claude-4-sonnet", "claude-3-5-sonnet", "claude-3.5-sonnet", "claude-3-opus", "claude-sonnet-3.7",
    "claude-2.1", "claude-instant-1", "claude-instant-1.2", "claude-opus-12", "claude-opus-12-3",
    "claude-opus-04-5", "gpt-5", "Qwen/Qwen3",
    "amazon.nova-pro-v1:0", "*",
]  # fmt: skip
SUFFIXES = [
    "",
    "-latest",
    "-20250929",
    "@20250929",
    "-v1:0",
    "@default",
    "-2025-09-29",
    "-20241022-v2:0",
]


@pytest.fixture(scope="module")
def url(server: str) -> str:
    return fresh_database(server)


def test_the_database_prices_calls_as_the_generated_rows_do(url: str) -> None:
    async def prices() -> list[Any]:
        ledger = Ledger(lambda: url)
        await ledger.open()
        try:
            return await ledger.fetch("prices")
        finally:
            await ledger.close()

    stored = PriceBook(asyncio.run(prices()), {})
    generated = PriceBook([row[:10] for row in price_rows.rows()], {})
    tokens = CallTokens(150_000, 1_001, 60_000, 3, 5, 2)
    for row, at in itertools.product(
        price_rows.rows(), (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC))
    ):
        model = canonical_model(row.model)
        assert stored.cost(model, tokens, at) == generated.cost(model, tokens, at) is not None


INSERT = "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) VALUES ('t', %s, 1)"


def stored(url: str, names: set[str]) -> set[str]:
    """The names under which the table takes a budget."""
    accepted = set()
    with psycopg.connect(url) as connection:
        for name in names:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(INSERT, [name])
                accepted.add(name)
            except psycopg.errors.CheckViolation:
                pass
    return accepted


def test_a_budget_can_be_stored_under_the_one_name_of_every_model(url: str) -> None:
    names = {
        canonical_model("".join(parts)).canonical for parts in itertools.product(PREFIXES, NAMES, SUFFIXES)
    }
    assert stored(url, names) == names


def test_a_budget_under_another_name_that_anthropic_or_bedrock_print_is_refused(url: str) -> None:
    names = {
        "claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929", "claude-opus-5-latest",
        "claude-3-5-sonnet", "claude-3-5-sonnet-latest", "claude-3-5-sonnet@20241022",
        "us.anthropic.claude-opus-5", "anthropic.claude-sonnet-4-6",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    }  # fmt: skip
    assert stored(url, names) == set()
