"""What the heads of requests say, by their bytes: clients repeat them, and parsing takes longest."""

from typing import NamedTuple

from functions.ai_budget.api import Request

END = b"\r\n\r\n"
LONGEST = 2048  # bytes of a head
_MOST = 1024
# Beside these, only Content-Length says where a request ends.
_UNSURE = {b"transfer-encoding", b"upgrade", b"expect"}


class _Head(NamedTuple):
    whole: int  # bytes of the request, its body included
    request: Request  # without its body


class Heads:
    """Requests that a parser read; those of connections that stay open only."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Head] = {}

    def recall(self, data: bytes) -> Request | None:
        """The request that `data`, which a request begins, is exactly; None where a parser has to tell."""
        end = data.find(END) + len(END)
        head = self._known.get(data[:end])
        if head is None or len(data) != head.whole:
            return None
        method, path, query, headers, _ = head.request
        return Request(method, path, query, headers, data[end:])

    def awaits(self, data: bytes) -> bool:
        """Whether `data` is such a request's head, and a body has to follow."""
        head = self._known.get(data)
        return head is not None and len(data) < head.whole

    def learn(self, data: bytes, request: Request, names: set[bytes]) -> None:
        """Remembers what `data`, which `request` begins, was read as; `names`: of its headers."""
        body = request.body or b""
        end = len(data) - len(body)
        # A head that ends anywhere else was not the whole of what is before the body.
        if end > LONGEST or data.find(END) + len(END) != end or data[end:] != body or names & _UNSURE:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[data[:end]] = _Head(len(data), request._replace(body=None))
