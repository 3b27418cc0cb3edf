"""EKS control planes by version and day, node groups, Fargate profiles."""

from __future__ import annotations

from datetime import date

import pytest

from teei_finops.costing.estimate import PlanEstimator
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing
from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    amounts_by_name,
    dollars,
    estimate_of,
    estimates_of,
    lines_by_name,
    plan,
    price,
    resource,
)

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
LINUX = {"operating_system": "linux"}


def on(day: date, inputs: dict) -> D:
    the_plan = plan(resource(CLUSTER, inputs))
    estimate = PlanEstimator(the_plan, Pricing(list_prices(), day)).estimate(the_plan.resources[0])
    return dollars(estimate)


@pytest.mark.parametrize(
    ("version", "day", "hourly"),
    [
        ("1.33", date(2026, 7, 29), "0.1"),
        ("1.33", date(2026, 7, 30), "0.6"),
        ("1.36", date(2026, 11, 24), "0.1"),
        ("1.99", date(2026, 11, 24), "0.1"),
        ("1.20", date(2026, 11, 24), "0.6"),
    ],
)
def test_extended_support_begins_the_day_after_standard_support_ends(version, day, hourly):
    assert on(day, {"version": version}) == 730 * D(hourly)


def test_the_upgrade_policy_standard_excludes_extended_support():
    inputs = {"version": "1.31", "upgradePolicy": {"supportType": "STANDARD"}}
    assert dollars(estimate_of(CLUSTER, inputs)) == 73
    extended = lines_by_name(
        estimate_of(CLUSTER, {"version": "1.31"}, region=EU, usage={"monthly_hours": 100})
    )
    assert extended == {"Control plane": (D(100), D(10)), "Extended support": (D(100), D(50))}


def test_the_instances_of_auto_mode_are_billed_where_usage_states_their_hours():
    auto = {"version": "1.35", "computeConfig": {"enabled": True}}
    assert amounts_by_name(estimate_of(CLUSTER, auto)) == {"Control plane": 73}
    (missing,) = estimate_of(CLUSTER, auto).unpriced_lines
    assert missing.startswith("Auto Mode instances: usage missing: c6a.2xlarge hours in usage")
    usage = {"monthly_auto_mode_instance_hours": 100}
    assert amounts_by_name(estimate_of(CLUSTER, auto, usage=usage)) == {
        "Auto Mode instances": 100 * price("AmazonEC2", "instance-linux-shared", "c6a.2xlarge"),
        "Auto Mode fee": 100 * price("AmazonEKS", "auto-mode", "c6a.2xlarge"),
        "Control plane": 73,
    }


def test_provisioned_control_planes_are_unpriced():
    tier = estimate_of(CLUSTER, {"version": "1.35", "controlPlaneScalingConfig": {"tier": "tier-xl"}})
    assert tier.reason.startswith("no price in this region: AmazonEKS provisioned-control-plane tier-xl")


def test_a_node_group_ranges_over_its_sizes_and_pays_for_its_disks():
    inputs = {
        "instanceTypes": ["m6i.xlarge"],
        "diskSize": 50,
        "scalingConfig": {"minSize": 2, "desiredSize": 3, "maxSize": 6},
        "subnetIds": ["subnet-a"],
    }
    subnet = resource("aws:ec2/subnet:Subnet", {}, name="a", id="subnet-a")
    after = estimate_of(GROUP, inputs, subnet, region=EU, usage=LINUX).after
    rate = price("AmazonEC2", "instance-linux-shared", "m6i.xlarge", EU)
    node = 730 * rate + 50 * price("AmazonEC2", "ebs", "gp2-storage", EU)
    assert (after.low, after.expected, after.high) == (2 * node, 3 * node, 6 * node)


def test_a_doubled_maximum_changes_only_the_high_end():
    inputs = {"instanceTypes": ["m5.large"], "scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 2}}
    step = resource(
        GROUP, {**inputs, "scalingConfig": {**inputs["scalingConfig"], "maxSize": 4}}, op="update"
    )
    step["oldState"] = {**step["newState"], "inputs": inputs}
    estimate = estimates_of(step, usage={"it": LINUX})[0]
    change = estimate.after - estimate.before
    assert (change.low, change.expected) == (0, 0)
    rate = price("AmazonEC2", "instance-linux-shared", "m5.large")
    assert change.high == 2 * (730 * rate + 20 * D("0.1") + D("3.65"))


def test_a_launch_template_known_by_dependency_gives_type_and_disks():
    template = resource(
        TEMPLATE,
        {
            "instanceType": "c6i.large",
            "blockDeviceMappings": [{"ebs": {"volumeSize": 80, "volumeType": "gp3"}}],
        },
        name="lt",
    )
    inputs = {
        "launchTemplate": {"id": UNKNOWN, "version": UNKNOWN},
        "scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 1},
    }
    depends_on = {"launchTemplate": (TEMPLATE, "lt")}
    lines = lines_by_name(estimate_of(GROUP, inputs, template, usage=LINUX, depends_on=depends_on))
    rate = price("AmazonEC2", "instance-linux-shared", "c6i.large")
    assert lines["c6i.large linux, on demand"] == (D(730), 730 * rate)
    assert lines["Root volume: gp3 storage"] == (D(80), D("6.4"))


def test_spot_nodes_have_the_price_from_usage_and_windows_images_the_windows_rate():
    sizes = {"scalingConfig": {"minSize": 2, "desiredSize": 2, "maxSize": 2}, "instanceTypes": ["m5.large"]}
    usage = {**LINUX, "spot_price_usd_per_hour": 0.04, "monthly_hours": 100}
    lines = lines_by_name(estimate_of(GROUP, {**sizes, "capacityType": "SPOT"}, usage=usage))
    assert lines["m5.large linux, spot"] == (D(200), D(8))
    assert lines["Root volume: gp2 storage"] == (D(40), D(4))
    windows = lines_by_name(estimate_of(GROUP, {**sizes, "amiType": "WINDOWS_CORE_2022_x86_64"}))
    rate = price("AmazonEC2", "instance-windows-shared", "m5.large")
    assert windows["m5.large windows, on demand"] == (D(1460), 1460 * rate)
    assert windows["Root volume: gp2 storage"][0] == 100


def test_unknown_sizes_are_unpriced_and_average_instances_replaces_them():
    unknown = {"scalingConfig": {"minSize": UNKNOWN, "desiredSize": 1, "maxSize": 1}}
    assert estimate_of(GROUP, unknown).reason == "value unknown until deploy: scalingConfig.minSize"
    usage = {**LINUX, "average_instances": 5, "monthly_surplus_cpu_credit_hours": 100}
    lines = lines_by_name(estimate_of(GROUP, unknown, usage=usage))
    assert lines["t3.medium linux, on demand"][0] == 5 * 730
    assert lines["Surplus CPU credits"] == (D(100), D(5))


def test_a_fargate_profile_bills_what_its_pods_use():
    usage = {
        "monthly_vcpu_hours": 100,
        "monthly_memory_gb_hours": 200,
        "monthly_ephemeral_storage_gb_hours": 1000,
    }
    lines = lines_by_name(estimate_of("aws:eks/fargateProfile:FargateProfile", {}, usage=usage))
    assert lines["Pod vCPU"][1] == D("4.048")
    assert lines["Pod memory"][1] == D("0.889")
    assert lines["Ephemeral storage above 20 GB"] == (D(1000), D("0.111"))
    vcpu, memory = after_lines(estimate_of("aws:eks/fargateProfile:FargateProfile", {}))
    assert (vcpu.quantity.low, vcpu.quantity.expected, vcpu.quantity.high) == (0, 730, 7300)
    assert (memory.quantity.low, memory.quantity.expected, memory.quantity.high) == (0, 1460, 14600)
    assert vcpu.assumed
    assert memory.assumed


def test_the_types_of_a_group_win_over_its_template_and_are_a_range_whatever_their_order():
    one = {"scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 1}, "launchTemplate": {"id": "lt-1"}}
    template = resource(TEMPLATE, {"networkInterfaces": [{}]}, name="lt", id="lt-1")
    several = estimate_of(GROUP, {**one, "instanceTypes": ["m5.large", "m5a.large"]}, template, usage=LINUX)
    reversed_types = {**one, "instanceTypes": ["m5a.large", "m5.large"]}
    assert estimate_of(GROUP, reversed_types, template, usage=LINUX).after == several.after
    hours = after_lines(several)[0]
    assert hours.what == "any of 2 types from m5.large to m5a.large linux, on demand"
    assert (hours.amount.low, hours.amount.expected, hours.amount.high) == (
        730 * D("0.086"),
        730 * D("0.091"),
        730 * D("0.096"),
    )
    assert any("any of m5.large, m5a.large" in note for note in several.notes)
    alone = estimate_of(GROUP, {**one, "instanceTypes": ["m5.large"]}, template, usage=LINUX)
    assert not any("any of" in note for note in alone.notes)
    assert "t3.medium linux, on demand" in lines_by_name(estimate_of(GROUP, one, template, usage=LINUX))
    chosen = resource(TEMPLATE, {"instanceRequirements": {"vcpuCount": {"min": 2}}}, name="lt", id="lt-1")
    assert estimate_of(GROUP, one, chosen, usage=LINUX).reason.startswith(
        "value unknown until deploy: instanceRequirements"
    )


def test_missing_nodes_and_versions_have_a_note():
    none = estimate_of(GROUP, {"scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 0}})
    assert (dollars(none), none.notes) == (0, ("no nodes: its sizes are 0",))
    assert any("newest one assumed" in note for note in estimate_of(CLUSTER, {}).notes)
    upgraded = estimate_of(CLUSTER, {}, op="same", outputs={"version": "1.30"})
    assert dollars(upgraded) == 438


def test_the_credit_mode_of_the_template_decides_about_surplus_credits():
    one = {"scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 1}, "launchTemplate": {"id": "lt-1"}}
    usage = {**LINUX, "monthly_surplus_cpu_credit_hours": 10}
    for mode, billed in (("unlimited", True), ("standard", False)):
        inputs = {"instanceType": "t3.large", "creditSpecification": {"cpuCredits": mode}}
        template = resource(TEMPLATE, inputs, name="lt", id="lt-1")
        assert (
            "Surplus CPU credits" in lines_by_name(estimate_of(GROUP, one, template, usage=usage))
        ) is billed
