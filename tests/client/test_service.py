"""What answers in place of the service, and tokens and URLs that cannot be sent."""

import gzip
import socket
import ssl
import threading

import pytest

from ai_budget_client import AIBudget, BudgetUnavailable, Forbidden, Settings, Unauthorized
from ai_budget_client.service import Service

SETTINGS = Settings(attempts=1)


@pytest.fixture
def answering():
    """A function that serves one raw HTTP answer, and gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(status: int, body: bytes, headers: str = "") -> str:
            head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"

            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(head.encode() + body)

            threading.Thread(target=serve, daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield answer


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>", ""),
        (b"[]", ""),
        (b"{}", ""),
        (b'{"allowed": false, "reservation_id": null}', ""),
        (b'{"allowed": true, "reservation_id": 5}', ""),
        (b'{"allowed": true, "reservation_id": "a", "reserved_usd": "NaN"}', ""),
        (b"not gzip", "Content-Encoding: gzip\r\n"),
    ],
)
def test_an_answer_that_is_not_of_the_service_permits_nothing(answering, tmp_path, body, headers):
    settings = SETTINGS.model_copy(update={"spool_directory": tmp_path})
    with (
        AIBudget(answering(200, body, headers), settings=settings) as budget,
        pytest.raises(BudgetUnavailable),
    ):
        budget.check("acme", "claude-sonnet-4-6", prompt_tokens=1, max_tokens=1)


def test_a_compressed_answer_is_read(answering):
    url = answering(200, gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip\r\n")
    assert Service(url, None, None, SETTINGS).once("GET", "x", "acme").body == {"a": 1}


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorized), (403, Forbidden)])
def test_a_gateways_refusal_has_the_error_of_its_status(answering, status, kind):
    with pytest.raises(kind):
        Service(answering(status, b"<html>"), None, None, SETTINGS).once("GET", "x", "acme")


def test_a_token_of_a_function_that_cannot_be_sent_is_not_shown():
    for token in ("reporting.é", "reporting.a\n"):
        with pytest.raises(Unauthorized) as raised:
            Service("http://x", lambda _, token=token: token, None, SETTINGS).headers("acme")
        assert "reporting" not in str(raised.value)


def test_a_ca_file_that_is_none_is_named(tmp_path):
    path = tmp_path / "ca.pem"
    with pytest.raises(ValueError, match=str(path)):
        Service("https://x", None, path, SETTINGS)
    path.write_text("no certificate")
    with pytest.raises(ValueError, match="ca_file") as raised:
        Service("https://x", None, path, SETTINGS)
    assert isinstance(raised.value.__cause__, ssl.SSLError)


@pytest.mark.parametrize("name", ["bytes_per_token", "read_timeout", "drain_timeout", "wait_for_reserved"])
def test_a_setting_is_finite(name):
    with pytest.raises(ValueError, match="finite"):
        Settings(**{name: float("inf")})
