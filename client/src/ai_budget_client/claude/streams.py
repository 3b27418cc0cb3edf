"""Streams of the Messages API whose usage is recorded when they end, however they end."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from ai_budget_client.calls import Call
from ai_budget_client.claude.threads import ThreadSizes


class StreamUsage:
    """What a stream has used so far.

    Only the last events have the number of output tokens. A stream that is cut off before is recorded with a
    token for every `bytes_per_token` of what was received; with its `max_tokens` if the model was thinking,
    because not all of that is sent.
    """

    def __init__(self, call: Call, model: str | None, bytes_per_token: float, threads: ThreadSizes) -> None:
        self._call = call
        self._model = model
        self._bytes_per_token = bytes_per_token
        self._threads = threads
        self._message_id = ""
        self._usage: dict[str, Any] = {}
        self._received = 0
        self._thought = False
        self._complete = False

    def see(self, event: Any) -> None:
        """Takes an event of the stream into account."""
        if event.type == "message_start":
            self._usage = event.message.usage.model_dump(mode="json", exclude_none=True)
            self._message_id = event.message.id
            self._model = self._model or event.message.model
        elif event.type == "content_block_delta":
            delta = event.delta.model_dump(mode="json", exclude_none=True)
            texts = (delta.get(name, "") for name in ("text", "partial_json", "thinking"))
            self._received += sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
            self._thought = self._thought or "thinking" in delta
        elif event.type == "message_delta":
            self._usage |= event.usage.model_dump(mode="json", exclude_none=True)
            self._complete = True
        elif event.type == "message_stop":
            self.end()

    def end(self, error: BaseException | None = None) -> None:
        """Records the usage, once. A stream that failed before its first event has used nothing."""
        if self._call.ended:
            return
        if not self._usage:
            self._call.finish(error)
            return
        if not self._complete:
            maximum = self._call.request.max_tokens
            estimate = maximum if self._thought else math.ceil(self._received / self._bytes_per_token)
            reported = self._usage.get("output_tokens") or 0
            self._usage["output_tokens"] = max(reported, min(maximum, estimate))
        self._threads.add(self._message_id, self._usage)
        self._call.answered(self._usage, model=self._model)


class _Tracked:
    """A stand-in for a stream of the SDK. What it does not define is the stream's."""

    def __init__(self, stream: Any, usage: StreamUsage) -> None:
        self._stream = stream
        self._usage = usage
        weakref.finalize(self, usage.end)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class TrackedStream(_Tracked):
    """Of a client for threads."""

    def __iter__(self) -> TrackedStream:
        return self

    def __next__(self) -> Any:
        try:
            event = next(self._stream)
        except StopIteration:
            self._usage.end()
            raise
        except BaseException as error:
            self._usage.end(error)
            raise
        self._usage.see(event)
        return event

    def close(self) -> None:
        """Ends the stream; what it has used is recorded."""
        try:
            self._stream.close()
        finally:
            self._usage.end()

    def __enter__(self) -> TrackedStream:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


class AsyncTrackedStream(_Tracked):
    """Of a client for asyncio."""

    def __aiter__(self) -> AsyncTrackedStream:
        return self

    async def __anext__(self) -> Any:
        try:
            event = await self._stream.__anext__()
        except StopAsyncIteration:
            self._usage.end()
            raise
        except BaseException as error:
            self._usage.end(error)
            raise
        self._usage.see(event)
        return event

    async def close(self) -> None:
        """Ends the stream; what it has used is recorded."""
        try:
            await self._stream.close()
        finally:
            self._usage.end()

    async def __aenter__(self) -> AsyncTrackedStream:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()


class TemplateStream:
    """The events of a message that no model has written, for threads and for asyncio."""

    response = None

    def __init__(self, events: Iterable[Any]) -> None:
        self._events = iter(events)

    def __iter__(self) -> TemplateStream:
        return self

    def __next__(self) -> Any:
        return next(self._events)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> TemplateStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncTemplateStream(TemplateStream):
    """For asyncio."""

    def __aiter__(self) -> AsyncTemplateStream:
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self._events)
        except StopIteration:
            raise StopAsyncIteration from None

    async def close(self) -> None:  # type: ignore[override]
        """Nothing is open."""

    async def __aenter__(self) -> AsyncTemplateStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
