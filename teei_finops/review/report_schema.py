"""The review as one JSON document (version 1): what every format is rendered from.

Amounts, quantities, rates, limits are decimal strings, unrounded, US dollars a month (730 h), list prices
before tax. `{low, expected, high}` is written `Ends` below.

    version 1, currency "USD", price_date (newest price row), review_date, base (the git ref compared with, or
    null), totals_of "stack" | "change", before / after / change: Ends, change = after − before end by end
    coverage   {priced, free, usage, unpriced}: counts of the rows of `resources`
    resources  [{urn, name, type, stack, region | null, team | null, op, state, reason (unpriced only),
               before, after, change: Ends or null when unpriced, for Kubernetes objects allocation (Ends, or
               null when it cannot be told) and allocation_lines: a share of nodes that are counted already,
               notes: [str], lines}]; each URN once, in the order of the preview
    lines      [{what, service, quantity, unit, rate, amount: Ends, source, as_of, assumed}] of `after` (of
               `before` for a delete); they add up to it
    stacks     [{stack, project, totals_of, before, after, change}]
    budgets    [{name, scope, monthly_limit_usd, max_increase_usd, max_increase_percent (each may be null),
               before, after, change, unpriced (how many it could not count), status "within" | "advisory" |
               "waived" | "fail", reason, waiver: {owner, reason, expires} | null}]
    warnings   [{urn ("" when it concerns no single resource), message}]
    verdict    "pass" | "advisory" | "fail" | "incomplete"
    plan, policy   what the engine plans and the policy pack says: see `teei_finops/review/policy_results.py`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from teei_finops.costing.amounts import NOTHING, Line, Range
from teei_finops.costing.budgets.gate import BudgetResult, Cost
from teei_finops.costing.estimate import Estimate
from teei_finops.costing.preview.plan import Plan, Resource

KUBERNETES = "kubernetes:"


def plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros that say nothing."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def ends(amount: Range) -> dict[str, str]:
    low = plain(amount.low)
    if amount.low is amount.high or amount.low == amount.expected == amount.high:
        return {"low": low, "expected": low, "high": low}
    return {"low": low, "expected": plain(amount.expected), "high": plain(amount.high)}


def line_row(line: Line) -> dict[str, Any]:
    return {
        "what": line.what,
        "service": line.service,
        "quantity": plain(line.quantity.expected),
        "unit": line.unit,
        "rate": plain(line.rate),
        "amount": ends(line.amount),
        "source": line.source,
        "as_of": line.as_of,
        "assumed": line.assumed,
    }


def resource_row(
    plan: Plan, resource: Resource, estimate: Estimate, tags: Mapping[str, str]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "urn": resource.urn,
        "name": resource.name,
        "type": resource.type,
        "stack": plan.stack,
        "region": estimate.region,
        "team": tags.get("team"),
        "op": resource.op,
        "state": estimate.state,
    }
    if estimate.state == "unpriced":
        return row | {
            "reason": estimate.reason,
            "before": None,
            "after": None,
            "change": None,
            "notes": [],
            "lines": [],
        }
    lines = estimate.before_lines if is_gone(resource) else estimate.after_lines
    row["before"] = ends(estimate.before)
    row["after"] = ends(estimate.after)
    row["change"] = ends(estimate.after - estimate.before)
    if resource.type.startswith(KUBERNETES):
        row["allocation"] = None if estimate.reason else ends(estimate.allocation or NOTHING)
        row["allocation_lines"] = [line_row(line) for line in estimate.allocation_lines]
    row["notes"] = list(estimate.notes)
    row["lines"] = [line_row(line) for line in lines]
    return row


def is_gone(resource: Resource) -> bool:
    """Whether nothing of it is left to bill after the change."""
    return resource.new is None and not (resource.op == "delete" and resource.retain_on_delete)


def sums(costs: Iterable[Cost]) -> dict[str, dict[str, str]]:
    """`before`, `after` and `change` of the priced ones."""
    before, after = totals(costs)
    return {"before": ends(before), "after": ends(after), "change": ends(after - before)}


def totals(costs: Iterable[Cost]) -> tuple[Range, Range]:
    befores, afters = [], []
    for cost in costs:
        if cost.priced:
            befores.append(cost.before)
            afters.append(cost.after)
    return add(befores), add(afters)


def add(amounts: Iterable[Range]) -> Range:
    low = expected = high = Decimal(0)
    for amount in amounts:
        low += amount.low
        expected += amount.expected
        high += amount.high
    return Range(low, expected, high)


def budget_row(judged: BudgetResult) -> dict[str, Any]:
    budget, waiver = judged.budget, judged.waiver
    return {
        "name": budget.name,
        "scope": budget.scope.as_json(),
        "monthly_limit_usd": _optional(budget.monthly_limit),
        "max_increase_usd": _optional(budget.max_increase),
        "max_increase_percent": _optional(budget.max_increase_percent),
        "before": ends(judged.before),
        "after": ends(judged.after),
        "change": ends(judged.change),
        "unpriced": judged.unpriced,
        "status": judged.status,
        "reason": judged.reason,
        "waiver": {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires.isoformat()}
        if waiver
        else None,
    }


def _optional(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
