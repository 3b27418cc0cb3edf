"""What a call costs, and that no call inside its announcement costs more than was reserved."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from genai_prices import data
from hypothesis import given
from hypothesis import strategies as st

from functions.ai_budget.pricing import CallTokens, Price, PriceBook, canonical_model
from functions.ai_budget.tools import price_rows

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LONG_CONTEXT = datetime(2026, 3, 12, 23, 55, tzinfo=UTC)  # the last minutes of that price of Sonnet 4.6
BOOK = PriceBook([row[:10] for row in price_rows.rows()], {})


def cost(name: str, at: datetime = NOW, **tokens: Any) -> Decimal | None:
    return BOOK.cost(canonical_model(name), CallTokens(**tokens), at)


def test_prices_sql_is_what_the_generator_writes() -> None:
    assert price_rows.PRICES.read_text() == price_rows.sql()


def test_a_write_to_the_cache_for_an_hour_costs_twice_the_input() -> None:
    assert cost(
        "claude-sonnet-4-6", prompt_tokens=15, cache_write_1h_tokens=4803, completion_tokens=47
    ) == Decimal("0.029568")


def test_a_regional_inference_profile_costs_ten_percent_more() -> None:
    assert cost("us.anthropic.claude-opus-5", prompt_tokens=20, completion_tokens=296) == Decimal("0.00825")
    assert cost("global.anthropic.claude-opus-5", prompt_tokens=20, completion_tokens=296) == Decimal(
        "0.0075"
    )


def test_a_batch_call_costs_half_and_its_web_searches_the_whole_price() -> None:
    tokens = {"prompt_tokens": 15, "cache_write_1h_tokens": 4803, "completion_tokens": 47}
    assert cost("claude-sonnet-4-6", **tokens, service_tier="batch") == Decimal("0.014784")
    assert cost("claude-sonnet-4-6", web_search_requests=3, service_tier="batch") == Decimal("0.03")


def test_fast_mode_costs_its_multiple_and_is_unpriced_where_no_multiple_is_known() -> None:
    assert cost("claude-opus-5", prompt_tokens=1_000_000, speed="fast") == Decimal(10)
    assert cost("claude-opus-4-6", completion_tokens=1_000_000, speed="fast") == Decimal(150)
    assert cost("claude-sonnet-5", prompt_tokens=1, speed="fast") is None


def test_the_guides_models_cost_what_the_guide_prints() -> None:
    for model, (per_mtok_in, per_mtok_out) in price_rows.GUIDE.items():
        assert cost(model, prompt_tokens=1_000_000) == per_mtok_in
        assert cost(model, completion_tokens=1_000_000) == per_mtok_out


def test_bedrock_costs_what_the_price_list_of_bedrock_says() -> None:
    kinds = {
        "input_mtok": "prompt_tokens",
        "output_mtok": "completion_tokens",
        "cache_read_mtok": "cache_read_tokens",
        "cache_write_mtok": "cache_write_tokens",
        "cache_write_1h_mtok": "cache_write_1h_tokens",
    }
    bedrock = next(provider for provider in data.providers if provider.id == "aws")
    compared = 0
    for model in bedrock.models:
        if ".anthropic.claude-" not in model.id:
            continue
        name = model.id.replace("regional.", "us.")
        for listed, kind in kinds.items():
            price = getattr(model.prices, listed)
            if price is not None:
                expected = getattr(price, "base", price) / 1000
                assert (name, kind, cost(name, **{kind: 1000})) == (name, kind, expected)
                compared += 1
    assert compared > 100


def test_input_above_a_threshold_is_all_priced_at_the_long_context_price() -> None:
    assert cost("claude-sonnet-4-5", prompt_tokens=200_000) == Decimal("0.6")
    assert cost("claude-sonnet-4-5", prompt_tokens=200_001) == Decimal("1.200006")
    assert cost("claude-sonnet-4-5", prompt_tokens=100_000, cache_read_tokens=100_001) == Decimal("0.6600006")
    announced = CallTokens(prompt_tokens=100_000, cache_read_tokens=100_001)
    assert BOOK.worst_case(canonical_model("claude-sonnet-4-5"), announced, NOW, NOW) == Decimal("0.6600006")


def test_a_price_holds_from_its_day_on() -> None:
    assert cost(
        "claude-sonnet-4-6", datetime(2026, 3, 12, 23, 59, tzinfo=UTC), prompt_tokens=300_000
    ) == Decimal("1.8")
    assert cost("claude-sonnet-4-6", datetime(2026, 3, 13, tzinfo=UTC), prompt_tokens=300_000) == Decimal(
        "0.9"
    )


def test_a_model_without_a_price_has_no_cost() -> None:
    assert cost("gpt-5.4", prompt_tokens=1) is None
    assert BOOK.worst_case(canonical_model("gpt-5.4"), CallTokens(prompt_tokens=1), NOW, NOW) is None


def test_an_override_replaces_the_price_of_all_names_of_its_model() -> None:
    overrides = {"claude-sonnet-4-5-20250929": Price(input_usd_per_mtok=Decimal(2), output_usd_per_mtok=4)}
    book = PriceBook([row[:10] for row in price_rows.rows()], overrides)
    tokens = CallTokens(1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1000)
    model = canonical_model("global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert book.cost(model, tokens, NOW) == 2 + 4 + Decimal("0.2") + Decimal("2.5") + 4 + 10
    assert book.cost(canonical_model("claude-opus-5"), CallTokens(prompt_tokens=1_000_000), NOW) == 5


def test_a_worst_case_covers_a_cheaper_price_that_ends_before_the_reservation_does() -> None:
    rows = [
        ("m", NOW - timedelta(days=1), 0, *[Decimal(1)] * 5, Decimal(10), None),
        ("m", NOW + timedelta(minutes=5), 0, *[Decimal(3)] * 5, Decimal(10), None),
    ]
    book, model, tokens = PriceBook(rows, {}), canonical_model("m"), CallTokens(prompt_tokens=1_000_000)
    assert book.worst_case(model, tokens, NOW, NOW + timedelta(minutes=15)) == 3
    assert book.worst_case(model, tokens, NOW, NOW + timedelta(minutes=1)) == 1


LAUNCH = datetime(2024, 1, 1, tzinfo=UTC)
COUNTS = st.integers(0, 400_000)
MODELS = [
    "claude-haiku-5-5",
    "claude-sonnet-4-5",
    "us.anthropic.claude-sonnet-4-6",
    "claude-opus-5",
    "claude-opus-4-6",
]
STEEP = PriceBook(
    [
        # A made-up model whose long context is cheaper, and whose price rises on the way.
        ("steep", LAUNCH, 0, *[Decimal(9)] * 5, Decimal(10), Decimal(2)),
        ("steep", LAUNCH, 1000, *[Decimal(1)] * 5, Decimal(10), Decimal(2)),
        ("steep", NOW + timedelta(minutes=1), 0, *[Decimal(20)] * 5, Decimal(10), Decimal(2)),
    ],
    {},
)
ANNOUNCED = st.builds(
    CallTokens,
    COUNTS,
    COUNTS,
    COUNTS,
    COUNTS,
    COUNTS,
    st.integers(0, 20),
    st.sampled_from(["standard", "batch"]),
)


@given(st.data(), ANNOUNCED, st.sampled_from([*MODELS, "steep"]), st.sampled_from([NOW, LONG_CONTEXT]))
def test_a_call_inside_its_announcement_never_costs_more_than_was_reserved(
    drawn: st.DataObject, announced: CallTokens, name: str, at: datetime
) -> None:
    book, model, until = STEEP if name == "steep" else BOOK, canonical_model(name), at + timedelta(minutes=15)
    if name in ("claude-opus-5", "steep"):
        announced = announced._replace(speed=drawn.draw(st.sampled_from(["standard", "fast"])))
    reserved = book.worst_case(model, announced, at, until)
    assert reserved is not None
    fields = CallTokens._fields[:6]  # the numbers
    used = announced._replace(
        **{field: drawn.draw(st.integers(0, getattr(announced, field))) for field in fields}
    )
    used = drawn.draw(
        st.sampled_from([used, used._replace(service_tier="batch"), used._replace(speed="standard")])
    )
    called_at = at + timedelta(seconds=drawn.draw(st.integers(0, 900)))
    charged = book.cost(model, used, called_at)
    assert charged is not None
    assert charged <= reserved
