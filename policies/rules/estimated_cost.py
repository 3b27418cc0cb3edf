"""What the stack is estimated to cost, against its budgets."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pulumi_policy import Policy, Severity

from policies.rule import Breach, Context, Located, Options, Resource, Rule, Stack, stack_policy
from policies.values import UNKNOWN
from teei_finops.costing.budgets.policy_gate import DeclaredResource, over_budget
from teei_finops.costing.preview.values import UNKNOWN as PLACEHOLDER
from teei_finops.costing.yaml_file import SettingError

SECTION = "Cloud Cost Tracking"


def estimated_cost_within_budget(context: Context, root: Path, today: date) -> Policy:
    """Reported with the resource that costs most; `root` holds `budgets.yaml` and `usage.yaml`."""
    rule = Rule(
        id="estimated-cost-within-budget",
        description="Keep the expected monthly cost of the stack's resources within each budget's limit.",
        severity=Severity.CRITICAL,
        section=SECTION,
        fix="Make the stack cheaper, raise the budget's limit, or add a waiver to budgets.yaml.",
        options={
            "monthly_limit_usd": {
                "type": "number",
                "minimum": 0,
                "default": 0,
                "description": "a monthly limit on the whole stack, US dollars; 0 for none",
            }
        },
        tags=("budgeting",),
    )

    def check(stack: Stack, options: Options) -> Iterator[Located]:
        resources = stack.of(lambda token: not token.startswith("pulumi:"))
        limit = Decimal(str(options["monthly_limit_usd"]))
        try:
            found = over_budget(
                map(_declared, resources),
                config=context.facts.config,
                root=root,
                at=today,
                monthly_limit=limit or None,
            )
        except SettingError as error:
            if resources:
                yield resources[0], Breach("the cost gate cannot be judged", str(error), "correct the file")
            return
        by_urn = {resource.urn: resource for resource in resources}
        for each in found:
            yield (
                by_urn[each.urn],
                Breach(
                    f"budget {each.budget}: {each.reason}; this resource costs most of it",
                    f"${each.expected:,.2f} a month (${each.low:,.2f} to ${each.high:,.2f})",
                    "make it cheaper, raise the limit, or waive it in budgets.yaml (owner, reason, expiry)",
                ),
            )

    return stack_policy(rule, context, check)


def _declared(resource: Resource) -> DeclaredResource:
    props = _shown(resource.props.data)
    provider = _shown(resource.provider.data)
    return DeclaredResource(
        resource.urn,
        resource.name,
        resource.type,
        props if isinstance(props, dict) else {},
        provider if isinstance(provider, dict) else {},
        resource.dependencies,
    )


def _shown(value: Any) -> Any:
    """The value with the engine's placeholder where it is unknown."""
    if value is UNKNOWN:
        return PLACEHOLDER
    if isinstance(value, Mapping):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return value
