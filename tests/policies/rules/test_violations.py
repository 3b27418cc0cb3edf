import pytest

from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import Pack
from tests.policies.violations.stack import ADDED_RESOURCES, ADVISORY, CHANGED_RESOURCES, stack_with_change


@pytest.mark.parametrize("row", CHANGED_RESOURCES, ids=lambda row: f"{row[0]}.{row[1]}={row[2]}"[:90])
def test_a_single_violation_is_reported_only_by_its_policy_with_value_and_fix(row):
    resources = stack_with_change(row)
    names = {resource.urn: resource.name for resource in resources}
    diagnostics = Pack().evaluate(*resources)
    assert {diagnostic.policy for diagnostic in diagnostics} == set(row[3].split())
    for diagnostic in diagnostics:
        assert diagnostic.level == ("advisory" if diagnostic.policy in ADVISORY else "mandatory")
        description, what, value, fix = diagnostic.message.split("\n")
        assert description
        assert what.startswith(f"{names[diagnostic.urn]}: ")
        assert value.startswith("  value: ")
        assert fix.startswith("  fix: ")


@pytest.mark.parametrize(
    ("resource", "policy"), [row[1:] for row in ADDED_RESOURCES], ids=[row[0] for row in ADDED_RESOURCES]
)
def test_an_added_resource_is_reported_only_by_its_policy(resource, policy):
    diagnostics = Pack().evaluate(*compliant_stack().values(), resource)
    assert [(diagnostic.policy, diagnostic.urn) for diagnostic in diagnostics] == [(policy, resource.urn)]


def test_every_policy_on_resources_has_a_violation():
    wrong = {policy for row in CHANGED_RESOURCES for policy in row[3].split()} | {
        row[2] for row in ADDED_RESOURCES
    }
    policies = {policy.name for policy in Pack().policies}
    assert len([row for row in CHANGED_RESOURCES if row[3]]) + len(ADDED_RESOURCES) >= 60
    # About the stack, its usage and the file of exemptions: shown in test_budgets, test_estimated_cost,
    # test_costs, test_aurora_storage and test_exemptions.
    about_the_stack = {
        "stack-has-a-budget",
        "estimated-cost-within-budget",
        "one-nat-gateway-outside-prod",
        "aurora-storage-fits-the-io",
    }
    others = {name for name in policies if name.startswith("exemptions-")} | about_the_stack
    assert wrong == policies - others
