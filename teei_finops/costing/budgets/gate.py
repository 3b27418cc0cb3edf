"""Says whether a change may be applied: its estimate against budgets, waivers and the wanted coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, Line, Range
from teei_finops.costing.budgets.budgets_file import Budget, Budgets, Scope, Waiver

HUNDRED = Decimal(100)
PASS, ADVISORY, FAIL, INCOMPLETE = "pass", "advisory", "fail", "incomplete"
WITHIN, WAIVED = "within", "waived"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one resource costs, and what budgets select it by. An unpriced one counts in no total."""

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
    """One budget against the estimate; `status` is within, advisory, waived or fail."""

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
    """Fails when the expected cost is above a limit or a cap, is advisory when only the high end is."""
    costs = list(costs)
    sums = _Sums(costs)
    waivers: dict[str, Waiver] = {}
    for waiver in budgets.waivers:
        kept = waivers.get(waiver.budget)
        if kept is None or waiver.expires > kept.expires:
            waivers[waiver.budget] = waiver
    return [
        _judge(budget, *sums.of(budget.scope), waivers.get(budget.name), at) for budget in budgets.budgets
    ]


def verdict(
    judgements: Iterable[BudgetResult], budgets: Budgets, *, complete: bool, resources: int, unpriced: int
) -> tuple[str, str]:
    """The verdict and what is wrong with the coverage (empty when nothing is)."""
    statuses = {judgement.status for judgement in judgements}
    covered = HUNDRED if not resources else Decimal(resources - unpriced) * 100 / resources
    short = budgets.min_percent is not None and covered < budgets.min_percent
    coverage = (
        f"{covered:.1f} % of the resources have a price or are free; at least {budgets.min_percent:f} % must"
        if short
        else ""
    )
    if not complete:
        return INCOMPLETE, coverage
    if FAIL in statuses or (short and budgets.coverage == "mandatory"):
        return FAIL, coverage
    if short or unpriced or statuses - {WITHIN}:
        return ADVISORY, coverage
    return PASS, coverage


def _judge(
    budget: Budget, before: Range, after: Range, unpriced: int, waiver: Waiver | None, at: date
) -> BudgetResult:
    breaches = list(_breaches(budget, before, after, "expected"))
    only_high = [] if breaches else list(_breaches(budget, before, after, "high"))
    if breaches and waiver is not None:
        if at <= waiver.expires:
            reason = (
                f"{'; '.join(breaches)}; waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
            )
            return BudgetResult(budget, before, after, unpriced, WAIVED, reason, waiver)
        breaches.append(f"the waiver of {waiver.owner} expired on {waiver.expires}")
    status = FAIL if breaches else ADVISORY if only_high else WITHIN
    return BudgetResult(budget, before, after, unpriced, status, "; ".join(breaches or only_high), waiver)


def _breaches(budget: Budget, before: Range, after: Range, end: str) -> Iterator[str]:
    was, is_ = getattr(before, end), getattr(after, end)
    increase = is_ - was
    words = "expected cost" if end == "expected" else "high end"
    if budget.monthly_limit is not None and is_ > budget.monthly_limit:
        yield f"{words} ${is_:,.2f} is above the limit of ${budget.monthly_limit:,.2f}"
    words = "expected increase" if end == "expected" else "high end of the increase"
    if budget.max_increase is not None and increase > budget.max_increase:
        yield f"{words} ${increase:,.2f} is above the cap of ${budget.max_increase:,.2f}"
    if budget.max_increase_percent is not None and increase * 100 > budget.max_increase_percent * max(was, 0):
        share = f"{increase * 100 / was:,.1f} %" if was > 0 else "from $0"
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
        found = cost.stack in scope.values
    elif scope.kind == "region":
        found = cost.region in scope.values
    else:
        found = True
    return found, found


class _Sums:
    """Before and after by scope; services and tags are summed when the first budget asks."""

    def __init__(self, costs: list[Cost]) -> None:
        self._costs = costs
        self._services: dict[str, list[Range]] | None = None

    def of(self, scope: Scope) -> tuple[Range, Range, int]:
        if scope.kind == "service":
            return self._of_services(scope.values)
        before = after = NOTHING
        unpriced = 0
        for cost in self._costs:
            was, is_ = _selects(scope, cost)
            if not cost.priced:
                unpriced += was or is_
                continue
            if was:
                before += cost.before
            if is_:
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
            was, is_ = self._services.get(code, (NOTHING, NOTHING))
            before, after = before + was, after + is_
        return before, after, 0
