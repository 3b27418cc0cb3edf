from datetime import date

import pytest

from policies import messages
from policies.exemptions import Exemption
from policies.findings import Violation
from policies.properties import UNKNOWN
from teei_finops.policy_report import UndeterminedProperty


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


def test_a_violation_names_the_resource_and_the_property():
    violation = Violation("rules[0]", "keeps:  for\never", 0, "set\n  it")
    assert messages.violation("logs", violation) == (
        "logs: rules[0]: keeps:  for\never\n  value: 0\n  fix: set it"
    )
    assert messages.violation("logs", Violation("", "is large", None, "reduce it")) == (
        "logs: is large\n  value: not set\n  fix: reduce it"
    )


def test_each_undetermined_property_has_a_line():
    properties = [
        UndeterminedProperty("p", "urn:a", "a", "t", "tags", "is unknown until deploy"),
        UndeterminedProperty("p", "urn:b", "b", "t", "x[0].y", "is 'z', not a number"),
    ]
    assert messages.undetermined(properties) == (
        "these properties cannot be determined:\n"
        "a (urn:a): tags is unknown until deploy\n"
        "b (urn:b): x[0].y is 'z', not a number"
    )


@pytest.mark.parametrize(("days", "text"), [(0, "0 days left"), (1, "1 day left"), (2, "2 days left")])
def test_an_exemption_in_use_shows_the_days_left(days, text):
    exemption = Exemption("required-tags", "lo*", "a@teei.io", "moves\nin May", date(2026, 12, 24))
    assert messages.exemption_in_use("logs", exemption, days) == (
        f"logs: exempt from required-tags, {text}\n"
        "  resource: lo*\n  owner: a@teei.io\n  reason: moves in May\n  expires: 2026-12-24"
    )


def test_a_value_is_stored_as_json_types():
    assert messages.plain({"a": [1.0, 0.5, UNKNOWN, (2.0,)], 3: date(2026, 1, 2)}) == {
        "a": [1, 0.5, "unknown until deploy", [2]],
        "3": "2026-01-02",
    }
    assert [messages.plain(value) for value in (None, True, "x", 7)] == [None, True, "x", 7]
