"""Budget actions."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    dollars,
    estimate_of,
    estimates_of,
    price,
    resource,
)

ACTION = "aws:budgets/budgetAction:BudgetAction"


def test_the_days_of_two_budgets_with_actions_are_included():
    names = ["compute", "compute", "storage", "network", "logs"]
    actions = [resource(ACTION, {"budgetName": name}, name=f"a{n}") for n, name in enumerate(names)]
    day = price("AWSBudgets", "actions", "action-enabled-budget", "global", tier=62)
    month = D(730) / 24
    costs = [dollars(it) for it in estimates_of(*actions)]
    assert costs[:3] == [0, 0, 0]
    assert abs(costs[3] - (3 * month - 62) * day) < D("1e-8")
    assert abs(costs[4] - month * day) < D("1e-8")


def test_one_action_notes_the_included_budget_days():
    it = estimate_of(ACTION, {"budgetName": "compute"})
    assert it.state == "free"
    assert it.notes == ("62 budget-days a month are included for the whole account",)


def test_budgets_not_yet_named_are_not_taken_for_one():
    actions = [
        resource(ACTION, {"budgetName": name}, name=f"a{n}") for n, name in enumerate((UNKNOWN, UNKNOWN, []))
    ]
    assert [dollars(it) > 0 for it in estimates_of(*actions)] == [False, False, True]
