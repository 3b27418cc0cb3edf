"""Values of another type than AWS has: converted where the AWS provider converts them, else not valid."""

import re

import pytest

from teei_finops.costing.amounts import Unpriced
from teei_finops.costing.inputs import Inputs

SET = Inputs(
    {
        "cpu": 256, "whole": 256.0, "version": 1.29, "encrypted": True, "name": "web", "empty": "",
        "none": None, "yes": "true", "one": 1, "off": "0", "word": "maybe", "zone": "a", "sizes": [1, "2"],
        "disks": [{"size": 8}], "disk": {"size": 8}, "mixed": [{"size": 8}, 7], "nested": [["a"]],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text"),
    [("cpu", "256"), ("whole", "256"), ("version", "1.29"), ("encrypted", "true"), ("name", "web")],
)
def test_a_number_or_a_bool_is_converted_to_text(path, text):
    assert SET.text(path, "default") == text


@pytest.mark.parametrize(
    ("path", "flag"), [("encrypted", True), ("yes", True), ("one", True), ("off", False), ("none", False)]
)
def test_text_and_numbers_that_mean_true_or_false_are_flags(path, flag):
    assert SET.flag(path) is flag


def test_a_value_that_is_not_set_has_the_default():
    for path in ("empty", "none", "missing", "disk.type", "empty.type", "missing.type"):
        assert SET.text(path, "default") == "default"
        assert SET.number(path, 7) == 7
        assert SET.flag(path, True) is True
        assert (SET.texts(path), SET.items(path), SET.count(path), SET.part(path).raw) == ([], [], 0, {})


def test_a_single_value_is_a_list_of_one():
    assert (SET.texts("zone"), SET.count("zone"), SET.texts("sizes")) == (["a"], 1, ["1", "2"])
    assert [disk.number("size") for disk in (*SET.items("disk"), *SET.items("disks"))] == [8, 8]
    assert SET.part("disks").number("size") == 8


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda: SET.text("disk", "default"), "disk is not text"),
        (lambda: SET.text("sizes", "default"), "sizes is not text"),
        (lambda: SET.number("name", 1), "name is not a number"),
        (lambda: SET.number("encrypted", 1), "encrypted is not a number"),
        (lambda: SET.flag("word"), "word is not true or false"),
        (lambda: SET.flag("cpu"), "cpu is not true or false"),
        (lambda: SET.items("name"), "name is not a list of objects"),
        (lambda: SET.items("mixed"), "mixed is not a list of objects"),
        (lambda: SET.texts("disk"), "disk is not a list"),
        (lambda: SET.texts("nested"), "nested is not text"),
        (lambda: SET.count("disk"), "disk is not a list"),
        (lambda: SET.part("name"), "name is not an object"),
        (lambda: SET.number("name.size", 1), "name is not an object"),
        (lambda: SET.number("disks.size", 1), "disks is not an object"),
        (lambda: SET.number("cpu.a.b", 1), "cpu is not an object"),
    ],
)
def test_a_value_of_the_wrong_type_is_never_the_default(read, problem):
    with pytest.raises(Unpriced, match=re.escape(f"value not valid: {problem}")):
        read()
