"""Threads of the Messages API: the server holds the conversation, and a request sends only its new messages.

The tool runner of the SDK uses them unless it gets `thread=False` (anthropic 2.14.0, `beta.messages.thread`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ai_budget_client.errors import InvalidRequest

MAX_MESSAGES = 10_000
_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


class ThreadSizes:
    """How many tokens the server holds up to a message, of the last 10,000 messages of this process."""

    def __init__(self) -> None:
        self._tokens: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, message_id: str, usage: Mapping[str, Any]) -> None:
        """Takes note of a message and of all that came before it."""
        with self._lock:
            self._tokens[message_id] = sum(int(usage.get(name) or 0) for name in _COUNTS)
            while len(self._tokens) > MAX_MESSAGES:
                del self._tokens[next(iter(self._tokens))]

    def held_tokens(self, body: Mapping[str, Any]) -> int:
        """What the server adds to the messages of a request. Raises InvalidRequest for an unknown thread."""
        thread = body.get("thread") or {}
        if thread.get("type") != "continue":
            return 0
        message_id = thread.get("previous_message_id")
        with self._lock:
            if message_id not in self._tokens:
                raise InvalidRequest(
                    f"thread: the size at {message_id} is unknown here; send the whole conversation",
                    field="thread",
                )
            return self._tokens[message_id]
