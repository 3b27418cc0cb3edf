"""Reading bodies: nothing that JSON allows hides a name that occurs twice."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.ai_budget import bodies
from functions.ai_budget.answers import Refusal

NAMES = st.sampled_from(["tenant_id", "model", "estimated_prompt_tokens", "report_type", "a\\u0062", 'q\\"'])
SCALARS = st.sampled_from(
    ['"a"', '"\\u0061"', '"\\""', '""', "1", "1.5", "1e400", "-0", "true", "null", "NaN"]
)
VALUES = SCALARS | st.sampled_from(["{}", "[]", '["a"]', '{"model":"a","model":"b"}', '{"model":1}'])
SPACE = st.sampled_from(["", " ", "\n"])


def outcome(read, text):
    try:
        return repr(read(text))
    except (Refusal, ValueError) as error:
        return f"{type(error).__name__}: {error}"


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), SPACE, SPACE, st.sampled_from(["", "x", "{}", '"']))
@example([("model", '"a"'), ("model", '"b"')], "", "", "")
def test_the_quick_reading_gives_what_the_strict_one_gives(pairs, before, after, rubbish):
    members = ",".join(f'{before}"{name}"{after}:{value}' for name, value in pairs)
    text = f"{before}{{{members}}}{after}{rubbish}"
    assert (
        outcome(bodies._value, text).split(" object at ")[0]
        == outcome(bodies._decode, text).split(" object at ")[0]
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"tenant_id":"a","tenant_id":"b","model":"m","estimated_prompt_tokens":1}',
        b'{"tenant_id":"a","model":"m","estimated_prompt_tokens":1,"estimated_prompt_tokens":1}',
        b'{"tenant_id":"a","model":"m","model":1,"estimated_prompt_tokens":1}',
        b'{"tenant_id":"a","model":"m","estimated_prompt_tokens":1,"mod\\u0065l":"m"}',
    ],
)
def test_a_name_that_occurs_twice_is_refused_by_name(raw):
    with pytest.raises(Refusal) as refused:
        bodies.read(raw, bodies.CHECK)
    assert refused.value.answer.status == 400
    assert "occurs more than once" in refused.value.answer.body["message"]


def test_a_plain_body_is_read_quickly(monkeypatch):
    monkeypatch.setattr(bodies, "_decode", lambda _: pytest.fail("the slow way"))
    body = {"tenant_id": "acme", "model": "m", "estimated_prompt_tokens": 10, "report_type": "r"}
    assert bodies.read(json.dumps(body).encode(), bodies.CHECK)["tenant_id"] == "acme"
