"""Budget actions."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.bills import UNKNOWN, D, bill, bills, dollars, price, resource

ACTION = "aws:budgets/budgetAction:BudgetAction"


def test_the_days_of_two_budgets_with_actions_are_included():
    names = ["compute", "compute", "storage", "network", "logs"]
    actions = [resource(ACTION, {"budgetName": name}, name=f"a{n}") for n, name in enumerate(names)]
    day = price("AWSBudgets", "actions", "action-enabled-budget", "global", tier=62)
    month = D(730) / 24
    found = [dollars(it) for it in bills(*actions)]
    assert found[:3] == [0, 0, 0]
    assert abs(found[3] - (3 * month - 62) * day) < D("1e-8")
    assert abs(found[4] - month * day) < D("1e-8")


def test_one_action_says_what_is_included():
    it = bill(ACTION, {"budgetName": "compute"})
    assert it.state == "priced"
    assert it.notes == ("62 budget-days a month are included for the whole account",)


def test_budgets_not_yet_named_are_not_taken_for_one():
    actions = [
        resource(ACTION, {"budgetName": name}, name=f"a{n}") for n, name in enumerate((UNKNOWN, UNKNOWN, []))
    ]
    assert [dollars(it) > 0 for it in bills(*actions)] == [False, False, True]
