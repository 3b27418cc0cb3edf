"""One model has one name, however it was called."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ai_budget.pricing import canonical_model
from functions.ai_budget.tools import price_rows

NAMES = {
    "claude-3-5-sonnet-20241022": [
        "claude-3-5-sonnet",
        "claude-3-5-sonnet-latest",
        "claude-3.5-sonnet",
        "anthropic/claude-3.5-sonnet:beta",
        "claude-3-5-sonnet@20241022",
        "claude-3-5-sonnet-v2@20241022",
        "vertex_ai/claude-3-5-sonnet-v2@20241022",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        "bedrock/us-east-1/anthropic.claude-3-5-sonnet-20241022-v2:0",
        "CLAUDE-3-5-SONNET-20241022",
    ],
    "claude-3-5-sonnet-20240620": [
        "claude-3-5-sonnet@20240620",
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
    ],
    "claude-3-opus-20240229": [
        "claude-3-opus",
        "claude-3-opus-latest",
        "anthropic.claude-3-opus-20240229-v1:0",
    ],
    "claude-3-haiku-20240307": ["claude-3-haiku", "anthropic.claude-3-haiku-20240307-v1:0:200k"],
    "claude-3-7-sonnet-20250219": ["claude-3-7-sonnet-latest", "claude-sonnet-3.7", "claude-sonnet-3-7"],
    "claude-sonnet-4": [
        "claude-sonnet-4-0",
        "claude-4-sonnet",
        "claude-sonnet-4-20250514",
        "claude-sonnet-4@20250514",
        "apac.anthropic.claude-sonnet-4-20250514-v1:0",
    ],
    "claude-sonnet-4-5": [
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5@20250929",
        "claude-sonnet-4.5",
        "openrouter/anthropic/claude-4.5-sonnet-20250929",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
    ],
    "claude-opus-4-6": ["anthropic.claude-opus-4-6-v1", "claude-opus-4-6@default"],
    "claude-opus-5": ["us.anthropic.claude-opus-5", "claude-opus-5-2026-07-23", "claude-opus-5-latest"],
    "claude-fable-5-1": ["anthropic/claude-fable-5.1-20260831", "global.anthropic.claude-fable-5-1-v1:0"],
}


def test_all_names_of_a_model_give_its_one_name() -> None:
    for canonical, names in NAMES.items():
        assert {name: canonical_model(name).canonical for name in [canonical, *names]} == dict.fromkeys(
            [canonical, *names], canonical
        )


def test_the_names_of_the_guide_stay_as_printed() -> None:
    assert [canonical_model(name).canonical for name in price_rows.GUIDE] == list(price_rows.GUIDE)


@pytest.mark.parametrize(
    ("name", "inference_geo", "multiplier"),
    [
        ("us.anthropic.claude-opus-5", "", "1.1"),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "", "1.1"),
        ("us-gov.anthropic.claude-haiku-4-5-20251001-v1:0", "", "1.1"),
        ("anthropic.claude-sonnet-4-6", "", "1.1"),
        ("bedrock/us.anthropic.claude-opus-4-8", "", "1.1"),
        ("global.anthropic.claude-opus-5", "", "1"),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", "", "1"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "", "1"),
        ("claude-opus-5", "", "1"),
        ("claude-opus-5", "us", "1.1"),
        ("claude-opus-5", "global", "1"),
        ("claude-opus-4-5", "not_available", "1"),
        ("vertex_ai/claude-sonnet-4-5@20250929", "us-east5", "1.1"),
        ("us.anthropic.claude-opus-5", "us", "1.1"),
        ("claude-sonnet-4", "us", "1"),
    ],
)
def test_regional_calls_cost_ten_percent_more_from_claude_4_5_on(
    name: str, inference_geo: str, multiplier: str
) -> None:
    assert canonical_model(name, inference_geo).multiplier == Decimal(multiplier)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("gpt-5.4", "gpt-5.4"),
        ("bedrock/amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
        ("Qwen/Qwen3-Coder", "Qwen/Qwen3-Coder"),
        ("claude-2.1", "claude-2.1"),
        ("claude-instant-1.2", "claude-instant-1.2"),
        ("claude-opus-5-fast", "claude-opus-5-fast"),
        ("anthropic/claude-opus-5:batch", "claude-opus-5:batch"),
        ("bedrock/", "bedrock/"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
        ),
    ],
)
def test_a_name_of_no_known_model_is_kept_without_the_prefix_of_a_gateway(name: str, canonical: str) -> None:
    assert canonical_model(name) == (canonical, Decimal(1))


PREFIXES = [
    "",
    "us.anthropic.",
    "global.anthropic.",
    "anthropic.",
    "bedrock/",
    "anthropic/",
    "vertex_ai/",
    "Us.",
]
SUFFIXES = ["", "-latest", "-20250929", "@20250929", "-v1:0", "@default", "-fast", ":batch", "-2025-09-29"]


@given(
    st.one_of(
        st.text(max_size=40),
        st.builds(
            "{}claude-{}{}".format,
            st.sampled_from(PREFIXES),
            st.from_regex(r"\A([a-z]{3,6}-[0-9]{1,2}([-.][0-9]{1,2})?|[0-9]([-.][0-9])?-[a-z]{3,6})\Z"),
            st.sampled_from(SUFFIXES),
        ),
    ),
    st.sampled_from(["", "us", "global"]),
)
def test_the_one_name_names_itself(name: str, inference_geo: str) -> None:
    canonical = canonical_model(name, inference_geo).canonical
    assert canonical_model(canonical).canonical == canonical
