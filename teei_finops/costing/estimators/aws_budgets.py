"""AWS Budgets actions."""

from __future__ import annotations

from teei_finops.costing.amounts import MONTH_DAYS
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.preview.values import is_unknown

ACTION = "aws:budgets/budgetAction:BudgetAction"


@estimates(ACTION)
def budget_action(ctx: EstimationContext) -> None:
    """The days of its budget, which is billed once for all its actions.

    The 62 included budget-days are of the account: the plan's first two budgets with actions use them up.
    """
    places = ctx.once("budget actions", lambda: _places(ctx))
    place = places.get(ctx.urn)
    if place is None:
        ctx.note("its budget's days are charged on the first action of the budget")
        return
    included = ctx.rate("AWSBudgets", "actions", "action-enabled-budget").tiers[0].start
    left = max(included - MONTH_DAYS * place, included * 0)
    ctx.charge(
        "Action-enabled budget", "AWSBudgets", "actions", "action-enabled-budget", MONTH_DAYS, included=left
    )
    ctx.note(f"{included:f} budget-days a month are included for the whole account")


def _places(ctx: EstimationContext) -> dict[str, int]:
    """The first action of each budget, in the order of the plan."""
    firsts: dict[object, str] = {}
    for action in ctx.all(ACTION):
        name = action.raw.get("budgetName")
        known = isinstance(name, str) and not is_unknown(name)
        firsts.setdefault(name if known else action.urn, action.urn)
    return {urn: place for place, urn in enumerate(firsts.values())}
