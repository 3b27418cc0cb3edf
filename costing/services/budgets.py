"""AWS Budgets actions."""

from __future__ import annotations

from costing.estimate import estimates
from costing.model import HOURS
from costing.subject import Subject

ACTION = "aws:budgets/budgetAction:BudgetAction"
BUDGET_DAYS = HOURS / 24


@estimates(ACTION)
def budget_action(r: Subject) -> None:
    """The days of its budget, which is billed once however many actions it has.

    The 62 included budget-days belong to the account: the plan's first two budgets with actions use them up.
    """
    actions = r.all(ACTION)
    own = r.raw.get("budgetName")
    budgets: list[object] = []
    for action in actions:
        if action.urn == r.urn:
            break
        name = action.raw.get("budgetName")
        if name not in budgets:
            budgets.append(name)
    if own in budgets:
        r.note("its budget's days are on the first of its actions")
        return
    included = r.rate("AWSBudgets", "actions", "action-enabled-budget").tiers[0].start
    left = max(included - BUDGET_DAYS * len(budgets), included * 0)
    r.charge(
        "Action-enabled budget", "AWSBudgets", "actions", "action-enabled-budget", BUDGET_DAYS, included=left
    )
    r.note(f"{included:f} budget-days a month are included for the whole account")
