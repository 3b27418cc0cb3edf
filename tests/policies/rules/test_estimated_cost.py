"""The policy on the estimated cost, through the analyzer protocol."""

import json
from datetime import date

import pytest

from policies import pack as pack_module
from teei_finops.costing.budgets.policy_gate import DeclaredResource, over_budget
from teei_finops.costing.yaml_file import SettingError
from tests.policies.compliant_aws import aws_resource
from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import PROD, TODAY, UNKNOWN, FakeResource, Pack

ID = "estimated-cost-within-budget"
VOLUME = "aws:ebs/volume:Volume"
US = {"region": "us-east-1"}


def disk(name: str, size, **more) -> FakeResource:
    resource = aws_resource(VOLUME, name, size=size, type="gp3", **more)
    return FakeResource(resource.type, resource.name, resource.inputs, provider=US)


def config(limit: float, **more) -> dict[str, str]:
    budgets = {"cloud-s3": {"limit": limit, **more}}
    return {**PROD, "teei-finops:budgets": json.dumps(budgets)}


def reported(pack: Pack, *resource: FakeResource):
    return [diagnostic for diagnostic in pack.evaluate(*resource) if diagnostic.policy == ID]


def test_a_stack_within_its_budget_passes_and_one_dollar_more_is_blocked():
    small = disk("small", 10)
    assert reported(Pack(config(8)), small, disk("large", 90)) == []
    (diagnostic,) = reported(Pack(config(8)), small, disk("large", 103))
    assert diagnostic.level == "mandatory"
    assert diagnostic.urn.endswith("::large"), "reported with what costs most"
    assert "$9.04 a month" in diagnostic.message
    assert "above the limit of $8.00" in diagnostic.message
    assert "budget cloud-s3" in diagnostic.message


def test_a_budget_counts_only_the_resources_in_its_scope():
    eu = config(1, regions=["eu-central-1"])
    assert reported(Pack(eu), disk("us", 900)) == []
    assert len(reported(Pack(eu), disk("eu", 900, region="eu-central-1"))) == 1
    assert reported(Pack(config(1, services=["Amazon Simple Storage Service"])), disk("us", 900)) == []


def test_a_default_provider_uses_the_region_of_the_config():
    bare = aws_resource(VOLUME, "disk", size=900, type="gp3")
    assert reported(Pack(config(1)), bare) == [], "no Region is known: it has no price"
    assert len(reported(Pack(config(1) | {"aws:region": "us-east-1"}), bare)) == 1


def test_an_unknown_value_leaves_the_resource_without_a_price():
    assert reported(Pack(config(1)), disk("odd", UNKNOWN)) == []


def test_a_launch_template_is_found_through_dependencies():
    template = aws_resource("aws:ec2/launchTemplate:LaunchTemplate", "lt", instanceType="m5.4xlarge")
    vm = aws_resource("aws:ec2/instance:Instance", "vm", launchTemplate={"id": UNKNOWN})
    resource = FakeResource(
        vm.type, vm.name, vm.inputs, provider=US, dependencies={"launchTemplate": [template.urn]}
    )
    assert len(reported(Pack(config(500)), template, resource)) == 1
    assert reported(Pack(config(600)), template, resource) == []


def test_the_option_limits_a_stack_without_budgets():
    small = {**PROD, "teei-finops:budgets": json.dumps({"cloud-s3": {}})}
    pack = Pack(small).configure(estimated_cost_within_budget={"monthly_limit_usd": 7})
    assert len(reported(pack, disk("disk", 100))) == 1


def test_the_compliant_stack_is_within_its_budgets():
    assert reported(Pack(), *compliant_stack().values()) == []


DISK = DeclaredResource(
    "urn:pulumi:prod::shop::aws:ebs/volume:Volume::disk", "disk", VOLUME, {"size": 100, "type": "gp3"}, US
)


@pytest.mark.parametrize(("day", "blocked"), [(date(2026, 12, 31), False), (date(2027, 1, 1), True)])
def test_a_waiver_in_budgets_yaml_applies_until_it_expires(tmp_path, day, blocked):
    (tmp_path / "budgets.yaml").write_text(
        "version: 1\nbudgets: [{name: all, scope: {}, monthly_limit_usd: 7, max_increase_usd: 1}]\n"
        "waivers: [{budget: all, owner: cto, reason: launch, expires: 2026-12-31}]\n"
    )
    assert bool(over_budget([DISK], config={}, root=tmp_path, at=day)) is blocked


def test_limits_on_increases_are_not_checked_without_the_state_before(tmp_path):
    (tmp_path / "budgets.yaml").write_text(
        "version: 1\nbudgets: [{name: all, scope: {}, max_increase_usd: 1, max_increase_percent: 1}]\n"
    )
    assert over_budget([DISK], config={}, root=tmp_path, at=TODAY) == []


def test_the_usage_profile_of_the_project_is_applied(tmp_path):
    queue = DeclaredResource(
        "urn:pulumi:prod::shop::aws:sqs/queue:Queue::q", "q", "aws:sqs/queue:Queue", {}, US
    )
    limit = {"config": {}, "root": tmp_path, "at": TODAY, "monthly_limit": 4}
    assert over_budget([queue], **limit) == []
    (tmp_path / "usage.yaml").write_text("version: 1\nresources: {q: {monthly_requests: 20000000}}\n")
    assert [budget.urn for budget in over_budget([queue], **limit)] == [queue.urn]


def test_an_invalid_budgets_file_is_an_error(tmp_path):
    (tmp_path / "budgets.yaml").write_text("version: 1\nbudgts: []\n")
    with pytest.raises(SettingError, match="did you mean 'budgets'"):
        over_budget([DISK], config={}, root=tmp_path, at=TODAY)


def test_an_invalid_budgets_file_blocks_a_stack_unless_it_is_empty(tmp_path, monkeypatch):
    (tmp_path / "budgets.yaml").write_text("nonsense: 1\n")
    monkeypatch.setattr(pack_module, "ROOT", tmp_path)
    (diagnostic,) = reported(Pack(), disk("b", 1), disk("c", 1), disk("a", 1))
    assert diagnostic.urn.endswith("::a")
    assert "the budgets cannot be checked" in diagnostic.message
    assert "nonsense" in diagnostic.message
    assert reported(Pack()) == []
