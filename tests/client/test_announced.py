"""What a request to the Messages API can use at most."""

import pytest

from ai_budget_client import InvalidRequest
from ai_budget_client.claude.announced import (
    IMAGE_TOKENS,
    TOOLS_TOKENS,
    announced,
    estimate_prompt_tokens,
    require_max_tokens,
)
from ai_budget_client.claude.threads import ThreadSizes

BODY = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "x" * 1000}],
}


def with_content(*blocks):
    return BODY | {"messages": [{"role": "user", "content": list(blocks)}]}


def test_text_counts_by_its_bytes():
    ascii_text = estimate_prompt_tokens(BODY, 2)
    assert 500 < ascii_text < 550
    assert estimate_prompt_tokens(BODY, 1) > 1000
    wide = estimate_prompt_tokens(BODY | {"messages": [{"role": "user", "content": "報" * 1000}]}, 2)
    assert 1500 < wide < 1550


def test_system_prompt_and_tools_count_too():
    plain = estimate_prompt_tokens(BODY, 2)
    assert estimate_prompt_tokens(BODY | {"system": "y" * 200}, 2) == plain + 100
    tool = {"name": "revenue", "description": "z" * 200, "input_schema": {"type": "object"}}
    assert estimate_prompt_tokens(BODY | {"tools": [tool]}, 2) > plain + 100 + TOOLS_TOKENS


def test_an_image_counts_as_the_largest_whatever_its_bytes():
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 1_000_000}
    assert estimate_prompt_tokens(with_content({"type": "image", "source": source}), 2) < IMAGE_TOKENS + 100


@pytest.mark.parametrize(
    "body",
    [
        with_content({"type": "document", "source": {"type": "base64", "data": "AAAA"}}),
        with_content({"type": "tool_result", "content": [{"type": "document", "source": {"type": "url"}}]}),
        with_content({"type": "container_upload", "file_id": "file_1"}),
        BODY | {"mcp_servers": [{"url": "https://example.com"}]},
    ],
)
def test_what_the_server_reads_has_no_bound(body):
    assert estimate_prompt_tokens(body, 2) is None


def test_a_document_of_text_has_one():
    source = {"type": "text", "media_type": "text/plain", "data": "x" * 1000}
    assert estimate_prompt_tokens(with_content({"type": "document", "source": source}), 2) > 500


@pytest.mark.parametrize(
    ("control", "field"),
    [
        ({"type": "ephemeral"}, "cache_write_tokens"),
        ({"type": "ephemeral", "ttl": "1h"}, "cache_write_1h_tokens"),
    ],
)
def test_what_may_be_written_to_the_cache_is_announced_at_the_price_of_writing(control, field):
    body = with_content({"type": "text", "text": "x", "cache_control": control})
    fields = announced(body, 700, 10)
    assert (fields["prompt_tokens"], fields[field]) == (0, 700)


def test_searches_speed_and_region_are_announced():
    tools = [
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "web_search_20250305", "max_uses": 3},
    ]
    fields = announced(BODY | {"tools": tools, "speed": "fast", "inference_geo": "us"}, 1, 10)
    assert (fields["max_web_searches"], fields["speed"], fields["inference_geo"]) == (13, "fast", "us")


@pytest.mark.parametrize("field", ["model", "max_tokens"])
def test_a_request_without_a_bound_is_refused(field):
    with pytest.raises(InvalidRequest, match=field):
        require_max_tokens({key: value for key, value in BODY.items() if key != field})


def test_a_thread_holds_what_its_last_message_had_used():
    threads = ThreadSizes()
    threads.add("msg_1", {"input_tokens": 100, "cache_read_input_tokens": 30, "output_tokens": 7})
    following = {"thread": {"type": "continue", "previous_message_id": "msg_1"}}
    assert threads.held_tokens(following) == 137
    assert threads.held_tokens({"thread": {"type": "create"}}) == threads.held_tokens({}) == 0
    with pytest.raises(InvalidRequest, match="msg_2"):
        threads.held_tokens({"thread": {"type": "continue", "previous_message_id": "msg_2"}})
