import pytest

from teei_finops.review.outcome import outcome_of
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, sample_report

PASSES = {"verdict": "pass", "budgets": [], "policy": NO_POLICY_RESULTS}


def policy_results(*enforcements: str):
    violation = sample_report()["policy"]["violations"][0]
    violations = [violation | {"enforcement": level, "policy": f"{level}-policy"} for level in enforcements]
    return NO_POLICY_RESULTS | {"violations": violations}


@pytest.mark.parametrize(
    ("replaced", "status", "reasons"),
    [
        ({}, "pass", ()),
        ({"verdict": "advisory"}, "advisory", ()),
        ({"policy": policy_results("advisory")}, "advisory", ()),
        (
            {"policy": policy_results("mandatory", "advisory")},
            "fail",
            ("blocked by mandatory policies: mandatory-policy",),
        ),
        (
            {"verdict": "fail", "budgets": sample_report()["budgets"]},
            "fail",
            ("over budget: platform",),
        ),
        (
            {"verdict": "fail"},
            "fail",
            ("too many resources have no price for the coverage that budgets.yaml requires",),
        ),
    ],
)
def test_the_outcome_has_the_strictest_status_and_every_reason(replaced, status, reasons):
    outcome = outcome_of(sample_report(**PASSES | replaced))
    assert (outcome.status, outcome.reasons) == (status, reasons)


def test_a_failed_preview_is_incomplete_whatever_else_was_found():
    plan = sample_report()["plan"][0] | {"complete": False, "errors": ["error: boom"]}
    outcome = outcome_of(sample_report(verdict="incomplete", plan=[plan]))
    assert outcome.status == "incomplete"
    assert outcome.reasons == ("the preview of prod failed: error: boom",)
