"""A message that no model has written: what is answered to a call that is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
from anthropic.types import (
    Message,
    RawContentBlockDeltaEvent,
    RawContentBlockStartEvent,
    RawContentBlockStopEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
)

from ai_budget_client.api import CheckRequest
from ai_budget_client.errors import BudgetExceeded

TEMPLATE_MODEL = "cached-template"
Template = Callable[[BudgetExceeded, CheckRequest], str | Awaitable[str]]
"""Gives the text for a refused call, from the refusal and what was checked. It may raise an error.

For an asynchronous client it may be a coroutine function.
"""


def _message(text: str | None) -> dict[str, Any]:
    return {
        "id": "msg_cached_template",
        "type": "message",
        "role": "assistant",
        "model": TEMPLATE_MODEL,
        "content": [] if text is None else [{"type": "text", "text": text}],
        "stop_reason": None if text is None else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


def _require_text(text: Any) -> None:
    if not isinstance(text, str):
        raise TypeError(f"template: expected that it returns a str, not {type(text).__name__}")


def template_message(text: Any, kind: Any) -> anthropic.BaseModel:
    """A message of the type that the caller expects; its model is `cached-template`."""
    _require_text(text)
    if not (isinstance(kind, type) and issubclass(kind, anthropic.BaseModel)):
        kind = Message
    return kind.model_validate(_message(text))


def template_events(text: Any) -> list[anthropic.BaseModel]:
    """The same message as the events of a stream."""
    _require_text(text)
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        RawMessageStartEvent.model_validate({"type": "message_start", "message": _message(None)}),
        RawContentBlockStartEvent.model_validate(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        ),
        RawContentBlockDeltaEvent.model_validate(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        ),
        RawContentBlockStopEvent.model_validate({"type": "content_block_stop", "index": 0}),
        RawMessageDeltaEvent.model_validate(
            {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 0}}
        ),
        RawMessageStopEvent.model_validate({"type": "message_stop"}),
    ]
