"""The endpoint of AWS SDKs inside a program (`AWS_ENDPOINT_URL`): it answers from a fake AWS account."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from teei_finops.sandbox.providers.aws.account import FakeAccount

# The scope of a signature: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_NOT_FORWARDED = frozenset({"connection", "content-length", "host", "transfer-encoding", "content-encoding"})


@contextmanager
def aws_endpoint(account: FakeAccount) -> Iterator[str]:
    """Serve inside the block; yields the URL. The account is opened by the first request."""

    class Handler(_Handler):
        pass

    Handler.account = account
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # `shutdown` waits for one poll interval, which is half a second by default.
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    account: FakeAccount

    def _answer(self) -> None:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        if scope is None:
            self.send_error(403, "the sandbox answers signed AWS requests only")
            return
        region, service = scope.groups()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        url = f"https://{service}.{region}.amazonaws.com{self.path}"
        response = self.account.answer(self.command, url, headers, body)
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""
