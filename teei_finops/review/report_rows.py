"""Rows of the report from estimates, budgets and their sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from teei_finops.costing.amounts import NOTHING, Line, Range
from teei_finops.costing.budgets.budgets_file import Budgets
from teei_finops.costing.budgets.commitments import Coverage, coverage_of, effective
from teei_finops.costing.budgets.gate import BudgetResult, Cost, covered_percent
from teei_finops.costing.estimate import Estimate
from teei_finops.costing.preview.plan import Plan, Resource
from teei_finops.review import report_schema as schema


@lru_cache(maxsize=10_000)
def decimal_text(value: Decimal) -> str:
    """A decimal without an exponent and without trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def amount_range(amount: Range) -> schema.AmountRange:
    low = decimal_text(amount.low)
    if amount.low is amount.high or amount.low == amount.expected == amount.high:
        return {"low": low, "expected": low, "high": low}
    return {"low": low, "expected": decimal_text(amount.expected), "high": decimal_text(amount.high)}


def line_row(line: Line) -> schema.Line:
    return {
        "what": line.what,
        "service": line.service,
        "quantity": decimal_text(line.quantity.expected),
        "unit": line.unit,
        "rate": decimal_text(line.rate),
        "amount": amount_range(line.amount),
        "source": line.source,
        "as_of": line.as_of,
        "assumed": line.assumed,
    }


def resource_row(
    plan: Plan, resource: Resource, estimate: Estimate, tags: Mapping[str, str]
) -> schema.ResourceRow:
    row: schema.ResourceRow = {
        "urn": resource.urn,
        "name": resource.name,
        "type": resource.type,
        "stack": plan.stack,
        "region": estimate.region,
        "team": tags.get("team"),
        "op": resource.op,
        "state": estimate.state,
        "before": None,
        "after": None,
        "change": None,
        "notes": [],
        "lines": [],
    }
    if estimate.state == "unpriced":
        row["reason"] = estimate.reason
        return row
    row["before"] = amount_range(estimate.before)
    row["after"] = amount_range(estimate.after)
    row["change"] = amount_range(estimate.after - estimate.before)
    row["notes"] = list(estimate.notes)
    lines = estimate.before_lines if _is_gone(resource) else estimate.after_lines
    row["lines"] = [line_row(line) for line in lines]
    if estimate.unpriced_lines:
        row["unpriced_lines"] = list(estimate.unpriced_lines)
    if resource.type.startswith("kubernetes:"):
        row["allocation"] = (
            None if estimate.allocation_problem else amount_range(estimate.allocation or NOTHING)
        )
        row["allocation_lines"] = [line_row(line) for line in estimate.allocation_lines]
    return row


def _is_gone(resource: Resource) -> bool:
    """Whether nothing of it is billed after the change."""
    return resource.new is None and not (resource.op == "delete" and resource.retain_on_delete)


def coverage_row(states: Mapping[str, int]) -> schema.Coverage:
    """`states` counts resources by state."""
    priced, usage, unpriced = (states.get(state, 0) for state in ("priced", "usage", "unpriced"))
    return {
        "priced": priced,
        "usage": usage,
        "free": states.get("free", 0),
        "unpriced": unpriced,
        "percent": f"{covered_percent(priced + usage, unpriced):.1f}",
    }


def stack_row(plan: Plan, costs: Sequence[Cost]) -> schema.StackTotals:
    before, after, change = sums(costs)
    return {
        "stack": plan.stack,
        "project": plan.project,
        "totals_of": plan.totals_of,
        "before": before,
        "after": after,
        "change": change,
        "unpriced": sum(not cost.priced for cost in costs),
    }


def sums(
    costs: Iterable[Cost],
) -> tuple[schema.AmountRange, schema.AmountRange, schema.AmountRange]:
    """Before, after and change of the priced resources."""
    priced = [cost for cost in costs if cost.priced]
    before = sum_of(cost.before for cost in priced)
    after = sum_of(cost.after for cost in priced)
    return amount_range(before), amount_range(after), amount_range(after - before)


def sum_of(amounts: Iterable[Range]) -> Range:
    low = expected = high = Decimal(0)
    for amount in amounts:
        low += amount.low
        expected += amount.expected
        high += amount.high
    return Range(low, expected, high)


def budget_row(result: BudgetResult) -> schema.BudgetRow:
    budget, waiver = result.budget, result.waiver
    return {
        "name": budget.name,
        "scope": budget.scope.as_json(),
        "monthly_limit_usd": _optional(budget.monthly_limit),
        "max_increase_usd": _optional(budget.max_increase),
        "max_increase_percent": _optional(budget.max_increase_percent),
        "before": amount_range(result.before),
        "after": amount_range(result.after),
        "change": amount_range(result.change),
        "unpriced": result.unpriced,
        "status": result.status,
        "reason": result.reason,
        "waiver": {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires.isoformat()}
        if waiver
        else None,
    }


def _optional(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def commitment_rows(
    costs: Sequence[Cost], budgets: Budgets, at: date
) -> tuple[schema.Sums, schema.Sums | None, list[schema.CommitmentRow]]:
    """The amounts at list prices, the effective amounts, and the commitments in force on that day.

    There are no effective amounts without a commitment.
    """
    before = [line for cost in costs for line in cost.before_lines]
    after = [line for cost in costs for line in cost.after_lines]
    at_list_prices = _sums(*(sum_of(line.at_list_price for line in lines) for lines in (before, after)))
    in_force = [commitment for commitment in budgets.commitments if commitment.is_in_force(at)]
    if not in_force:
        return at_list_prices, None, []
    covered = [coverage_of(in_force, lines) for lines in (before, after)]
    totals = [sum_of(line.amount for line in lines) for lines in (before, after)]
    effective_before, effective_after = map(effective, totals, covered)
    return (
        at_list_prices,
        _sums(effective_before, effective_after),
        [_commitment_row(item) for item in covered[1]],
    )


def _sums(before: Range, after: Range) -> schema.Sums:
    return {
        "before": amount_range(before),
        "after": amount_range(after),
        "change": amount_range(after - before),
    }


def _commitment_row(coverage: Coverage) -> schema.CommitmentRow:
    commitment = coverage.commitment
    return {
        "name": commitment.name,
        "type": commitment.kind,
        "term": commitment.term,
        "payment": commitment.payment,
        "usd_per_month": decimal_text(commitment.monthly_cost),
        "covered": amount_range(coverage.covered),
        "unused": amount_range(coverage.unused),
    }
