"""The HTTP protocol of `serve` without a server: which requests the parser is spared."""

import asyncio
from functools import partial
from unittest.mock import Mock

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from functions.ai_budget import protocol
from functions.ai_budget.api import Response
from functions.ai_budget.heads import Heads

BODY = b'{"tenant_id": "acme"}'
HEAD = b"POST /api/ai-budget/check HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n" % len(BODY)


class Api:
    """Answers with the body that was sent, when it is told to."""

    def __init__(self):
        self.asked = []
        self.ready = True

    def begin(self, request, _began, written, give):
        if self.ready:
            self.asked.append((request, lambda: give(written(Response(200, [("x", "y")], request.body)))))
        return self.ready

    def answer(self):
        for _, give in self.asked:
            give()
        bodies = [request.body for request, _ in self.asked]
        self.asked = []
        return bodies


async def echo(_scope, receive, send):
    """What Api answers, by way of ASGI."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class Http(protocol.Http):
    parsed = 0

    def on_message_begin(self):
        self.parsed += 1
        super().on_message_begin()


def connection(api):
    config = uvicorn.Config(echo, http=partial(Http, api), ws="none", lifespan="off", log_config=None)
    config.load()
    made = Http(api, config=config, server_state=ServerState(), app_state={})
    made.connection_made(Mock(is_closing=lambda: False, get_extra_info=lambda *_: None))
    return made


@pytest.fixture
def connect(monkeypatch):
    monkeypatch.setattr(protocol, "_heads", Heads())
    api = Api()
    return api, partial(connection, api)


def parsed(connect, *rounds):
    """How many requests the parser saw of what was sent; each round is of segments and one answer."""
    api, connected = connect

    async def sent():
        http = connected()
        for segments in rounds:
            for segment in segments:
                http.data_received(segment)
            assert api.answer() == [BODY]
        return http.parsed

    return asyncio.run(sent())


@pytest.mark.parametrize("segments", [[HEAD + BODY], [HEAD, BODY]], ids=["in one", "in two"])
@pytest.mark.parametrize("again", [[HEAD + BODY], [HEAD, BODY]], ids=["then in one", "then in two"])
def test_the_parser_sees_a_head_once(connect, segments, again):
    assert parsed(connect, segments, again, again) == 1
    assert parsed(connect, again, segments) == 0, "on another connection"


@pytest.mark.parametrize("cut", [1, 30, len(HEAD) - 1, len(HEAD) + 1, len(HEAD + BODY) - 1])
def test_the_parser_sees_what_is_cut_anywhere_else(connect, cut):
    whole = HEAD + BODY
    assert parsed(connect, [whole], [whole[:cut], whole[cut:]], [whole]) == 2


def test_the_parser_sees_a_head_that_changes(connect):
    other = HEAD.replace(b"test", b"text")
    assert parsed(connect, [HEAD + BODY], [other + BODY], [HEAD + BODY]) == 2


def test_the_parser_sees_what_has_to_wait_for_prices(connect):
    api, connected = connect
    assert parsed(connect, [HEAD + BODY]) == 1

    async def sent():
        http = connected()
        api.ready = False
        http.data_received(HEAD + BODY)
        (task,) = http.tasks
        task.cancel()
        return http.parsed

    assert asyncio.run(sent()) == 1


def test_who_leaves_before_the_answer_is_forgotten(connect):
    api, connected = connect
    assert parsed(connect, [HEAD + BODY]) == 1

    async def sent():
        http = connected()
        http.data_received(HEAD + BODY)
        http.transport.is_closing = lambda: True
        http.connection_lost(None)
        assert api.answer() == [BODY]
        return http.transport.write.call_count

    assert asyncio.run(sent()) == 0


def post(path, body, *headers):
    lines = [f"POST {path} HTTP/1.1", "host: test", *headers, f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body, body


def chunked(path, body):
    head = f"POST {path} HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), body


CHECK, OTHER = "/api/ai-budget/check", "/api/ai-budget/set"
REQUESTS = [
    post(CHECK, b"12"), post(CHECK, b"34"), post(CHECK, b"123"), post(CHECK, b""), post(CHECK, b"\r\n\r\n"),
    post(CHECK, b"12", "x-request-id: a"), post(CHECK, post(CHECK, b"12")[0]), post(OTHER, b"12"),
    post(OTHER, post(CHECK, b"12")[0]), chunked(CHECK, b"12"), chunked(CHECK, b"0\r\n\r\n"),
    post(CHECK, chunked(CHECK, b"12")[0]),
]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(REQUESTS), st.none() | st.integers(1, 150), st.booleans(), st.booleans()),
        max_size=8,
    )
)
def test_whatever_is_sent_in_whatever_pieces_is_answered_in_order(sent):
    expected = [body for (_, body), _, _, _ in sent]
    segments: list[bytes] = []
    pauses: list[bool] = []
    for (data, _), cut, glued, pause in sent:
        if glued and segments:
            data, _ = segments.pop() + data, pauses.pop()
        pieces = [data] if cut is None else [data[:cut], data[cut:]]
        segments += pieces
        pauses += [pause] * len(pieces)
    api = Api()

    async def settle():
        for _ in range(2):
            for _ in range(8):  # ASGI would be first if it could
                await asyncio.sleep(0)
            api.answer()

    async def talk():
        http, told = connection(api), []
        http.transport.write = told.append
        for segment, pause in zip(segments, pauses, strict=True):
            if segment:
                http.data_received(segment)
            if pause:
                await settle()
        for _ in sent:
            await settle()
        return b"".join(told)

    heads = protocol._heads = Heads()
    for _ in range(2):  # the second time with the heads of the first
        answers = asyncio.run(talk()).split(b"HTTP/1.1 200 OK\r\n")[1:]
        assert [body_of(answer) for answer in answers] == expected
    assert protocol._heads is heads


def body_of(answer):
    """The body of an answer, which ASGI may send in chunks."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        return body
    size, _, rest = body.partition(b"\r\n")
    return rest[: int(size, 16)]
