"""Decides whether a change may be applied: compares its estimate with budgets, waivers and coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from teei_finops.costing.amounts import NOTHING, Line, Range
from teei_finops.costing.budgets.budgets_file import Budget, Budgets, Scope, Waiver

HUNDRED = Decimal(100)
PASS, ADVISORY, FAIL, INCOMPLETE = "pass", "advisory", "fail", "incomplete"
UNPRICED = "unpriced"
WITHIN, WAIVED = "within", "waived"


class Cost(NamedTuple):
    """What one resource costs, and what budgets select it by. An unpriced one is in no total."""

    stack: str
    region: str | None
    priced: bool
    before: Range
    after: Range
    before_lines: tuple[Line, ...]
    after_lines: tuple[Line, ...]
    before_tags: Mapping[str, str]
    after_tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """A budget compared with the estimate; `status` is within, advisory, waived or fail."""

    budget: Budget
    before: Range
    after: Range
    unpriced: int
    status: str
    reason: str
    waiver: Waiver | None = None

    @property
    def change(self) -> Range:
        return self.after - self.before


def evaluate_budgets(costs: Iterable[Cost], budgets: Budgets, at: date) -> list[BudgetResult]:
    """A budget fails when the expected cost exceeds it, and is advisory when only the high end does."""
    costs = list(costs)
    totals = _ScopeTotals(costs)
    waivers: dict[str, Waiver] = {}
    for waiver in budgets.waivers:
        known = waivers.get(waiver.budget)
        if known is None or waiver.expires > known.expires:
            waivers[waiver.budget] = waiver
    return [
        _evaluate(budget, *totals.of(budget.scope), waivers.get(budget.name), at)
        for budget in budgets.budgets
    ]


def covered_percent(priced: int, unpriced: int) -> Decimal:
    """How many of the resources that can bill have a price; all, where none can bill."""
    return Decimal(priced) * 100 / (priced + unpriced) if priced + unpriced else HUNDRED


def verdict(
    results: Iterable[BudgetResult],
    budgets: Budgets,
    *,
    complete: bool,
    priced: int,
    unpriced: int,
    partly_priced: int = 0,
) -> tuple[str, str]:
    """The verdict, and a message when too few resources have a price (else empty).

    `priced` and `unpriced` count the resources that can bill, with and without a price; `partly_priced` are
    those of `priced` that have a dimension without one.
    """
    statuses = {result.status for result in results}
    covered = covered_percent(priced, unpriced)
    short = budgets.min_percent is not None and covered < budgets.min_percent
    coverage = (
        f"{covered:.1f} % of the resources that can bill have a price; {budgets.min_percent:f} % are required"
        if short
        else ""
    )
    if not complete:
        return INCOMPLETE, coverage
    if FAIL in statuses or (short and budgets.coverage == "mandatory"):
        return FAIL, coverage
    if unpriced and not priced and not budgets.allow_unpriced:
        return UNPRICED, coverage
    if short or unpriced or partly_priced or statuses - {WITHIN}:
        return ADVISORY, coverage
    return PASS, coverage


def _evaluate(
    budget: Budget, before: Range, after: Range, unpriced: int, waiver: Waiver | None, at: date
) -> BudgetResult:
    exceeded = list(_exceeded(budget, before, after, "expected", unpriced))
    only_high = [] if exceeded else list(_exceeded(budget, before, after, "high", unpriced))
    if budget.max_increase_percent is not None and unpriced and not exceeded:
        only_high.append(
            f"the cap of {budget.max_increase_percent:,f} % cannot be checked: {unpriced} without a price"
        )
    if exceeded and waiver is not None:
        if at <= waiver.expires:
            reason = (
                f"{'; '.join(exceeded)}; waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
            )
            return BudgetResult(budget, before, after, unpriced, WAIVED, reason, waiver)
        exceeded.append(f"the waiver of {waiver.owner} expired on {waiver.expires}")
    status = FAIL if exceeded else ADVISORY if only_high else WITHIN
    return BudgetResult(budget, before, after, unpriced, status, "; ".join(exceeded or only_high), waiver)


def _exceeded(budget: Budget, before: Range, after: Range, end: str, unpriced: int) -> Iterator[str]:
    cost_before, cost_after = getattr(before, end), getattr(after, end)
    increase = cost_after - cost_before
    words = "expected cost" if end == "expected" else "high end"
    if budget.monthly_limit is not None and cost_after > budget.monthly_limit:
        yield f"{words} ${cost_after:,.2f} is above the limit of ${budget.monthly_limit:,.2f}"
    words = "expected increase" if end == "expected" else "high end of the increase"
    if budget.max_increase is not None and increase > budget.max_increase:
        yield f"{words} ${increase:,.2f} is above the cap of ${budget.max_increase:,.2f}"
    if budget.max_increase_percent is not None and increase * 100 > budget.max_increase_percent * max(
        cost_before, 0
    ):
        if unpriced:  # in percent of a total that misses something it would be wrong
            share = f"${increase:,.2f}"
        else:
            share = f"{increase * 100 / cost_before:,.1f} %" if cost_before > 0 else "from $0"
        yield f"{words} {share} is above the cap of {budget.max_increase_percent:,f} %"


def selects(scope: Scope, cost: Cost) -> bool:
    """Whether a budget of this scope counts any of what the resource costs after the change."""
    if scope.kind == "service":
        return any(line.service in scope.values for line in cost.after_lines)
    return cost.priced and _selects(scope, cost)[1]


def _selects(scope: Scope, cost: Cost) -> tuple[bool, bool]:
    """Whether it counts the resource before and after."""
    if scope.kind == "tag":
        return (
            cost.before_tags.get(scope.key) == scope.values[0],
            cost.after_tags.get(scope.key) == scope.values[0],
        )
    if scope.kind == "stack":
        selected = cost.stack in scope.values
    elif scope.kind == "region":
        selected = cost.region in scope.values
    else:
        selected = True
    return selected, selected


class _ScopeTotals:
    """Totals before and after by scope; those by service are computed when a budget first needs them."""

    def __init__(self, costs: list[Cost]) -> None:
        self._costs = costs
        self._services: dict[str, list[Range]] | None = None

    def of(self, scope: Scope) -> tuple[Range, Range, int]:
        if scope.kind == "service":
            return self._of_services(scope.values)
        before = after = NOTHING
        unpriced = 0
        for cost in self._costs:
            counts_before, counts_after = _selects(scope, cost)
            if not cost.priced:
                unpriced += counts_before or counts_after
                continue
            if counts_before:
                before += cost.before
            if counts_after:
                after += cost.after
        return before, after, unpriced

    def _of_services(self, codes: tuple[str, ...]) -> tuple[Range, Range, int]:
        if self._services is None:
            self._services = {}
            for cost in self._costs:
                for side, lines in enumerate((cost.before_lines, cost.after_lines)):
                    for line in lines:
                        self._services.setdefault(line.service, [NOTHING, NOTHING])[side] += line.amount
        before = after = NOTHING
        for code in codes:
            service_before, service_after = self._services.get(code, (NOTHING, NOTHING))
            before, after = before + service_before, after + service_after
        return before, after, sum(not cost.priced for cost in self._costs)
