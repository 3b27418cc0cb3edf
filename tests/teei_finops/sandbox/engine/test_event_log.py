"""Mandatory violations in the engine's event log, and the exit code."""

import json

import pytest

from teei_finops.sandbox.engine.event_log import exit_code, mandatory_violations


def log(*levels):
    events = [
        {"policyEvent": {"policyName": f"policy-{number}", "enforcementLevel": level}}
        for number, level in enumerate(levels)
    ]
    return "\n".join([json.dumps({"preludeEvent": {}}), *map(json.dumps, events), '{"policyEv'])


def test_only_mandatory_violations_count_and_each_policy_is_named_once():
    twice = log("mandatory", "advisory") + "\n" + log("mandatory")
    assert mandatory_violations(twice) == ["policy-0"]


@pytest.mark.parametrize(
    ("engine_code", "events", "user_error", "expected"),
    [
        (0, log("advisory"), None, 0),
        (1, log("mandatory"), None, 1),
        (255, log("advisory"), None, 2),
        (255, "", None, 2),
        (255, log("mandatory"), "small:limit: wrong", 2),
    ],
)
def test_a_violation_is_distinguished_from_an_error(engine_code, events, user_error, expected):
    assert exit_code(engine_code, events, user_error=user_error) == expected
