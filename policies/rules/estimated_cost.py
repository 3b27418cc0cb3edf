"""The estimated cost of the stack, compared with its budgets."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pulumi_policy import Policy
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.evaluation_context import EvaluationContext
from policies.findings import ResourceFinding, Violation
from policies.properties import UNKNOWN
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy
from teei_finops.costing.budgets.policy_gate import DeclaredResource, over_budget
from teei_finops.costing.yaml_file import SettingError


def estimated_cost_within_budget(context: EvaluationContext, root: Path, today: date) -> Policy:
    """Reported for the resource that costs most; `root` holds `budgets.yaml` and `usage.yaml`."""
    rule = Rule(
        "estimated-cost-within-budget",
        {
            "monthly_limit_usd": {
                "type": "number",
                "minimum": 0,
                "default": 0,
                "description": "a monthly limit for the whole stack in US dollars; 0 for none",
            }
        },
    )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        resources = stack.resources(lambda token: not token.startswith("pulumi:"))
        limit = Decimal(str(options["monthly_limit_usd"]))
        try:
            exceeded = over_budget(
                map(_declared, resources),
                config=context.stack_context.config,
                root=root,
                at=today,
                monthly_limit=limit or None,
            )
        except SettingError as error:
            if resources:
                violation = Violation("", "the budgets cannot be checked", str(error), "correct the file")
                yield resources[0], violation
            return
        by_urn = {resource.urn: resource for resource in resources}
        for budget in exceeded:
            yield (
                by_urn[budget.urn],
                Violation(
                    "",
                    f"budget {budget.budget}: {budget.reason}; this resource has the largest share",
                    f"${budget.expected:,.2f} a month (${budget.low:,.2f} to ${budget.high:,.2f})",
                    "reduce the cost, raise the limit, or add a waiver to budgets.yaml",
                ),
            )

    return stack_policy(rule, context, check)


def _declared(resource: Resource) -> DeclaredResource:
    inputs = _with_placeholders(resource.inputs.data)
    provider = _with_placeholders(resource.provider.data)
    return DeclaredResource(
        resource.urn,
        resource.name,
        resource.type,
        inputs if isinstance(inputs, dict) else {},
        provider if isinstance(provider, dict) else {},
        resource.dependencies,
    )


def _with_placeholders(value: Any) -> Any:
    """The value with the engine's placeholder where it is unknown, as in a preview."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: _with_placeholders(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_placeholders(child) for child in value]
    return value
