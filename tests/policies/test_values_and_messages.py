import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_NUMBER_VALUE, unknown_checking_proxy

from policies import analyzer as servicer
from policies import messages
from policies.analyzer import Once
from policies.kubernetes_types import Kind, kind
from policies.values import UNKNOWN, Open, Value, plain
from tests.policies.analyzer import Pack
from tests.policies.good import log_group


def test_proxies_of_the_sdk_become_plain_values_with_unknown_ones_marked():
    proxied = unknown_checking_proxy(
        {"a": [1, UNKNOWN_NUMBER_VALUE, {"b": "c"}], "d": UNKNOWN_ARRAY_VALUE, "e": None}
    )
    assert plain(proxied) == {"a": [1, UNKNOWN, {"b": "c"}], "d": UNKNOWN, "e": None}
    assert plain({"a": ["b"]}) == {"a": ["b"]}
    assert str(UNKNOWN) == "unknown until deploy"


def test_what_is_under_an_unknown_value_is_unknown_and_under_an_absent_one_absent():
    value = Value({"known": {"a": 1}, "later": UNKNOWN, "text": "x"})
    assert value["known"]["a"] == Value(1, "known.a")
    assert value["later"]["deep"]["er"] == Value(UNKNOWN, "later")
    assert value["no"]["thing"] == Value(None, "no.thing")
    assert value["text"]["thing"].absent
    assert not value["known"].absent
    assert value["later"].unknown
    assert not value["known"].unknown


def test_reading_an_unknown_value_names_its_path():
    for read in ("known", "items", "text", "true"):
        with pytest.raises(Open, match=r"^a is unknown$"):
            getattr(Value(UNKNOWN, "a"), read)()
    with pytest.raises(Open) as raised:
        Value({"a": UNKNOWN}, "x")["a"].number(0)
    assert (raised.value.path, raised.value.why) == ("x.a", "is unknown")
    with pytest.raises(Open):
        list(Value(UNKNOWN, "a").entries())


def test_lists_objects_and_single_blocks():
    assert Value(None).items() == []
    assert Value([1, 2], "a").items() == [Value(1, "a[0]"), Value(2, "a[1]")]
    assert Value({"b": 1}, "a").items() == [Value({"b": 1}, "a")]
    assert list(Value(None).entries()) == []
    assert list(Value({"b": 1}, "a").entries()) == [("b", Value(1, "a.b"))]
    with pytest.raises(Open, match="a is not an object"):
        list(Value([1], "a").entries())


@pytest.mark.parametrize(("data", "number"), [(3, 3), ("3", 3), (2.5, 2.5), (None, 7), ("", 7), (True, 1)])
def test_numbers_may_be_text(data, number):
    assert Value(data).number(7) == number


@pytest.mark.parametrize("data", ["x", [], {}, "nan", "inf", "-inf"])
def test_what_is_no_number_is_open(data):
    with pytest.raises(Open, match=r"a is .*, not a number"):
        Value(data, "a").number(0)


@pytest.mark.parametrize(
    ("data", "flag"),
    [(True, True), (False, False), ("true", True), ("True", True), ("false", False), (1, False)],
)
def test_flags_may_be_text(data, flag):
    assert Value(data).true() is flag


def test_absent_flags_and_texts_have_their_default():
    assert Value(None).true() is False
    assert Value(None).true(default=True) is True
    assert Value(None).text() == ""
    assert Value(None).text("x") == "x"
    assert Value(5).text() == "5"
    assert Value(None).number() == 0


@pytest.mark.parametrize(
    ("data", "blank"), [(None, True), ("", True), ("  ", True), ("x", False), (0, False), (UNKNOWN, False)]
)
def test_blank_is_absent_or_white_space(data, blank):
    assert Value(data).blank() is blank


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "not set"),
        ("", '""'),
        (" x", '" x"'),
        ("x  y\nz", "x y z"),
        (30.0, "30"),
        (0.5, "0.5"),
        (False, "false"),
        ({"a": [1.0, UNKNOWN, (2.0,)]}, '{"a": [1, "unknown until deploy", [2]]}'),
        ("ä", "ä"),
        ({"ä": 1}, '{"ä": 1}'),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
    ],
)
def test_a_value_is_shown_on_one_line(value, shown):
    assert messages.show(value) == shown


def test_a_violation_can_be_split_again():
    text = messages.breach("logs", "keeps: for\never", 0, "set\n  it")
    assert text == "logs: keeps: for\never\n  value: 0\n  fix: set it"
    assert messages.fields(f"Description.\n{text}") == {"value": "0", "fix": "set it"}
    assert messages.fields("no fields: here\n   value: x\n  Value: y") == {}


def test_what_is_not_decided_has_a_line_for_each_property():
    text = messages.not_decided([("a", "urn:a", "tags", "is unknown"), ("b", "urn:b", "x[0].y", "is 'z'")])
    assert text == "not decided until deploy:\na (urn:a): tags is unknown\nb (urn:b): x[0].y is 'z'"


def test_the_kind_of_an_object_is_read_from_its_token():
    assert kind("kubernetes:apps/v1:Deployment") == Kind("apps", "Deployment")
    assert kind("kubernetes:keda.sh/v1alpha1:ScaledObject") == Kind("keda.sh", "ScaledObject")
    for other in ("aws:s3/bucket:Bucket", "pulumi:providers:kubernetes", "kubernetes:a", "kubernetes:a:b:c"):
        assert kind(other) is None


def test_a_remembered_answer_is_for_the_same_object_only():
    asked = []
    once = Once(lambda argument, *more: (asked.append((argument, *more)), len(asked))[1])
    one, same = [1], [1]
    assert [once(one), once(one), once(same), once(one)] == [1, 1, 2, 1]
    assert once(one, "more") == 3
    once.forget()
    assert once(one) == 4


def test_nothing_of_a_request_is_remembered_after_its_answer():
    pack = Pack()
    pack.judge(log_group())
    for memory in (servicer.to_dict, servicer.deserialized, servicer.checked):
        assert memory._answers == {}
