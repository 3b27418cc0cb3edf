"""The order of the tests: the slow ones first, so that no worker ends long after the other."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

pytest.register_assert_rewrite("tests.functions")  # fixtures that test modules import before pytest does
SLOW = ("tests/integration/", "tests/workflows/")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


class _Page(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"not AWS")

    def log_message(self, *_):
        pass


@pytest.fixture(params=["a page", "no URL"])
def wrong_endpoint(request, monkeypatch):
    """AWS_ENDPOINT_URL is a server that is not AWS, or no URL; the value is the error that a call gets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    if request.param == "no URL":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "garbage")
        yield "Invalid endpoint: garbage; correct AWS_ENDPOINT_URL or the Region"
        return
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield "Unable to parse response"
        server.shutdown()
