"""The report: plans, what the policies reported of them, and what they cost, as one document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import localcontext

from teei_finops.costing.budgets.gate import Cost, evaluate_budgets, verdict
from teei_finops.costing.costs import EXACT, CostOptions, costs_of, with_config_budgets
from teei_finops.costing.estimate import Estimate
from teei_finops.costing.preview.plan import Plan, Resource
from teei_finops.costing.preview.steps import PreviewError
from teei_finops.policy_report import PolicyReport
from teei_finops.review.planned_changes import stack_plan
from teei_finops.review.policy_results import policy_results
from teei_finops.review.report_rows import (
    budget_row,
    commitment_rows,
    coverage_row,
    resource_row,
    stack_row,
    sums,
)
from teei_finops.review.report_schema import (
    VERSION,
    PolicyResults,
    Report,
    ResourceRow,
    StackTotals,
    WarningRow,
)


def build_report(
    plans: Sequence[Plan],
    options: CostOptions,
    policy_reports: Mapping[str, PolicyReport] | None = None,
    base: str | None = None,
    base_policy_reports: Mapping[str, PolicyReport] | None = None,
    *,
    every_stack: bool = True,
) -> Report:
    """The report of one or more stacks; policy reports, those of the base too, are by the name of the plan.

    Without `every_stack` the project has other stacks, to which entries of the usage profile may belong.
    Raises `PreviewError` when two previews contain the same resource.
    """
    with localcontext(EXACT):
        policies = policy_results(plans, policy_reports or {}, options, base_policy_reports)
        return _build(plans, options, policies, base, every_stack)


def _build(
    plans: Sequence[Plan],
    options: CostOptions,
    policies: PolicyResults,
    base: str | None,
    every_stack: bool,
) -> Report:
    pricing = options.pricing()
    costs: list[Cost] = []
    resources: list[ResourceRow] = []
    stacks: list[StackTotals] = []
    warnings: list[WarningRow] = []
    plan_by_urn: dict[str, Plan] = {}
    unverified: list[str] = []
    for plan in plans:
        first = len(costs)
        for item in costs_of(plan, pricing):
            other = plan_by_urn.setdefault(item.resource.urn, plan)
            if other is not plan:
                raise PreviewError(
                    f"{plan.name}: contains {item.resource.urn}, as does {other.name}; "
                    "give one preview for each stack"
                )
            costs.append(item.cost)
            resources.append(resource_row(plan, item.resource, item.estimate, item.cost.after_tags))
            warnings.extend(_resource_warnings(item.resource, item.estimate))
            if _has_unverified_price(item.estimate):
                unverified.append(item.resource.name)
        stacks.append(stack_row(plan, costs[first:]))
        if plan.totals_of == "change":
            warnings.append(_totals_warning(plan))
    if every_stack:
        warnings += [
            _warning(f"usage profile: no resource matches {pattern!r}")
            for pattern in options.usage.unmatched(plan_by_urn)
        ]
    if unverified:
        warnings.append(
            _warning(
                f"resources with a price that no public source confirms: {len(unverified)}, such as "
                f"{unverified[0]}; run teei-finops explain NAME review.json for the source of each price"
            )
        )
    budgets = with_config_budgets(options.budgets, plans)
    budget_results = evaluate_budgets(costs, budgets, options.at)
    coverage = Counter(row["state"] for row in resources)
    budget_verdict, coverage_warning = verdict(
        budget_results,
        budgets,
        complete=all(plan.complete for plan in plans),
        priced=coverage["priced"] + coverage["usage"],
        unpriced=coverage["unpriced"],
        partly_priced=sum("unpriced_lines" in row for row in resources),
    )
    if coverage_warning:
        warnings.append(_warning(coverage_warning))
    before, after, change = sums(costs)
    at_list_prices, effective, commitments = commitment_rows(costs, options.budgets, options.at)
    warnings += [
        _warning(f"budgets.yaml: {commitment.name} ended on {commitment.until}")
        for commitment in options.budgets.commitments
        if not commitment.is_in_force(options.at)
    ]
    return {
        "version": VERSION,
        "currency": "USD",
        "price_date": options.book.newest,
        "review_date": options.at.isoformat(),
        "base": base,
        "totals_of": "change" if any(plan.totals_of == "change" for plan in plans) else "stack",
        "before": before,
        "after": after,
        "change": change,
        "at_list_prices": at_list_prices,
        "effective": effective,
        "commitments": commitments,
        "coverage": coverage_row(coverage),
        "resources": resources,
        "stacks": stacks,
        "budgets": [budget_row(result) for result in budget_results],
        "warnings": warnings,
        "verdict": budget_verdict,
        "plan": [stack_plan(plan) for plan in plans],
        "policy": policies,
    }


def _has_unverified_price(estimate: Estimate) -> bool:
    lines = (*estimate.before_lines, *estimate.after_lines, *estimate.allocation_lines)
    return any(line.unverified for line in lines)


def _resource_warnings(resource: Resource, estimate: Estimate) -> Iterable[WarningRow]:
    if resource.retain_on_delete and resource.op == "delete":
        yield _warning(
            f"{resource.name} is kept on delete (retainOnDelete), so it is still billed", resource.urn
        )
    if resource.retain_on_delete and resource.op == "replace":
        yield _warning(
            f"the replaced {resource.name} is kept (retainOnDelete), so both are billed", resource.urn
        )
    for line in estimate.unpriced_lines:
        yield _warning(f"{resource.name} costs at least what is shown; not priced: {line}", resource.urn)
    if estimate.allocation_problem:
        yield _warning(f"{resource.name}: share of the nodes: {estimate.allocation_problem}", resource.urn)


def _totals_warning(plan: Plan) -> WarningRow:
    return _warning(
        f"{plan.name} omits unchanged resources, so its totals are of the change only; "
        "for those of the stack, run `pulumi preview --json --show-sames`"
    )


def _warning(message: str, urn: str = "") -> WarningRow:
    return {"urn": urn, "message": message}
