"""A stack to verify, and a server that answers HTTP with a function."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto import mock_aws

from components.settings import parse
from retention.findings import Findings
from retention.stack import Stack
from tests.components.stack_config import ROOT, config

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
# (method, path with query, body) → (status, body)
Answer = Callable[[str, str, str], tuple[int, str]]


def stack(**changes: Any) -> Stack:
    """The stack prod; a change is a path of the config with `__` in place of a dot."""
    changes = {path.replace("__", "."): value for path, value in changes.items()}
    return Stack(ROOT, "prod", parse(config("prod", changes)))


def texts(findings: Findings) -> list[str]:
    """The differences without their store and resource."""
    return [f"{difference.text} ({difference.setting})" for difference in findings.differences]


@contextmanager
def fake_account() -> Iterator[boto3.Session]:
    """A session on an empty account of moto."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield boto3.Session("test", "test", region_name="us-east-1")


@contextmanager
def http_server(answer: Answer) -> Iterator[str]:
    """The URL of a server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            status, text = answer(self.command, self.path, self.rfile.read(length).decode())
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
