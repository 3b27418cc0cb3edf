"""Auto Scaling groups."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimates_of,
    lines_by_name,
    price,
    resource,
)

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
SUBNET = "aws:ec2/subnet:Subnet"
LINUX = {"operating_system": "linux"}
PRIVATE = {"networkInterfaces": [{"associatePublicIpAddress": False}]}


def hourly(kind: str, region: str = "us-east-1") -> D:
    return price("AmazonEC2", "instance-linux-shared", kind, region)


def test_a_group_bills_its_template_from_minimum_to_maximum():
    template = resource(
        TEMPLATE,
        {
            "instanceType": "m5.large",
            "blockDeviceMappings": [{"ebs": {"volumeSize": 20, "volumeType": "gp3"}}],
            **PRIVATE,
        },
        name="lt",
        id="lt-1",
        op="same",
    )
    group = {"minSize": 1, "maxSize": 4, "desiredCapacity": 2, "launchTemplate": {"id": "lt-1"}}
    estimate = estimate_of(GROUP, group, template, usage=LINUX)
    one = 730 * hourly("m5.large") + 20 * D("0.08")
    assert (estimate.after.low, estimate.after.expected, estimate.after.high) == (one, 2 * one, 4 * one)


def test_an_unknown_template_id_is_followed_through_property_dependencies():
    template = resource(TEMPLATE, {"instanceType": "c6i.xlarge", **PRIVATE}, name="lt")
    group = {"minSize": 3, "maxSize": 3, "launchTemplate": {"id": UNKNOWN}}
    depends_on = {"launchTemplate": (TEMPLATE, "lt")}
    known = estimate_of(GROUP, group, template, usage=LINUX, depends_on=depends_on)
    assert lines_by_name(known)["c6i.xlarge linux, on demand"] == (3 * D(730), 3 * 730 * hourly("c6i.xlarge"))
    lost = estimate_of(GROUP, group, template, usage=LINUX)
    assert lost.reason == "value unknown until deploy: launchTemplate.id"


def test_a_changed_template_changes_the_group_that_did_not():
    template = resource(TEMPLATE, {"instanceType": "m5.xlarge", **PRIVATE}, name="lt", id="lt-1", op="update")
    template["oldState"] = {**template["newState"], "inputs": {"instanceType": "m5.large", **PRIVATE}}
    group = {"minSize": 2, "maxSize": 2, "launchTemplate": {"id": "lt-1"}}
    estimate = estimates_of(resource(GROUP, group, op="same"), template, usage={"it": LINUX})[0]
    change = estimate.after.expected - estimate.before.expected
    assert change == 2 * 730 * (hourly("m5.xlarge") - hourly("m5.large"))


def mixed(overrides: list[dict], **distribution) -> dict:
    policy = {
        "instancesDistribution": distribution,
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": "lt-1"},
            "overrides": overrides,
        },
    }
    return {"minSize": 8, "maxSize": 8, "mixedInstancesPolicy": policy}


def test_several_types_are_a_range_per_unit_of_capacity_whatever_their_order():
    template = resource(TEMPLATE, {"instanceType": "m5.large", **PRIVATE}, name="lt", id="lt-1")
    types = [
        {"instanceType": "m5.xlarge", "weightedCapacity": "4"},
        {"instanceType": "c5.large", "weightedCapacity": "2"},
    ]
    estimates = [
        estimate_of(GROUP, mixed(order), template, usage=LINUX).after for order in (types, types[::-1])
    ]
    assert estimates[0] == estimates[1]
    cheapest, highest = 4 * 730 * hourly("c5.large"), 2 * 730 * hourly("m5.xlarge")
    disks = [count * 8 * D("0.08") for count in (2, 3)]
    assert estimates[0].expected == (cheapest + highest) / 2 + disks[1]
    assert estimates[0].low == min(cheapest, highest) + disks[0]


def test_mixed_instances_split_into_on_demand_and_spot_from_usage():
    template = resource(TEMPLATE, {"instanceType": "m5.large", **PRIVATE}, name="lt", id="lt-1")
    group = {
        "minSize": 10,
        "maxSize": 10,
        "mixedInstancesPolicy": {
            "instancesDistribution": {"onDemandBaseCapacity": 2, "onDemandPercentageAboveBaseCapacity": 25},
            "launchTemplate": {
                "launchTemplateSpecification": {"launchTemplateId": "lt-1"},
                "overrides": [{"instanceType": "m6i.large"}, {"instanceType": "m5.large"}],
            },
        },
    }
    estimate = estimate_of(GROUP, group, template, usage={**LINUX, "spot_price_usd_per_hour": 0.03})
    lines = lines_by_name(estimate)
    of_both = "any of 2 types from m5.large to m6i.large linux"
    assert lines[f"{of_both}, on demand"] == (4 * D(730), 4 * 730 * hourly("m6i.large"))
    assert lines[f"{of_both}, spot"] == (6 * D(730), 6 * 730 * D("0.03"))
    assert any("any of m5.large, m6i.large" in note for note in estimate.notes)


def test_average_instances_and_hours_replace_what_inputs_give_but_leave_storage():
    template = resource(TEMPLATE, {"instanceType": "m5.large", **PRIVATE}, name="lt", id="lt-1")
    group = {"minSize": 1, "maxSize": 9, "launchTemplate": {"id": "lt-1"}}
    usage = {**LINUX, "average_instances": 3, "monthly_hours": 100}
    lines = lines_by_name(estimate_of(GROUP, group, template, usage=usage))
    assert lines["m5.large linux, on demand"] == (D(300), 300 * hourly("m5.large"))
    assert lines["Root volume: gp3 storage"] == (D(24), 24 * D("0.08"))


def test_a_launch_configuration_has_detailed_monitoring_unless_it_is_disabled():
    configuration = resource(
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        {"name": "lc", "instanceType": "t3.micro", "associatePublicIpAddress": True},
        name="lc",
    )
    group = {"minSize": 1, "maxSize": 1, "launchConfiguration": "lc"}
    lines = lines_by_name(
        estimate_of(GROUP, group, configuration, usage={**LINUX, "monthly_surplus_cpu_credit_hours": 10})
    )
    assert lines["Detailed monitoring (0 to 10,000)"][0] == 7
    assert lines["Public IPv4 address"] == (D(730), 730 * D("0.005"))
    assert lines["Surplus CPU credits"] == (D(10), D("0.5"))


def test_subnets_decide_about_public_addresses_when_the_template_does_not():
    template = resource(TEMPLATE, {"instanceType": "m5.large"}, name="lt", id="lt-1")
    subnet = resource(SUBNET, {"mapPublicIpOnLaunch": True}, name="a", id="subnet-a", op="same")
    group = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}}
    public = estimate_of(GROUP, {**group, "vpcZoneIdentifiers": ["subnet-a"]}, template, subnet, usage=LINUX)
    assert lines_by_name(public)["Public IPv4 address"][0] == 730
    unsure = estimate_of(GROUP, {**group, "vpcZoneIdentifiers": ["subnet-b"]}, template, usage=LINUX)
    address = next(line for line in after_lines(unsure) if line.what == "Public IPv4 address")
    assert (address.quantity.low, address.quantity.high, address.assumed) == (0, 730, True)


def test_what_aws_chooses_at_launch_is_unpriced():
    template = resource(TEMPLATE, {"instanceRequirements": {"vcpuCount": {"min": 2}}}, name="lt", id="lt-1")
    group = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}}
    assert estimate_of(GROUP, group, template, usage=LINUX).reason.startswith("value unknown until deploy")
    gone = estimate_of(GROUP, group, usage=LINUX)
    assert gone.reason.startswith("value unknown until deploy: launchTemplate: the launch template is not")


def test_a_system_without_price_rows_is_unpriced():
    template = resource(TEMPLATE, {"instanceType": "m5.large", **PRIVATE}, name="lt", id="lt-1")
    group = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}}
    assert estimate_of(GROUP, group, template, usage={"operating_system": "rhel"}).reason.startswith(
        "no price in this region: AmazonEC2 instance-rhel-shared m5.large"
    )


def test_subnets_that_disagree_leave_the_address_open():
    template = resource(TEMPLATE, {"instanceType": "m5.large"}, name="lt", id="lt-1")
    subnets = [
        resource(SUBNET, {"mapPublicIpOnLaunch": public}, name=name, id=f"subnet-{name}")
        for name, public in (("a", True), ("b", False))
    ]
    group = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}}
    both = estimate_of(
        GROUP, {**group, "vpcZoneIdentifiers": ["subnet-a", "subnet-b"]}, template, *subnets, usage=LINUX
    )
    address = next(line for line in after_lines(both) if line.what == "Public IPv4 address")
    assert (address.quantity.low, address.quantity.high) == (0, 730)


def test_capacity_counts_units_of_the_first_override():
    template = resource(TEMPLATE, {"instanceType": "m5.large", **PRIVATE}, name="lt", id="lt-1")
    group = {
        "minSize": 20,
        "maxSize": 20,
        "mixedInstancesPolicy": {
            "instancesDistribution": {"onDemandBaseCapacity": 4, "onDemandPercentageAboveBaseCapacity": 0},
            "launchTemplate": {
                "launchTemplateSpecification": {"launchTemplateName": UNKNOWN},
                "overrides": [{"instanceType": "m5.xlarge", "weightedCapacity": "4"}],
            },
        },
    }
    depends_on = {"mixedInstancesPolicy": (TEMPLATE, "lt")}
    usage = {**LINUX, "spot_price_usd_per_hour": 0.05}
    lines = lines_by_name(estimate_of(GROUP, group, template, usage=usage, depends_on=depends_on))
    assert lines["m5.xlarge linux, on demand"] == (D(730), 730 * hourly("m5.xlarge"))
    assert lines["m5.xlarge linux, spot"] == (4 * D(730), 4 * 730 * D("0.05"))
    assert lines["Root volume: gp3 storage"][0] == 5 * 8


def test_a_template_gives_tenancy_more_volumes_monitoring_and_its_market():
    inputs = {
        "instanceType": "m5.large",
        "blockDeviceMappings": [
            {"ebs": {"volumeSize": 8, "volumeType": "gp3"}},
            {"deviceName": "/dev/sdb", "ebs": {"volumeSize": 100, "volumeType": "gp2"}},
            {"deviceName": "/dev/sdc", "noDevice": "true"},
        ],
        "monitoring": {"enabled": True},
        "instanceMarketOptions": {"marketType": "spot", "spotOptions": {"maxPrice": "0.05"}},
        **PRIVATE,
    }
    group = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}}
    lines = lines_by_name(
        estimate_of(GROUP, group, resource(TEMPLATE, inputs, name="lt", id="lt-1"), usage=LINUX)
    )
    assert lines["m5.large linux, spot"] == (D(730), D("36.5"))
    assert lines["Volume /dev/sdb: gp2 storage"] == (D(100), D(10))
    assert lines["Detailed monitoring (0 to 10,000)"] == (D(7), D("2.1"))
    dedicated = {"instanceType": "m5.large", "placement": {"tenancy": "dedicated"}, **PRIVATE}
    assert estimate_of(GROUP, group, resource(TEMPLATE, dedicated, name="lt", id="lt-1")).reason.startswith(
        "no price in this region: m5.large with tenancy dedicated"
    )
    hosted = {"instanceType": "m5.large", "placement": {"tenancy": "host"}, **PRIVATE}
    on_host = estimate_of(GROUP, group, resource(TEMPLATE, hosted, name="lt", id="lt-1"))
    assert list(lines_by_name(on_host)) == ["Root volume: gp3 storage"]
    assert any("Dedicated Host" in note for note in on_host.notes)


def test_a_launch_configuration_gives_disks_and_a_spot_price():
    configuration = resource(
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        {
            "name": "lc",
            "instanceType": "m5.large",
            "spotPrice": "0.05",
            "enableMonitoring": False,
            "associatePublicIpAddress": False,
            "rootBlockDevice": {"volumeSize": 50, "volumeType": "gp2"},
            "ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeSize": 10, "volumeType": "gp2"}],
        },
        name="lc",
    )
    lines = lines_by_name(
        estimate_of(
            GROUP, {"minSize": 2, "maxSize": 2, "launchConfiguration": "lc"}, configuration, usage=LINUX
        )
    )
    assert lines == {
        "m5.large linux, spot": (D(1460), D(73)),
        "Root volume: gp2 storage": (D(100), D(10)),
        "Volume /dev/sdb: gp2 storage": (D(20), D(2)),
    }


def test_a_type_that_is_named_wins_over_requirements():
    both = {"instanceType": "m5.large", "instanceRequirements": {"vcpuCount": {"min": 2}}, **PRIVATE}
    template = resource(TEMPLATE, both, name="lt", id="lt-1")
    group = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}}
    assert "m5.large linux, on demand" in lines_by_name(estimate_of(GROUP, group, template, usage=LINUX))
    policy = {
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": "lt-1"},
            "overrides": [{"instanceRequirements": {"vcpuCount": {"min": 2}}}],
        }
    }
    mixed = {"minSize": 1, "maxSize": 1, "mixedInstancesPolicy": policy}
    assert estimate_of(GROUP, mixed, template).reason.startswith(
        "value unknown until deploy: instanceRequirements"
    )


def test_a_dedicated_launch_configuration_and_a_group_without_instances():
    configuration = resource(
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        {"name": "lc", "instanceType": "m5.large", "placementTenancy": "dedicated"},
        name="lc",
    )
    dedicated = estimate_of(GROUP, {"minSize": 1, "maxSize": 1, "launchConfiguration": "lc"}, configuration)
    assert dedicated.reason.startswith("no price in this region: m5.large with tenancy dedicated")
    none = estimate_of(GROUP, {"minSize": 0, "maxSize": 0, "launchConfiguration": "gone"})
    assert (dollars(none), len(none.notes)) == (0, 1)
    nothing = estimate_of(GROUP, {"minSize": 1, "maxSize": 1})
    assert nothing.reason.startswith("value unknown until deploy: neither a launch template")
