"""The budget gate for a policy pack: the cost of a whole stack, from the resources that an analyzer sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from teei_finops.costing.amounts import Range
from teei_finops.costing.budgets.budgets_file import Budget, Budgets, Scope
from teei_finops.costing.budgets.gate import FAIL, Cost, evaluate_budgets, selects
from teei_finops.costing.budgets.savings import Fix, savings
from teei_finops.costing.costs import EXACT, CostOptions, costs_of, project_options, with_config_budgets
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.steps import Step


@dataclass(frozen=True)
class DeclaredResource:
    """A resource as an analyzer sees it; unknown values are the engine's placeholders."""

    urn: str
    name: str
    type: str
    inputs: Mapping[str, Any]
    provider: Mapping[str, Any] = field(default_factory=dict)
    property_dependencies: Mapping[str, Iterable[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A budget whose limit the expected cost exceeds; `urn` is the resource with the largest cost in it."""

    budget: str
    reason: str
    expected: Decimal
    low: Decimal
    high: Decimal
    urn: str


def over_budget(
    declared: Iterable[DeclaredResource],
    *,
    config: Mapping[str, Any],
    root: Path,
    at: date,
    monthly_limit: Decimal | None = None,
) -> list[OverBudget]:
    """Budgets of the stack's config and of `budgets.yaml` under `root` that the whole stack exceeds.

    `monthly_limit` adds one on the stack itself. Caps on increases are left out: an analyzer does not see
    the state before the change. Waivers apply. Raises `SettingError` when a file under `root` cannot be used.
    """
    plan = _plan(declared, config)
    options = project_options(root, at)
    budgets = _limits_only(with_config_budgets(options.budgets, [plan]))
    if monthly_limit is not None:
        own = Budget("monthly_limit_usd", Scope(), monthly_limit)
        budgets = replace(budgets, budgets=(*budgets.budgets, own))
    if not budgets.budgets:
        return []
    options = replace(options, budgets=budgets)
    with localcontext(EXACT):
        costs = [(item.resource, item.cost) for item in costs_of(plan, options.pricing())]
        results = evaluate_budgets([cost for _, cost in costs], budgets, at)
        return [
            OverBudget(
                result.budget.name,
                result.reason,
                result.after.expected,
                result.after.low,
                result.after.high,
                _largest(costs, result.budget.scope),
            )
            for result in results
            if result.status == FAIL
        ]


def saving(
    declared: Iterable[DeclaredResource],
    fix: Fix,
    *,
    config: Mapping[str, Any],
    options: CostOptions,
) -> Range | None:
    """US dollars a month that a fix saves in the stack; None without a price, or where it saves nothing."""
    with localcontext(EXACT):
        return savings(_plan(declared, config), {0: fix}, options.pricing()).get(0)


def _limits_only(budgets: Budgets) -> Budgets:
    limits = (
        replace(budget, max_increase=None, max_increase_percent=None)
        for budget in budgets.budgets
        if budget.monthly_limit is not None
    )
    return replace(budgets, budgets=tuple(limits))


def _largest(costs: list[tuple[Resource, Cost]], scope: Scope) -> str:
    """The URN of the resource with the largest cost in the scope, empty when it counts none."""
    in_scope = [(cost.after.expected, resource.urn) for resource, cost in costs if selects(scope, cost)]
    return max(in_scope)[1] if in_scope else ""


def _plan(declared: Iterable[DeclaredResource], config: Mapping[str, Any]) -> Plan:
    resources = tuple(_resource(resource, config.get("aws:region")) for resource in declared)
    first = resources[0].urn.split("::") if resources else ["", ""]
    return Plan(
        name="stack",
        stack=first[0].removeprefix("urn:pulumi:"),
        project=first[1],
        config=dict(config),
        resources=resources,
        policy=(),
        packs={},
        not_applicable=(),
        errors=(),
        complete=True,
        totals_of="stack",
    )


def _resource(declared: DeclaredResource, default_region: Any) -> Resource:
    inputs = dict(declared.inputs)
    if declared.type.startswith("aws:") and inputs.get("region") is None:
        inputs["region"] = declared.provider.get("region") or default_region
    state = {
        "urn": declared.urn,
        "type": declared.type,
        "custom": True,
        "inputs": inputs,
        "propertyDependencies": {key: list(urns) for key, urns in declared.property_dependencies.items()},
    }
    step = Step("create", declared.urn, declared.type, "", None, state, None, (), ())
    return Resource(
        declared.urn, declared.name, declared.type, "create", None, State(state), "", "", True, step
    )
