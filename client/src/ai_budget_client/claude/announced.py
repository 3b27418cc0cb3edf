"""The most that a request to the Messages API can use, from its body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from ai_budget_client.calls import Call
from ai_budget_client.errors import InvalidRequest

# Bounds above what Anthropic publishes: about 1,600 tokens for an image that was scaled down, more for models
# with a higher resolution, and at most 530 for the system prompt of a request with tools.
# https://docs.claude.com/en/docs/vision, read 2026-11-28
# https://docs.anthropic.com/en/docs/tool-use-pricing-and-tokens, read 2026-11-28
IMAGE_TOKENS = 5000
TOOLS_TOKENS = 1000
SERVER_TOOL_TOKENS = 3000
MESSAGE_TOKENS = 10
# Their tokens depend on what the server reads: pages, files, tools of other servers.
_UNBOUNDED_BLOCKS = {"document", "container_upload", "file"}
_UNBOUNDED_FIELDS = ("mcp_servers", "container")
_COUNTED_FIELDS = ("model", "messages", "system", "tools", "tool_choice", "thinking")


def estimate_prompt_tokens(body: Mapping[str, Any], bytes_per_token: float) -> int | None:
    """A token for `bytes_per_token` of text in UTF-8, and the most for each image; None without a bound."""
    if any(body.get(field) for field in _UNBOUNDED_FIELDS):
        return None
    size = _text_bytes(
        [body.get("system"), body.get("messages"), body.get("tools"), body.get("output_config")]
    )
    if size is None:
        return None
    tools, messages = list(body.get("tools") or []), list(body.get("messages") or [])
    images = _count_images([body.get("messages"), body.get("system")])
    server_tools = sum(1 for tool in tools if _plain(tool).get("type", "custom") != "custom")
    fixed = images * IMAGE_TOKENS + server_tools * SERVER_TOOL_TOKENS
    fixed += MESSAGE_TOKENS * (len(messages) + len(tools) + 1) + (TOOLS_TOKENS if tools else 0)
    return fixed + math.ceil(size / bytes_per_token)


def count_arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `count_tokens` for a request."""
    return {field: body[field] for field in _COUNTED_FIELDS if body.get(field) is not None}


def announced(body: Mapping[str, Any], prompt_tokens: int, default_web_searches: int) -> dict[str, Any]:
    """The fields of a check, but its tenant. What may be written to the cache is announced as written."""
    fields: dict[str, Any] = {
        "model": body["model"],
        "max_tokens": body["max_tokens"],
        "prompt_tokens": prompt_tokens,
    }
    lifetimes = _cache_lifetimes(body)
    if lifetimes:
        written = "cache_write_1h_tokens" if "1h" in lifetimes else "cache_write_tokens"
        fields |= {"prompt_tokens": 0, written: prompt_tokens}
    searches = [_plain(tool) for tool in body.get("tools") or []]
    searches = [tool for tool in searches if str(tool.get("type", "")).startswith("web_search")]
    fields["max_web_searches"] = sum(int(tool.get("max_uses") or default_web_searches) for tool in searches)
    if body.get("speed"):
        fields["speed"] = body["speed"]
    if body.get("inference_geo"):
        fields["inference_geo"] = body["inference_geo"]
    return fields


def require_max_tokens(body: Mapping[str, Any]) -> None:
    """Raises InvalidRequest for a request without `model` or `max_tokens`: its cost would have no bound."""
    for field in ("model", "max_tokens"):
        if not body.get(field):
            raise InvalidRequest(f"{field}: a checked call needs it", field=field)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else value


def _text_bytes(value: Any) -> int | None:
    """Bytes of all text in a request, but that of images; None if a part has no bound."""
    value = _plain(value)
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, Mapping):
        if value.get("type") == "image":
            return 0
        if value.get("type") in _UNBOUNDED_BLOCKS:
            source = _plain(value.get("source") or {})
            if source.get("type") not in ("text", "content"):
                return None
        sizes = [_text_bytes(part) for part in (*value.keys(), *value.values())]
    elif isinstance(value, list | tuple):
        sizes = [_text_bytes(part) for part in value]
    else:
        return 0 if value is None else 8
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _count_images(value: Any) -> int:
    value = _plain(value)
    if isinstance(value, Mapping):
        return 1 if value.get("type") == "image" else sum(_count_images(part) for part in value.values())
    return sum(_count_images(part) for part in value) if isinstance(value, list | tuple) else 0


def _cache_lifetimes(value: Any) -> set[str]:
    """The lifetimes of all cache breakpoints: `5m`, `1h`."""
    value = _plain(value)
    if isinstance(value, Mapping):
        control = _plain(value.get("cache_control"))
        own = {str(control.get("ttl") or "5m")} if isinstance(control, Mapping) else set()
        return own.union(*(_cache_lifetimes(part) for part in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(_cache_lifetimes(part) for part in value))
    return set()


def count_tokens(client: Any, request: Any) -> Any:
    """What `count_tokens` of the API that a request is for answers: awaitable of an asynchronous client."""
    beta = any(name.lower() == "anthropic-beta" for name in request.headers)
    messages = client.beta.messages if beta else client.messages
    return messages.count_tokens(**count_arguments(request.json))


def is_platform_name(model: str) -> bool:
    """Whether a model has a name of Bedrock, Vertex AI or a gateway, on which its price depends."""
    return "anthropic." in model or "@" in model or "/" in model


def platform_model(call: Call) -> str | None:
    """The platform's name of the model of a call; None on Anthropic's own."""
    return call.request.model if is_platform_name(call.request.model) else None
