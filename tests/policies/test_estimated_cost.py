"""The cost gate inside the pack, through the analyzer protocol."""

import json
from datetime import date

import pytest

from policies import pack as packs
from teei_finops.costing.budgets.policy_gate import DeclaredResource, over_budget
from teei_finops.costing.yaml_file import SettingError
from tests.policies.analyzer import PROD, TODAY, UNKNOWN, Made, Pack
from tests.policies.good import aws, stack

ID = "estimated-cost-within-budget"
VOLUME = "aws:ebs/volume:Volume"
US = {"region": "us-east-1"}


def disk(name: str, size, **more) -> Made:
    made = aws(VOLUME, name, size=size, type="gp3", **more)
    return Made(made.type, made.name, made.props, provider=US)


def config(limit: float, **more) -> dict[str, str]:
    budgets = {"cloud-s3": {"limit": limit, **more}}
    return {**PROD, "teei-finops:budgets": json.dumps(budgets)}


def found(pack: Pack, *made: Made):
    return [report for report in pack.judge(*made) if report.policy == ID]


def test_a_stack_within_its_budget_passes_and_one_dollar_more_is_stopped():
    small = disk("small", 10)
    assert found(Pack(config(8)), small, disk("large", 90)) == []
    (report,) = found(Pack(config(8)), small, disk("large", 103))
    assert report.level == "mandatory"
    assert report.urn.endswith("::large"), "reported with what costs most"
    assert "$9.04 a month" in report.message
    assert "above the limit of $8.00" in report.message
    assert "budget cloud-s3" in report.message


def test_a_budget_counts_only_what_its_scope_names():
    eu = config(1, regions=["eu-central-1"])
    assert found(Pack(eu), disk("us", 900)) == []
    assert len(found(Pack(eu), disk("eu", 900, region="eu-central-1"))) == 1
    assert found(Pack(config(1, services=["Amazon Simple Storage Service"])), disk("us", 900)) == []


def test_a_default_provider_bills_in_the_region_of_the_config():
    bare = aws(VOLUME, "disk", size=900, type="gp3")
    assert found(Pack(config(1)), bare) == [], "no Region is known: it has no price"
    assert len(found(Pack(config(1) | {"aws:region": "us-east-1"}), bare)) == 1


def test_an_unknown_value_leaves_the_resource_without_a_price():
    assert found(Pack(config(1)), disk("odd", UNKNOWN)) == []


def test_a_launch_template_is_found_through_dependencies():
    template = aws("aws:ec2/launchTemplate:LaunchTemplate", "lt", instanceType="m5.4xlarge")
    vm = aws("aws:ec2/instance:Instance", "vm", launchTemplate={"id": UNKNOWN})
    made = Made(vm.type, vm.name, vm.props, provider=US, depends={"launchTemplate": [template.urn]})
    assert len(found(Pack(config(500)), template, made)) == 1
    assert found(Pack(config(600)), template, made) == []


def test_the_option_limits_a_stack_without_budgets():
    small = {**PROD, "teei-finops:budgets": json.dumps({"cloud-s3": {}})}
    pack = Pack(small).configure(estimated_cost_within_budget={"monthly_limit_usd": 7})
    assert len(found(pack, disk("disk", 100))) == 1


def test_the_good_stack_is_within_the_budgets_of_its_config():
    assert found(Pack(), *stack().values()) == []


DISK = DeclaredResource(
    "urn:pulumi:prod::shop::aws:ebs/volume:Volume::disk", "disk", VOLUME, {"size": 100, "type": "gp3"}, US
)


@pytest.mark.parametrize(("day", "stopped"), [(date(2026, 12, 31), False), (date(2027, 1, 1), True)])
def test_a_waiver_in_budgets_yml_lets_it_pass_until_it_expires(tmp_path, day, stopped):
    (tmp_path / "budgets.yaml").write_text(
        "version: 1\nbudgets: [{name: all, scope: {}, monthly_limit_usd: 7, max_increase_usd: 1}]\n"
        "waivers: [{budget: all, owner: cto, reason: launch, expires: 2026-12-31}]\n"
    )
    assert bool(over_budget([DISK], config={}, root=tmp_path, at=day)) is stopped


def test_caps_on_increases_are_not_judged_without_knowing_what_was_there(tmp_path):
    (tmp_path / "budgets.yaml").write_text(
        "version: 1\nbudgets: [{name: all, scope: {}, max_increase_usd: 1, max_increase_percent: 1}]\n"
    )
    assert over_budget([DISK], config={}, root=tmp_path, at=TODAY) == []


def test_the_usage_profile_of_the_project_counts(tmp_path):
    queue = DeclaredResource(
        "urn:pulumi:prod::shop::aws:sqs/queue:Queue::q", "q", "aws:sqs/queue:Queue", {}, US
    )
    limit = {"config": {}, "root": tmp_path, "at": TODAY, "monthly_limit": 4}
    assert over_budget([queue], **limit) == []
    (tmp_path / "usage.yaml").write_text("version: 1\nresources: {q: {monthly_requests: 20000000}}\n")
    assert [each.urn for each in over_budget([queue], **limit)] == [queue.urn]


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "budgets.yaml").write_text("version: 1\nbudgts: []\n")
    with pytest.raises(SettingError, match="did you mean 'budgets'"):
        over_budget([DISK], config={}, root=tmp_path, at=TODAY)


def test_a_file_that_cannot_be_used_stops_a_stack_at_its_first_resource_and_no_empty_one(
    tmp_path, monkeypatch
):
    (tmp_path / "budgets.yaml").write_text("nonsense: 1\n")
    monkeypatch.setattr(packs, "ROOT", tmp_path)
    (report,) = found(Pack(), disk("b", 1), disk("c", 1), disk("a", 1))
    assert report.urn.endswith("::a")
    assert "the cost gate cannot be judged" in report.message
    assert "nonsense" in report.message
    assert found(Pack()) == []
