"""Why a stack has no plan, from what its run left behind."""

import json

import pytest

from teei_finops.review.plan_stacks import problem_of
from teei_finops.sandbox.run import Run

WARNING = {"message": "warning: using the plugin from $PATH\n", "severity": "warning"}
UNKNOWN_POLICY = {"message": "policies: finops.yaml: gp2-volumes: unknown policy\n\n", "severity": "info#err"}


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (Run(2, "", "", "no such stack"), "no such stack"),
        (Run(1, "", "error: first\nerror: last\n", None), "error: first\nerror: last"),
        (
            Run(1, json.dumps({"diagnostics": [WARNING, UNKNOWN_POLICY]}), "error: exit status 1", None),
            "policies: finops.yaml: gp2-volumes: unknown policy",
        ),
        (
            Run(1, json.dumps({"diagnostics": [WARNING]}), "error: exit status 1", None),
            "error: exit status 1",
        ),
        (Run(1, json.dumps({"steps": [], "diagnostics": [UNKNOWN_POLICY]}), "", None), None),
        (Run(0, json.dumps({"steps": []}), "", None), None),
    ],
    ids=["user error", "engine", "policy pack", "engine after a warning", "failed preview", "preview"],
)
def test_a_run_without_a_plan_has_the_error_that_ended_it(run, problem):
    assert problem_of(run) == problem
