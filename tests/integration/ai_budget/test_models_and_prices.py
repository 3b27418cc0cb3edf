"""The price rows and the constraint on model names, on a real PostgreSQL with the real schema."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from functions.ai_budget import postgres, price_rows
from functions.ai_budget.ledger import Ledger, migrate
from functions.ai_budget.pricing import CallTokens, PriceBook, canonical_model

pytestmark = pytest.mark.postgres
PREFIXES = [
    "", "us.anthropic.", "global.anthropic.", "anthropic.", "bedrock/", "anthropic/", "openrouter/anthropic/",
    "Us.Anthropic.", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.",
]  # fmt: skip
NAMES = [
    "claude-sonnet-4", "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-sonnet-4.5", "claude-4.5-sonnet",
    "claude-4-sonnet", "claude-3-5-sonnet", "claude-3.5-sonnet", "claude-3-opus", "claude-sonnet-3.7",
    "claude-2.1", "claude-instant-1", "claude-instant-1.2", "claude-opus-12", "claude-opus-12-3", "claude-opus-5-fast",
    "claude-sonnet-4-10", "claude-opus-04-5", "gpt-5", "Qwen/Qwen3", "amazon.nova-pro-v1:0", "*",
]  # fmt: skip
SUFFIXES = [
    "",
    "-latest",
    "-20250929",
    "@20250929",
    "-v1:0",
    "@default",
    ":batch",
    "-2025-09-29",
    "-20241022-v2:0",
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    directory = Path(tempfile.mkdtemp(prefix="aib", dir="/tmp"))
    url = postgres.start(directory / "pg")
    migrate(url)
    yield url
    postgres.stop(directory / "pg")
    shutil.rmtree(directory)


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


def test_a_budget_can_be_stored_under_the_one_name_of_a_model_and_under_no_other(url: str) -> None:
    names = {
        spelling
        for parts in itertools.product(PREFIXES, NAMES, SUFFIXES)
        for spelling in ("".join(parts), "".join(parts).upper())
    }
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE sent (name text PRIMARY KEY)")
        with connection.cursor().copy("COPY sent FROM STDIN") as copy:
            for name in names:
                copy.write_row([name])
        [(constraint,)] = connection.execute(
            "SELECT substring(pg_get_constraintdef(oid) FROM '^CHECK (.*)$') FROM pg_constraint"
            " WHERE conname = 'ai_token_budgets_model'"
        )
        accepted = {
            name
            for (name,) in connection.execute(
                f"SELECT name FROM (SELECT name, name AS model FROM sent) AS s WHERE {constraint}"
            )
        }
    assert accepted == {name for name in names if canonical_model(name).canonical == name}
