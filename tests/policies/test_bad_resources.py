import pytest

from tests.policies.analyzer import Pack
from tests.policies.bad import ADDED, CHANGED, stack_with
from tests.policies.good import stack

ADVISORY = {"database-is-current-generation"}


@pytest.mark.parametrize("row", CHANGED, ids=lambda row: f"{row[0]}.{row[1]}={row[2]}"[:90])
def test_a_resource_wrong_in_one_way_is_reported_by_the_right_policy_alone_with_value_and_fix(row):
    resources = stack_with(row)
    names = {made.urn: made.name for made in resources}
    found = Pack().judge(*resources)
    assert {report.policy for report in found} == set(row[3].split())
    for report in found:
        assert report.level == ("advisory" if report.policy in ADVISORY else "mandatory")
        description, what, value, fix = report.message.split("\n")
        assert description
        assert what.startswith(f"{names[report.urn]}: ")
        assert value.startswith("  value: ")
        assert fix.startswith("  fix: ")


@pytest.mark.parametrize(("made", "policy"), [row[1:] for row in ADDED], ids=[row[0] for row in ADDED])
def test_a_resource_too_many_is_reported_by_the_right_policy_alone(made, policy):
    found = Pack().judge(*stack().values(), made)
    assert [(report.policy, report.urn) for report in found] == [(policy, made.urn)]


def test_there_are_at_least_sixty_bad_resources_and_each_policy_on_resources_has_one():
    wrong = {policy for row in CHANGED for policy in row[3].split()} | {row[2] for row in ADDED}
    policies = {policy.name for policy in Pack().policies}
    assert len([row for row in CHANGED if row[3]]) + len(ADDED) >= 60
    # About the stack and the file of exemptions: shown in test_budgets, test_estimated_cost, test_exemptions.
    about_the_stack = {"stack-has-a-budget", "estimated-cost-within-budget"}
    others = {name for name in policies if name.startswith("exemptions-")} | about_the_stack
    assert wrong == policies - others
