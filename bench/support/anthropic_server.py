"""A local server that speaks the Messages API of Anthropic and Bedrock: messages, streams, counts, batches.

It counts what each call has used, as the real one bills it. A token of the prompt is a character of the
messages; the answer has `max_tokens` tokens unless `output_tokens` is set.
https://platform.claude.com/docs/en/api/messages and .../build-with-claude/streaming, read 2026-11-28
"""

import itertools
import json
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import unquote
from zlib import crc32

TOKEN = "word "


class Billed(NamedTuple):
    """A call as the server bills it. `marker` is the text of its first message."""

    model: str
    input_tokens: int
    output_tokens: int
    marker: str


def text_of(body: dict[str, Any]) -> str:
    """The text of the first message."""
    content = body["messages"][0]["content"]
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def count_tokens(body: dict[str, Any]) -> int:
    """The tokens of a prompt."""
    return len(json.dumps(body["messages"])) + len(json.dumps(body.get("system", "")))


class AnthropicServer:
    """Serves from construction to `close`. Settings may be changed between requests.

    `failures`: statuses to answer the next requests with, for example [529, 500], and `retry_after_ms` with
    them; `delay`: seconds before an answer; `token_seconds`: between two tokens of a stream; `usage`: more
    fields of every usage; `reply`: the content of an answer, by the body of its request.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.failures: list[int] = []
        self.retry_after_ms = 10
        self.delay = delay
        self.token_seconds = 0.0
        self.usage: dict[str, Any] = {}
        self.output_tokens: int | None = None
        self.reply: Callable[[dict[str, Any]], list[dict[str, Any]]] | None = None
        self.billed: list[Billed] = []
        self.requests: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self._threads: dict[str, list[dict[str, Any]]] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                owner.post(self, json.loads(self.rfile.read(length) or b"{}"))

            def do_GET(self) -> None:
                owner.get(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()

    def post(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        """Answers a POST."""
        path = handler.path.partition("?")[0]
        with self._lock:
            self.requests.append(
                (path, body, {name.lower(): value for name, value in handler.headers.items()})
            )
            failure = self.failures.pop(0) if self.failures and not path.endswith("count_tokens") else None
        if failure is not None:
            error = {"type": "error", "error": {"type": "api_error", "message": f"failed with {failure}"}}
            _send(handler, failure, error, {"retry-after-ms": str(self.retry_after_ms)})
        elif path.endswith("/count_tokens"):
            _send(handler, 200, {"input_tokens": count_tokens(body)})
        elif path.endswith("/batches"):
            self._create_batch(handler, body)
        elif path.startswith("/model/"):
            body["model"] = unquote(path.split("/")[2])
            if path.endswith("/invoke-with-response-stream"):
                self._stream(handler, body, "application/vnd.amazon.eventstream", _event_stream_chunk)
            else:
                time.sleep(self.delay)
                _send(handler, 200, self._message(body))
        elif body.get("stream"):
            self._stream(handler, self._with_history(body), "text/event-stream", _server_sent_event)
        else:
            time.sleep(self.delay)
            _send(handler, 200, self._message(self._with_history(body)))

    def _with_history(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request with all messages of its thread, of which it sends only the new ones."""
        thread = body.get("thread") or {}
        history = self._threads[thread["previous_message_id"]] if thread.get("type") == "continue" else []
        return body | {"messages": [*history, *body["messages"]]}

    def get(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers a GET: a batch, or its results."""
        parts = handler.path.partition("?")[0].split("/")
        batch_id = parts[4]
        if parts[-1] == "results":
            lines = b"".join(json.dumps(line).encode() + b"\n" for line in self.batches[batch_id])
            _send_bytes(handler, 200, lines, "application/x-jsonl")
        else:
            _send(handler, 200, self._batch(batch_id))

    def _output_tokens(self, body: dict[str, Any]) -> int:
        return body["max_tokens"] if self.output_tokens is None else self.output_tokens

    def _bill(self, body: dict[str, Any], output: int) -> None:
        self.billed.append(Billed(body["model"], count_tokens(body), output, text_of(body)))

    def _usage(self, body: dict[str, Any], output: int) -> dict[str, Any]:
        return {"input_tokens": count_tokens(body), "output_tokens": output} | self.usage

    def _message(self, body: dict[str, Any], *, bill: bool = True) -> dict[str, Any]:
        output = self._output_tokens(body)
        if bill:
            self._bill(body, output)
        content = (
            self.reply(body) if self.reply else [{"type": "text", "text": (TOKEN * min(output, 50)).strip()}]
        )
        message_id = f"msg_{next(self._ids)}"
        self._threads[message_id] = [*body["messages"], {"role": "assistant", "content": content}]
        return {
            "id": message_id,
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": "tool_use" if content[-1]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": self._usage(body, output),
        }

    def _stream(
        self,
        handler: BaseHTTPRequestHandler,
        body: dict[str, Any],
        content_type: str,
        encode: Callable[[dict[str, Any]], bytes],
    ) -> None:
        """Sends one token after the other; bills those that were sent, also if the client goes away."""
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Connection", "close")
        handler.end_headers()
        sent = 0
        with suppress(OSError):
            for event in self._events(body):
                if event["type"] == "content_block_delta":
                    time.sleep(self.token_seconds)
                    sent += 1
                handler.wfile.write(encode(event))
                handler.wfile.flush()
        self._bill(body, sent)
        handler.close_connection = True

    def _events(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        output = self._output_tokens(body)
        message = self._message(body, bill=False)
        start = message | {"content": [], "stop_reason": None, "usage": self._usage(body, 1)}
        yield {"type": "message_start", "message": start}
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for _ in range(output):
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TOKEN}}
        yield {"type": "content_block_stop", "index": 0}
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": output}}
        yield {"type": "message_stop"}

    def _create_batch(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        batch_id = f"msgbatch_{next(self._ids)}"
        results = []
        for request in body["requests"]:
            if request["custom_id"].startswith("expired"):
                result: dict[str, Any] = {"type": "expired"}
            else:
                message = self._message(request["params"])
                message["usage"]["service_tier"] = "batch"
                result = {"type": "succeeded", "message": message}
            results.append({"custom_id": request["custom_id"], "result": result})
        self.batches[batch_id] = results
        _send(handler, 200, self._batch(batch_id))

    def _batch(self, batch_id: str) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        return {
            "id": batch_id,
            "type": "message_batch",
            "processing_status": "ended",
            "request_counts": counts,
            "created_at": "2026-11-28T12:00:00Z",
            "expires_at": "2026-11-29T12:00:00Z",
            "ended_at": "2026-11-28T12:00:01Z",
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results",
        }


def _server_sent_event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _event_stream_chunk(event: dict[str, Any]) -> bytes:
    """A `chunk` of InvokeModelWithResponseStream: lengths, headers and payload, each part with its CRC-32.

    https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html, read 2026-11-29
    """
    names = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
    headers = b"".join(
        struct.pack(f">B{len(name)}sBH{len(value)}s", len(name), name.encode(), 7, len(value), value.encode())
        for name, value in names.items()
    )
    payload = json.dumps({"bytes": b64encode(json.dumps(event).encode()).decode()}).encode()
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = lengths + struct.pack(">I", crc32(lengths)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def _send(
    handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> None:
    _send_bytes(handler, status, json.dumps(body).encode(), "application/json", headers)


def _send_bytes(
    handler: BaseHTTPRequestHandler,
    status: int,
    content: bytes,
    content_type: str,
    headers: dict[str, str] | None = None,
) -> None:
    with suppress(OSError):
        handler.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(content)),
            **(headers or {}),
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


if __name__ == "__main__":
    print(AnthropicServer().url, flush=True)
    threading.Event().wait()
