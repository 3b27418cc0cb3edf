"""Spot requests and Dedicated Hosts."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    after_lines,
    dollars,
    estimate_of,
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


def test_spot_without_a_price_in_usage_is_10_to_100_percent_of_on_demand():
    inputs = {
        "instanceType": "m5.large",
        "associatePublicIpAddress": False,
        "rootBlockDevice": {"volumeSize": 8, "volumeType": "gp3"},
    }
    estimate = estimate_of("aws:ec2/spotInstanceRequest:SpotInstanceRequest", inputs, usage=LINUX)
    disk = 8 * D("0.08")
    full = 730 * hourly("m5.large")
    assert (estimate.after.low, estimate.after.expected) == (full / 10 + disk, full + disk)
    assert estimate.after.high == full + disk
    assert after_lines(estimate)[0].assumed
    capped = estimate_of(
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest", {**inputs, "spotPrice": "0.04"}, usage=LINUX
    )
    assert capped.after.high == 730 * D("0.04") + disk


def test_a_host_is_billed_by_its_family():
    host = "aws:ec2/dedicatedHost:DedicatedHost"
    assert dollars(estimate_of(host, {"instanceType": "c5.xlarge"})) == 730 * D("3.366")
    assert dollars(estimate_of(host, {"instanceFamily": "c5"}, usage={"monthly_hours": 100})) == D("336.6")
    assert estimate_of(host, {"instanceFamily": "c5"}, region=EU).reason.startswith("no price in this region")


def test_a_spot_request_bills_its_volumes_address_and_transfer():
    inputs = {
        "instanceType": "m5.large",
        "associatePublicIpAddress": True,
        "monitoring": True,
        "rootBlockDevice": {"volumeSize": 8},
        "ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeSize": 10, "volumeType": "gp2"}],
    }
    usage = {**LINUX, "spot_price_usd_per_hour": 0.02, "monthly_internet_egress_gb": 10}
    lines = lines_by_name(estimate_of("aws:ec2/spotInstanceRequest:SpotInstanceRequest", inputs, usage=usage))
    assert lines == {
        "m5.large linux, spot": (D(730), D("14.6")),
        "Root volume: gp3 storage": (D(8), D("0.64")),
        "Volume /dev/sdb: gp2 storage": (D(10), D(1)),
        "Detailed monitoring (0 to 10,000)": (D(7), D("2.1")),
        "Public IPv4 address": (D(730), D("3.65")),
        "Data out to the internet (0 to 10,240)": (D(10), D("0.9")),
    }


def test_a_spot_request_takes_type_and_disks_from_its_template():
    inputs = {
        "name": "lt",
        "instanceType": "m5.large",
        "blockDeviceMappings": [{"ebs": {"volumeSize": 30, "volumeType": "gp3"}}],
        **PRIVATE,
    }
    request = {"launchTemplate": {"name": "lt"}, "spotPrice": "0.03"}
    usage = {**LINUX, "monthly_hours": 100, "spot_price_usd_per_hour": 0.02}
    token = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
    assert lines_by_name(estimate_of(token, request, resource(TEMPLATE, inputs, name="lt"), usage=usage)) == {
        "m5.large linux, spot": (D(100), D(2)),
        "Root volume: gp3 storage": (D(30), D("2.4")),
    }
    assert (
        estimate_of(token, request, usage=usage).reason
        == "value unknown until deploy: instanceType is not set"
    )
