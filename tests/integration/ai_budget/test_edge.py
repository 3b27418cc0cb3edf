"""HTTP/1.1 as clients speak and misuse it, as bytes on a socket to a real `serve`."""

import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.ai_budget.support import ADMIN, Served, check, fresh_database, track

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
CHECK, TRACK, SET = (f"/api/ai-budget/{path}" for path in ("check", "track", "set"))
KIB = 1024


@pytest.fixture(scope="module")
def served(server: str) -> Iterator[Served]:
    yield (served := Served("--database-url", fresh_database(server), "--workers", "1"))
    assert served.stop() == 0


class Wire:
    """A connection on which bytes are sent as they are."""

    def __init__(self, served: Served) -> None:
        host, port = served.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def answer(self) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body of the next response; None if the connection was closed instead."""
        try:
            line = self.file.readline()
            if not line:
                return None
            headers = {}
            while (header := self.file.readline().strip()) != b"":
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            return int(line.split()[1]), headers, self.file.read(int(headers.get("content-length", 0)))
        except ConnectionError:
            return None

    def status(self) -> int:
        answer = self.answer()
        assert answer is not None, "the connection was closed without an answer"
        return answer[0]


@pytest.fixture
def wire(served: Served) -> Iterator[Wire]:
    wire = Wire(served)
    yield wire
    wire.close()


def request(
    path: str, body: Any, *headers: str, size: int = 0, version: str = "1.1", host: bool = True
) -> bytes:
    """A POST; its body is padded with spaces to `size` bytes."""
    data = json.dumps(body).encode().ljust(size)
    lines = [
        f"POST {path} HTTP/{version}",
        *(["host: test"] if host else []),
        "content-type: application/json",
    ]
    return "\r\n".join([*lines, *headers, f"content-length: {len(data)}", "", ""]).encode() + data


def chunked(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: test", "content-type: application/json", *headers]
    return "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def send_until_closed(wire: Wire, piece: bytes, total: int) -> int:
    """Sends a piece again and again; how many bytes the other side took before it closed."""
    sent = 0
    try:
        while sent < total:
            sent += wire.socket.send(piece)
    except OSError:
        pass
    return sent


def test_a_head_above_64_kib_is_refused(wire: Wire) -> None:
    wire.send(request(CHECK, check("head"), f"x-long: {'a' * 80 * KIB}"))
    assert wire.status() == 431


def test_a_head_of_60_kib_is_read(wire: Wire) -> None:
    wire.send(request(CHECK, check("head"), *(f"x-long-{n}: {'a' * 6 * KIB}" for n in range(10))))
    assert wire.status() == 200


def test_a_head_without_end_is_cut_off_while_others_are_answered(served: Served, wire: Wire) -> None:
    wire.send(f"POST {CHECK} HTTP/1.1\r\nhost: test\r\nx-long: ".encode())
    taken: list[int] = []
    sender = threading.Thread(
        target=lambda: taken.append(send_until_closed(wire, b"a" * 64 * KIB, 90_000_000))
    )
    sender.start()
    for _ in range(20):
        assert served.post("check", check("beside")).status_code == 200
    sender.join(60)
    assert not sender.is_alive()
    assert taken[0] < 90_000_000


@pytest.mark.parametrize("path", [CHECK, TRACK, SET])
def test_a_body_above_64_kib_is_refused_before_it_is_sent(wire: Wire, path: str) -> None:
    wire.send(
        f"POST {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {ADMIN}\r\n"
        "content-type: application/json\r\ncontent-length: 10000000000\r\n\r\n".encode()
    )
    assert wire.status() == 413


def test_a_body_in_chunks_is_refused_once_it_is_above_64_kib(wire: Wire) -> None:
    wire.send(chunked(CHECK))
    assert send_until_closed(wire, chunk(b" " * 16 * KIB), 50_000_000) < 50_000_000
    answer = wire.answer()
    assert answer is None or answer[0] == 413


def test_a_body_in_chunks_of_little_more_than_64_kib_is_answered_with_413(wire: Wire) -> None:
    wire.send(chunked(CHECK), *[chunk(b" " * 13 * KIB)] * 5, b"0\r\n\r\n")
    assert wire.status() == 413


def test_a_body_of_exactly_64_kib_is_read(wire: Wire) -> None:
    wire.send(request(CHECK, check("padded"), size=64 * KIB))
    assert wire.status() == 200


@pytest.mark.parametrize("drip", [b"", b"a"], ids=["silent", "dripping"])
def test_clients_that_do_not_finish_their_request_are_cut_off(served: Served, drip: bytes) -> None:
    head = f"POST {CHECK} HTTP/1.1\r\nhost: test\r\n"
    beginnings = [
        "",
        f"{head}x-slow: ",
        f'{head}content-type: application/json\r\ncontent-length: 5000\r\n\r\n{{"tenant_id": "',
    ]
    wires = [Wire(served) for _ in beginnings]
    for wire, beginning in zip(wires, beginnings, strict=True):
        wire.send(beginning.encode())
    end = threading.Event()

    def keep_dripping() -> None:
        while not end.wait(0.5):
            for wire in wires[1:]:
                with contextlib.suppress(OSError):
                    wire.send(drip)

    dripping = threading.Thread(target=keep_dripping)
    dripping.start()
    try:
        for wire in wires:
            answer = wire.answer()
            assert answer is None or answer[0] == 408
            wire.close()
    finally:
        end.set()
        dripping.join()


@pytest.mark.parametrize(
    "headers",
    [
        ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAoAAAAAIAAAAA"),
        ("connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: AAAA"),
    ],
    ids=["h2c", "websocket"],
)
def test_an_offer_to_upgrade_is_ignored(wire: Wire, headers: tuple[str, ...]) -> None:
    wire.send(request(CHECK, check("upgrade"), *headers))
    assert wire.status() == 200


def test_curl_that_offers_http2_is_answered(served: Served) -> None:
    command = ["curl", "-s", "--http2", "-o", "/dev/null", "-w", "%{http_code}", f"{served.url}{CHECK}",
               "-H", "Content-Type: application/json", "-d", json.dumps(check("curl"))]  # fmt: skip
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout == "200"


def test_a_trailer_is_not_a_header(served: Served, wire: Wire) -> None:
    body = json.dumps({"tenant_id": "trailer", "model": "claude-opus-5", "monthly_limit_usd": 9}).encode()
    wire.send(
        chunked(SET, "trailer: authorization")
        + chunk(body)
        + f"0\r\nauthorization: Bearer {ADMIN}\r\n\r\n".encode()
    )
    assert wire.status() == 401
    assert served.http.get("/api/ai-budget/tenant/trailer").json()["total_limit_usd"] != 9


def test_a_trailer_does_not_set_the_id_of_the_request(wire: Wire) -> None:
    body = json.dumps(check("trailer")).encode()
    wire.send(
        chunked(CHECK, "trailer: x-request-id"), chunk(body), b"0\r\nx-request-id: from-a-trailer\r\n\r\n"
    )
    answer = wire.answer()
    assert answer is not None
    assert (answer[0], answer[1]["x-request-id"] == "from-a-trailer") == (200, False)


def test_two_authorization_headers_are_refused(wire: Wire) -> None:
    tokens = (f"authorization: Bearer {ADMIN}", "authorization: Bearer another-one")
    wire.send(request(SET, {"tenant_id": "two", "model": "claude-opus-5", "monthly_limit_usd": 9}, *tokens))
    assert wire.status() == 400


def test_a_request_without_a_host_is_refused(wire: Wire) -> None:
    wire.send(request(CHECK, check("nohost"), host=False))
    assert wire.status() == 400


@pytest.mark.parametrize(
    "headers",
    [("transfer-encoding: chunked",), ("content-length: 5",), ("transfer-encoding: gzip, chunked",)],
    ids=["length and chunks", "two lengths", "length and compressed chunks"],
)
def test_a_body_whose_end_is_told_twice_is_refused_and_nothing_behind_it_is_read(
    wire: Wire, headers: tuple[str, ...]
) -> None:
    wire.send(request(CHECK, check("smuggled"), *headers) + b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n")
    first = wire.answer()
    assert first is None or first[0] == 400
    assert wire.answer() is None


def test_what_is_not_http_is_refused_and_closed(wire: Wire) -> None:
    wire.send(b"HELO there\r\n\r\n")
    answer = wire.answer()
    assert answer is None or answer[0] == 400
    assert wire.answer() is None


def test_requests_sent_at_once_are_answered_in_their_order(wire: Wire) -> None:
    names = [f"line-{number}" for number in range(5)]
    wire.send(b"".join(request(CHECK, check(name), f"x-request-id: {name}") for name in names))
    answers = [wire.answer() for _ in names]
    assert [answer and answer[1]["x-request-id"] for answer in answers] == names


@pytest.mark.parametrize("cut", [1, 40, -30, -1])
def test_a_request_may_arrive_in_pieces(wire: Wire, cut: int) -> None:
    whole = request(CHECK, check("pieces"))
    for _ in range(2):
        wire.send(whole[:cut], whole[cut:])
        assert wire.status() == 200


def test_a_body_may_be_chunked(wire: Wire) -> None:
    data = json.dumps(track("chunks")).encode()
    wire.send(chunked(TRACK), chunk(data[:10]), chunk(data[10:]), b"0\r\n\r\n")
    assert wire.status() == 200


def test_a_client_that_expects_100_continue_gets_it(wire: Wire) -> None:
    head, _, body = request(CHECK, check("expects"), "expect: 100-continue").partition(b"\r\n\r\n")
    wire.send(head + b"\r\n\r\n")
    assert wire.status() == 100
    wire.send(body)
    assert wire.status() == 200


def test_a_connection_that_is_not_kept_ends_with_its_answer(served: Served) -> None:
    for arguments in ({"version": "1.0"}, {}):
        wire = Wire(served)
        wire.send(request(CHECK, check("last"), "connection: close", **arguments))  # type: ignore[arg-type]
        assert wire.status() == 200
        assert wire.answer() is None
        wire.close()


def test_clients_that_leave_before_their_answer_disturb_nobody(served: Served) -> None:
    for _ in range(30):
        wire = Wire(served)
        wire.send(request(CHECK, check("leaver")))
        wire.close()
    assert served.post("check", check("another")).status_code == 200
    assert served.post("check", check("leaver")).status_code == 200
