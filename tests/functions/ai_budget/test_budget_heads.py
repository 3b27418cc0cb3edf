"""Heads: what may be answered without a parser, and what may not."""

import pytest

from functions.ai_budget import heads
from functions.ai_budget.api import Request
from functions.ai_budget.heads import Heads

HEAD = b"POST /check HTTP/1.1\r\ncontent-length: 4\r\n\r\n"
NAMES = {b"content-length"}


def request(body):
    return Request("POST", "/check", "", {}, body)


def learnt(data, body, names=NAMES):
    known = Heads()
    known.learn(data, request(body), names)
    return known


def test_a_head_that_was_read_is_recalled_with_another_body():
    assert learnt(HEAD + b"body", b"body").recall(HEAD + b"ydob") == request(b"ydob")


def test_a_head_alone_awaits_its_body():
    known = learnt(HEAD + b"body", b"body")
    assert known.awaits(HEAD)
    assert not any(known.awaits(data) for data in (b"", HEAD[:-1], HEAD + b"bod", HEAD + b"body"))
    without = b"POST /check HTTP/1.1\r\n\r\n"
    assert not learnt(without, b"").awaits(without)


def test_a_request_without_a_body_is_recalled():
    head = b"POST /check HTTP/1.1\r\n\r\n"
    assert learnt(head, b"").recall(head) == request(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        HEAD,
        HEAD + b"bod",
        HEAD + b"bodyP",
        HEAD + b"body" + HEAD + b"body",
        HEAD.replace(b"4", b"5") + b"body",
        b"\r\n" + HEAD + b"body",
        b"x" + HEAD + b"body",
    ],
)
def test_what_is_not_exactly_one_such_request_is_left_to_the_parser(data):
    assert learnt(HEAD + b"body", b"body").recall(data) is None


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (HEAD + b"body" + HEAD + b"body", b"body"),  # another request behind it
        (HEAD.replace(b"\r\n", b"\n") + b"body", b"body"),
        (b"POST /check HTTP/1.1\n\nbo\r\n\r\ndy", b"bo\r\n\r\ndy"),  # a line end that ends no head of ours
        (HEAD + b"4\r\nbody\r\n0\r\n\r\n", b"body"),
        (b"body", b"body"),  # the rest of what came before
        (b"", b""),
    ],
)
def test_nothing_is_learnt_where_the_head_may_end_elsewhere(data, body):
    known = learnt(data, body)
    assert known.recall(data) is None
    assert not known._known


@pytest.mark.parametrize("name", [b"transfer-encoding", b"upgrade", b"expect"])
def test_nothing_is_learnt_where_more_than_a_length_says_what_follows(name):
    assert learnt(HEAD + b"body", b"body", NAMES | {name}).recall(HEAD + b"body") is None


def test_memory_is_bounded():
    known = Heads()
    for number in range(2 * heads._MOST):
        head = b"POST /%d HTTP/1.1\r\n\r\n" % number
        known.learn(head, request(b""), set())
        assert known.recall(head) is not None
        assert len(known._known) <= heads._MOST
    long = b"POST /%s HTTP/1.1\r\n\r\n" % (b"x" * heads.LONGEST)
    known.learn(long, request(b""), set())
    assert known.recall(long) is None
