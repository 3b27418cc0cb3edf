"""EC2 fleets, spot fleets and capacity reservations."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
    after_lines,
    estimate_of,
    lines_by_name,
    price,
    resource,
)

FLEET, SPOT_FLEET = "aws:ec2/fleet:Fleet", "aws:ec2/spotFleetRequest:SpotFleetRequest"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
TEMPLATE = resource(
    "aws:ec2/launchTemplate:LaunchTemplate",
    {"instanceType": "m5.large", "networkInterfaces": [{"associatePublicIpAddress": False}]},
    name="lt",
    id="lt-1",
)
LINUX = {"operating_system": "linux"}


def hourly(kind: str) -> D:
    return price("AmazonEC2", "instance-linux-shared", kind)


def test_a_fleet_bills_its_targets_on_demand_and_on_spot():
    inputs = {
        "launchTemplateConfigs": [{"launchTemplateSpecification": {"launchTemplateId": "lt-1"}}],
        "targetCapacitySpecification": {
            "defaultTargetCapacityType": "spot",
            "totalTargetCapacity": 10,
            "onDemandTargetCapacity": 4,
        },
    }
    usage = {**LINUX, "spot_discount_percent": 50}
    lines = lines_by_name(estimate_of(FLEET, inputs, TEMPLATE, usage=usage))
    assert lines["m5.large linux, on demand"] == (D(4 * 730), 4 * 730 * hourly("m5.large"))
    assert lines["m5.large linux, spot"] == (D(6 * 730), 6 * 730 * hourly("m5.large") / 2)
    assert lines["Root volume: gp3 storage"][0] == 80


def test_a_spot_fleet_is_a_range_over_its_specifications():
    specification = {"associatePublicIpAddress": False, "rootBlockDevices": [{"volumeSize": 20}]}
    inputs = {
        "targetCapacity": 8,
        "launchSpecifications": [
            {**specification, "instanceType": "m5.xlarge", "weightedCapacity": "4"},
            {**specification, "instanceType": "m5.large", "weightedCapacity": "2"},
        ],
    }
    hours, disks = after_lines(estimate_of(SPOT_FLEET, inputs, usage={**LINUX, "spot_discount_percent": 50}))
    assert hours.amount.expected == 8 * 730 * hourly("m5.large") / 2 / 2
    assert (disks.quantity.low, disks.quantity.expected, disks.quantity.high) == (40, 60, 80)


def test_a_reservation_bills_what_instances_of_the_plan_do_not_use():
    inputs = {"instanceType": "m5.large", "instanceCount": 3, "instancePlatform": "Linux/UNIX"}
    instance = resource("aws:ec2/instance:Instance", {"instanceType": "m5.large"}, name="web")
    after = estimate_of(RESERVATION, inputs, instance).after
    full = 730 * hourly("m5.large")
    assert (after.low, after.expected, after.high) == (0, 2 * full, 3 * full)
