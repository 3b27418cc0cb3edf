import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_NUMBER_VALUE

from policies.properties import UNKNOWN, Property, Undetermined, read
from tests.policies.pack_client import secret


def test_properties_are_read_with_unknown_values_marked_and_secrets_opened():
    struct = Struct()
    struct.update(
        {
            "a": [1, UNKNOWN_NUMBER_VALUE, {"b": "c"}],
            "d": UNKNOWN_ARRAY_VALUE,
            "e": None,
            "f": secret({"g": UNKNOWN_NUMBER_VALUE}),
        }
    )
    assert read(struct) == Property(
        {"a": [1, UNKNOWN, {"b": "c"}], "d": UNKNOWN, "e": None, "f": {"g": UNKNOWN}}
    )
    assert str(UNKNOWN) == "unknown until deploy"


def test_a_property_below_an_unknown_one_is_unknown_and_below_an_absent_one_absent():
    value = Property({"known": {"a": 1}, "later": UNKNOWN, "text": "x"})
    assert value["known"]["a"] == Property(1, "known.a")
    assert value["later"]["deep"]["er"] == Property(UNKNOWN, "later")
    assert value["no"]["thing"] == Property(None, "no.thing")
    assert value["text"]["thing"].absent
    assert not value["known"].absent
    assert value["later"].unknown
    assert not value["known"].unknown


def test_reading_an_unknown_value_names_its_path():
    for method in ("known", "items", "text", "boolean"):
        with pytest.raises(Undetermined, match=r"^a is unknown until deploy$"):
            getattr(Property(UNKNOWN, "a"), method)()
    with pytest.raises(Undetermined) as raised:
        Property({"a": UNKNOWN}, "x")["a"].number(0)
    assert (raised.value.property, raised.value.reason) == ("x.a", "is unknown until deploy")
    with pytest.raises(Undetermined):
        list(Property(UNKNOWN, "a").entries())


def test_lists_objects_and_single_blocks():
    assert Property(None).items() == []
    assert Property([1, 2], "a").items() == [Property(1, "a[0]"), Property(2, "a[1]")]
    assert Property({"b": 1}, "a").items() == [Property({"b": 1}, "a")]
    assert list(Property(None).entries()) == []
    assert list(Property({"b": 1}, "a").entries()) == [("b", Property(1, "a.b"))]
    with pytest.raises(Undetermined, match="a is not an object"):
        list(Property([1], "a").entries())


@pytest.mark.parametrize(("data", "number"), [(3, 3), ("3", 3), (2.5, 2.5), (None, 7), ("", 7), (True, 1)])
def test_numbers_may_be_text(data, number):
    assert Property(data).number(7) == number


@pytest.mark.parametrize("data", ["x", [], {}, "nan", "inf", "-inf"])
def test_a_value_that_is_no_number_is_undetermined(data):
    with pytest.raises(Undetermined, match=r"a is .*, not a number"):
        Property(data, "a").number(0)


@pytest.mark.parametrize(
    ("data", "flag"),
    [(True, True), (False, False), ("true", True), ("True", True), ("false", False), (1, False)],
)
def test_booleans_may_be_text(data, flag):
    assert Property(data).boolean() is flag


def test_absent_booleans_and_texts_have_their_default():
    assert Property(None).boolean() is False
    assert Property(None).boolean(default=True) is True
    assert Property(None).text() == ""
    assert Property(None).text("x") == "x"
    assert Property(5).text() == "5"
    assert Property(None).number() == 0


@pytest.mark.parametrize(
    ("data", "blank"), [(None, True), ("", True), ("  ", True), ("x", False), (0, False), (UNKNOWN, False)]
)
def test_blank_is_absent_or_white_space(data, blank):
    assert Property(data).blank() is blank
