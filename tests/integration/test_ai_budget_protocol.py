"""HTTP/1.1 as clients may speak it, on the short way that checks and tracks take: bytes in, bytes out."""

import asyncio
import json
import signal
import socket
import threading
import time
from types import SimpleNamespace
from unittest.mock import Mock

import psycopg
import pytest

from functions.ai_budget.worker import _cut_off
from tests.functions.ai_budget.support import Served, check, fresh_database, sql

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
CHECK = "/api/ai-budget/check"


@pytest.fixture(scope="module")
def url(server):
    return fresh_database(server)


@pytest.fixture(scope="module")
def served(url):
    served = Served("--database-url", url, "--workers", "1")
    assert served.post("check", check("first")).status_code == 200  # prices are loaded now
    yield served
    assert served.stop() == 0


class Wire:
    """A connection on which bytes are sent as they are."""

    def __init__(self, served):
        host, port = served.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)
            time.sleep(0.02 if len(parts) > 1 else 0)

    def answer(self):
        """Status, headers and body of the next response; None at the end."""
        line = self.file.readline()
        if not line:
            return None
        headers = {}
        while (header := self.file.readline().strip()) != b"":
            name, _, value = header.partition(b": ")
            headers[name.decode()] = value.decode()
        return int(line.split()[1]), headers, self.file.read(int(headers.get("content-length", 0)))


@pytest.fixture
def wire(served):
    with Wire(served) as wire:
        yield wire


def request(path, body, *headers, version="1.1", size=0):
    data = json.dumps(body).encode().ljust(size)
    lines = [f"POST {path} HTTP/{version}", "host: test", "content-type: application/json", *headers]
    return "\r\n".join([*lines, f"content-length: {len(data)}", "", ""]).encode() + data


def held(served, tenant):
    """A tenant that has a budget."""
    assert served.post("check", check(tenant)).status_code == 200
    return tenant


def test_requests_sent_at_once_are_answered_one_by_one_in_their_order(wire):
    names = [f"line-{number}" for number in range(4)]
    asked = [request(CHECK, check(name), f"x-request-id: {name}") for name in names]
    asked[2:2] = [b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n", request(CHECK, {})]
    for _ in range(2):
        wire.send(b"".join(asked))
        answers = [wire.answer() for _ in asked]
        assert [status for status, _, _ in answers] == [200, 200, 200, 400, 200, 200]
        assert [a[1]["x-request-id"] for a in answers if b"reservation_id" in a[2]] == names


def test_a_head_that_is_sent_again_takes_another_body(url, wire):
    for tenant, status in (("a-1", 200), ("a-2", 200), ("a-1", 200), ("a+3", 400), ("a-2", 200)):
        wire.send(request(CHECK, check(tenant)))
        assert wire.answer()[0] == status
    made = "SELECT tenant_id, count(*) FROM ai_budget_reservations WHERE tenant_id LIKE 'a-_' GROUP BY 1"
    assert dict(sql(url, made)) == {"a-1": 2, "a-2": 2}


def test_what_is_sent_before_the_answer_is_answered_after_it(served, url, wire):
    tenant, wrong = held(served, "early"), request(CHECK, {})
    asked = [request(CHECK, check(tenant), f"x-request-id: early-{number}") for number in range(4)]
    for each in (*asked, wrong):  # their heads are known from here on
        wire.send(each)
        assert wire.answer()[0] == (400 if each is wrong else 200)
    with psycopg.connect(url) as conn:
        conn.execute("SELECT 1 FROM ai_token_budgets WHERE tenant_id = %s FOR UPDATE", (tenant,))
        wire.send(asked[0], wrong, asked[1] + asked[2][:50], asked[2][50:] + wrong, asked[3])
    answers = [wire.answer() for _ in range(6)]
    assert [status for status, _, _ in answers] == [200, 400, 200, 200, 400, 200]
    assert [answers[n][1]["x-request-id"] for n in (0, 2, 3, 5)] == [f"early-{n}" for n in range(4)]


def test_a_known_request_within_another_is_not_one(served, wire):
    known = request(CHECK, check(held(served, "within")))
    wire.send(known)
    assert wire.answer()[0] == 200
    with Wire(served) as fresh:
        for each in (wire, fresh):
            each.send(b"GET /healthz HTTP/1.1\r\nhost: test\r\nx-within: ", known)
            assert each.answer()[2] == b'{"status":"ok"}'


def test_after_a_head_that_is_known_any_other_request_is_understood(wire):
    known = request(CHECK, check("between"))
    for _ in range(2):
        wire.send(known)
        assert wire.answer()[0] == 200
        wire.send(b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n")
        assert wire.answer()[2] == b'{"status":"ok"}'
        wire.send(known[:-20], known[-20:])
        assert wire.answer()[0] == 200
    wire.send(known)
    assert wire.answer()[0] == 200
    wire.send(b"HELO there\r\n\r\n")
    assert wire.answer()[0] == 400
    assert wire.answer() is None


def test_a_long_line_behind_a_request_that_waits_is_answered_to_its_end(wire):
    line = request(CHECK, check("ahead")) + request(CHECK, {}) * 3000
    sender = threading.Thread(target=wire.send, args=(line,))
    sender.start()
    assert [wire.answer()[0] for _ in range(3001)] == [200] + [400] * 3000
    sender.join()


@pytest.mark.parametrize("cut", [1, 40, -1, -30, "head"])
def test_a_request_may_arrive_in_pieces(wire, cut):
    whole = request(CHECK, check("pieces"))
    cut = whole.index(b"{") if cut == "head" else cut
    for parts in [(whole[:cut], whole[cut:]), (whole,), (whole[:cut], whole[cut:])]:
        wire.send(*parts)
        assert wire.answer()[0] == 200


def test_a_body_may_be_chunked(wire):
    data = json.dumps(check("chunks")).encode()
    head = f"POST {CHECK} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:10], data[10:])]
    wire.send(head.encode() + b"transfer-encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n")
    assert wire.answer()[0] == 200


def test_who_expects_100_continue_gets_it(wire):
    head, _, body = request(CHECK, check("expects"), "expect: 100-continue").partition(b"\r\n\r\n")
    wire.send(head + b"\r\n\r\n")
    assert wire.answer()[0] == 100
    wire.send(body)
    assert wire.answer()[0] == 200


@pytest.mark.parametrize(("headers", "version"), [(["connection: close"], "1.1"), ([], "1.0")])
def test_a_connection_that_is_not_kept_ends_with_its_answer(served, headers, version):
    for _ in range(2):
        with Wire(served) as wire:
            wire.send(request(CHECK, check("last"), *headers, version=version))
            status, answered, _ = wire.answer()
            assert (status, answered["connection"]) == (200, "close")
            assert wire.answer() is None


@pytest.mark.parametrize("path", [CHECK, "/api/ai-budget/track"])
def test_a_body_that_is_too_long_is_refused_however_it_arrives(wire, path):
    whole = request(path, check("long") | {"report_type": "x" * 300_000})
    wire.send(whole[:70_000], whole[70_000:140_000], whole[140_000:])
    status, headers, _ = wire.answer()
    assert (status, headers["connection"]) == (413, "close")


def test_a_body_of_exactly_64_kib_is_read(wire):
    wire.send(request(CHECK, check("padded"), size=65_536))
    assert wire.answer()[0] == 200


@pytest.mark.parametrize(("due", "idle_since", "end"), [
    (None, None, None), (1, None, None), (-1, None, "abort"), (None, -29, None), (None, -31, "close"),
])  # fmt: skip
def test_who_is_late_or_idle_for_long_is_cut_off(due, idle_since, end):
    async def ended():
        now = asyncio.get_running_loop().time()
        transport = Mock(spec=["abort", "close"])
        connection = SimpleNamespace(
            transport=transport, due=due and now + due, idle_since=idle_since and now + idle_since
        )
        cutting = asyncio.create_task(
            _cut_off(SimpleNamespace(server_state=SimpleNamespace(connections=[connection])))
        )
        await asyncio.sleep(0.4)
        cutting.cancel()
        return [name for name, _, _ in transport.mock_calls]

    assert asyncio.run(ended()) == ([end] if end else [])


def test_what_is_not_http_is_refused_in_json(wire):
    wire.send(b"HELO there\r\n\r\n")
    status, _, body = wire.answer()
    assert status == 400
    assert json.loads(body)["error"] == "invalid_request"


def test_a_client_that_leaves_before_its_answer_disturbs_nobody(served, url):
    with psycopg.connect(url) as conn:
        conn.execute(
            "SELECT 1 FROM ai_token_budgets WHERE tenant_id = %s FOR UPDATE", (held(served, "leaver"),)
        )
        wires = [Wire(served) for _ in range(20)]
        for wire in wires:
            wire.send(request(CHECK, check("leaver")))
        time.sleep(0.1)
        for wire in wires:
            wire.close()
        assert served.post("check", check("another")).status_code == 200
    assert served.post("check", check("leaver")).status_code == 200


@pytest.mark.parametrize("before", [0, 1], ids=["a head that is new", "a head that is known"])
def test_what_waits_for_its_batch_is_answered_before_the_server_stops(url, before):
    served = Served("--database-url", url, "--workers", "1")
    tenant = held(served, "stops")
    with Wire(served) as wire:
        for _ in range(before):
            wire.send(request(CHECK, check(tenant)))
            assert wire.answer()[0] == 200
        with psycopg.connect(url) as conn:
            conn.execute("SELECT 1 FROM ai_token_budgets WHERE tenant_id = %s FOR UPDATE", (tenant,))
            wire.send(request(CHECK, check(tenant)))
            time.sleep(0.2)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        status, headers, _ = wire.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert wire.answer() is None
    assert served.stop() == 0


def test_a_request_whose_head_is_there_is_answered_before_the_server_stops(url):
    served = Served("--database-url", url, "--workers", "1")
    whole = request(CHECK, check(held(served, "stops")))
    with Wire(served) as wire:
        for _ in range(2):
            wire.send(whole)
            assert wire.answer()[0] == 200
        wire.send(whole[: whole.index(b"{")])
        time.sleep(0.2)
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        wire.send(whole[whole.index(b"{") :])
        status, headers, _ = wire.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert wire.answer() is None
    assert served.stop() == 0
