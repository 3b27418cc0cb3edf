"""Which numbers of the `usage` object of an Anthropic response are charged, and which objects are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from functions.ai_budget.pricing import CallTokens
from functions.ai_budget.usage import AnthropicUsage


def tokens(usage: dict[str, Any]) -> CallTokens:
    return AnthropicUsage.model_validate(usage).tokens()


def test_the_usage_object_of_a_response_is_read_whole() -> None:
    usage = {
        "input_tokens": 15,
        "output_tokens": 47,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 4903,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 4803},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        "service_tier": "batch",
        "inference_geo": "us",
        "speed": "fast",
        "output_tokens_details": {"thinking_tokens": 12},
    }
    assert tokens(usage) == CallTokens(15, 47, 100, 100, 4803, 2, "batch", "fast", "us")


def test_nulls_and_absent_keys_count_nothing() -> None:
    usage: dict[str, Any] = dict.fromkeys(
        [
            "cache_read_input_tokens",
            "cache_creation",
            "server_tool_use",
            "service_tier",
            "speed",
            "iterations",
        ]
    )
    assert tokens(usage | {"input_tokens": 1, "output_tokens": 2}) == CallTokens(1, 2)
    assert tokens({"output_tokens": 2, "input_tokens": None}) == CallTokens(0, 2)


def test_cache_writes_without_a_breakdown_are_for_five_minutes() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 30}
    assert tokens(usage) == CallTokens(1, 2, cache_write_tokens=30)


def test_a_breakdown_of_cache_writes_without_their_sum_counts() -> None:
    detail = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}
    usage = {"input_tokens": 1, "output_tokens": 2, "cache_creation": detail}
    assert tokens(usage) == CallTokens(1, 2, cache_write_tokens=10, cache_write_1h_tokens=20)


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert tokens({"input_tokens": 15.0, "output_tokens": 2}) == CallTokens(15, 2)


def test_priority_and_unknown_service_tiers_are_standard() -> None:
    for tier in ("standard", "priority", "tomorrow"):
        assert tokens({"input_tokens": 1, "service_tier": tier}).service_tier == "standard"


def test_compaction_counts_though_the_totals_leave_it_out() -> None:
    usage = {
        "input_tokens": 23_000,
        "output_tokens": 1_000,
        "iterations": [
            {
                "type": "compaction",
                "input_tokens": 180_000,
                "output_tokens": 3_500,
                "cache_read_input_tokens": 7,
            },
            {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000},
            {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 9, "output_tokens": 9},
        ],
    }
    assert tokens(usage) == CallTokens(203_000, 4_500, 7)


@pytest.mark.parametrize(
    ("usage", "field", "message"),
    [
        ({}, "", "input_tokens and output_tokens are missing"),
        ({"prompt_tokens": 5, "completion_tokens": 5}, "", "input_tokens and output_tokens are missing"),
        ({"input_tokens": None}, "", "input_tokens and output_tokens are missing"),
        ({"input_tokens": "15"}, "input_tokens", "valid integer"),
        ({"input_tokens": 1.5}, "input_tokens", "valid integer"),
        ({"input_tokens": True}, "input_tokens", "valid integer"),
        ({"output_tokens": -1}, "output_tokens", "greater than or equal to 0"),
        ({"output_tokens": 10**9}, "output_tokens", "less than or equal to 100000000"),
        ({"output_tokens": 1, "cache_creation": 5}, "cache_creation", "valid dictionary"),
        (
            {"output_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": []}},
            "cache_creation.ephemeral_1h_input_tokens",
            "valid integer",
        ),
        (
            {"output_tokens": 1, "server_tool_use": {"web_search_requests": "2"}},
            "server_tool_use.web_search_requests",
            "valid integer",
        ),
        ({"output_tokens": 1, "service_tier": 5}, "service_tier", "valid string"),
        ({"output_tokens": 1, "iterations": {"a": 1}}, "iterations", "valid list"),
        ({"output_tokens": 1, "iterations": [5]}, "iterations.0", "valid dictionary"),
        (
            {"output_tokens": 1, "iterations": [{"type": "compaction", "input_tokens": "x"}]},
            "iterations.0.input_tokens",
            "valid integer",
        ),
    ],
)
def test_a_wrong_usage_object_is_refused_with_the_name_of_the_field(
    usage: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=message) as refused:
        tokens(usage)
    assert ".".join(map(str, refused.value.errors()[0]["loc"])) == field
