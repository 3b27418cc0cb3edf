"""A server with the comment endpoints of GitHub and GitLab, which keeps what it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

PAGE = 2  # comments on one page, so that a few comments need several
TOKEN = "s3cret"
GITHUB = re.compile(r"/api/repos/acme/shop/issues/(?:7/comments|comments/(\d+))")
GITLAB = re.compile(r"/api/projects/acme%2Fshop/merge_requests/7/notes(?:/(\d+))?")


@dataclass
class CommentServer:
    """`comments` are the texts by id, `requests` the methods that changed one."""

    url: str = ""
    comments: dict[int, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def add(self, body: str) -> int:
        number = max(self.comments, default=100) + 1
        self.comments[number] = body
        return number


@contextmanager
def comment_server() -> Iterator[CommentServer]:
    state = CommentServer()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self, status: int, value: Any, **headers: str) -> None:
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def _comment(self) -> tuple[bool, int | None]:
            """Whether the path is one of comments, and the id of one of them."""
            path = self.path.partition("?")[0]
            match = GITHUB.fullmatch(path) or GITLAB.fullmatch(path)
            return match is not None, int(match[1]) if match and match[1] else None

        def _authorized(self) -> bool:
            given = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
            if given in ((f"Bearer {TOKEN}", None), (None, TOKEN)):
                return True
            self._answer(403, {"message": "Resource not accessible by integration"})
            return False

        def do_GET(self) -> None:
            if not self._authorized():
                return
            if self._comment() != (True, None):
                self._answer(404, {"message": "Not Found"})
                return
            page = int((re.search(r"[?&]page=(\d+)", self.path) or [0, 1])[1])
            items = sorted(state.comments.items())[(page - 1) * PAGE : page * PAGE]
            has_next = len(state.comments) > page * PAGE
            path = re.sub(r"[?&]page=\d+", "", self.path)
            following = f'<http://{self.headers["Host"]}{path}&page={page + 1}>; rel="next"'
            headers = {"Link": following} if has_next else {}
            self._answer(200, [{"id": number, "body": body} for number, body in items], **headers)

        def _write(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if not self._authorized():
                return
            is_comment, number = self._comment()
            if not is_comment or (number is None) is not (self.command == "POST"):
                self._answer(404, {"message": "Not Found"})
            elif number is None:
                self._answer(201, {"id": state.add(body)})
                state.requests.append("POST")
            else:
                state.comments[number] = body
                state.requests.append(self.command)
                self._answer(200, {"id": number})

        do_POST = do_PATCH = do_PUT = _write

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/api"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
