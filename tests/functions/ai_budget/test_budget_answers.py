"""The JSON forms of money and times, and prices without a database."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st

from functions.ai_budget.answers import dumps, instant, number, percentage
from functions.ai_budget.config import Config, ConfigError, parse_config
from functions.ai_budget.price_rows import rows
from functions.ai_budget.prices import Prices


@pytest.mark.parametrize(
    ("value", "text"),
    [("5000", "5000.0"), ("13.125", "13.125"), ("0", "0.0"), ("1E+3", "1000.0"), ("1E-9", "0.000000001"),
     ("10.000000000000", "10.0"), ("100.10", "100.1"), ("-0.5", "-0.5")],
)  # fmt: skip
def test_money_is_the_exact_decimal_with_at_least_one_decimal(value, text):
    assert number(Decimal(value)) == text


@given(st.decimals(min_value=0, max_value=10**9, places=12))
def test_money_survives_json_to_the_last_digit(value):
    assert json.loads(dumps({"usd": value}), parse_float=Decimal)["usd"] == value


@pytest.mark.parametrize(
    ("spent", "limit", "expected"),
    [
        ("3250.45", "5000", "65.01"),
        ("1", "3", "33.33"),
        ("2", "3", "66.67"),
        ("0.125", "100", "0.13"),
        ("1", "0", "100"),
    ],
)
def test_percentages_are_half_up_to_two_decimals(spent, limit, expected):
    assert percentage(Decimal(spent), Decimal(limit)) == Decimal(expected)


def test_times_are_utc_with_z():
    assert instant(datetime(2025, 12, 1, tzinfo=UTC)) == "2025-12-01T00:00:00Z"
    east = timezone(timedelta(hours=2))
    assert instant(datetime(2025, 12, 1, 1, 30, 0, 5, tzinfo=east)) == "2025-11-30T23:30:00.000005Z"


NOW = datetime(2026, 11, 1, tzinfo=UTC)
MODELS = sorted({row.model for row in rows()})


@pytest.fixture(scope="module")
def prices():
    ordered = sorted(rows(), key=lambda row: (row.effective_from, row.above), reverse=True)
    return Prices([row[:8] for row in ordered], {})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("prompt", "read", "written"), [(1000, 0, 0), (1000, 2000, 300), (150_000, 60_000, 0)]
)
@pytest.mark.parametrize("at", [NOW, datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_call_costs_what_genai_prices_says(prices, model, prompt, read, written, at):
    price = prices.find(model, at, prompt + read + written)
    usage = Usage(
        input_tokens=prompt + read + written,
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=700,
    )
    expected = calc_price(usage, model, provider_id="anthropic", genai_request_timestamp=at)
    assert price.cost(prompt, 700, read, written) == expected.total_price


@pytest.mark.parametrize(
    ("model", "known"),
    [("claude-sonnet-4-5", True), ("claude-sonnet-4-5-20250929", True), ("claude-opus-4-20250514", True),
     ("claude-3-5-sonnet-latest", True), ("claude-sonnet-4-5-turbo", False), ("claude-3-5-sonnet-x", False),
     ("gpt-5", False), ("xclaude-3-opus-20240229", False)],
)  # fmt: skip
def test_a_model_is_known_by_its_id_its_date_or_latest(prices, model, known):
    assert (prices.find(model, NOW, 1) is not None) is known


def test_an_override_comes_before_the_table_and_fills_in_cache_prices():
    text = '[prices."claude-3-opus-20240229"]\ninput_usd_per_mtok = 2\noutput_usd_per_mtok = 4.5\n'
    price = Prices([], parse_config(text, name="c").prices).find("claude-3-opus-20240229", NOW, 1)
    assert price.cost(1_000_000, 1_000_000, 1_000_000, 1_000_000) == Decimal("2") + Decimal("4.5") + Decimal(
        "0.2"
    ) + Decimal("2.5")


def test_an_empty_configuration_is_the_default():
    assert parse_config("", name="c") == Config()


def test_a_configuration_error_does_not_repeat_a_token():
    with pytest.raises(ConfigError) as error:
        parse_config('service_tokens = ["tiny"]', name="c")
    assert "tiny" not in str(error.value)
