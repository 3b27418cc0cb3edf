"""EC2 instances with their volumes, and EBS volumes of their own."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
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

INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
LINUX = {"operating_system": "linux"}
PLAIN = {
    "instanceType": "m5.large",
    "associatePublicIpAddress": False,
    "rootBlockDevice": {"volumeType": "gp3", "volumeSize": 20},
}


@pytest.mark.parametrize("region", ["us-east-1", EU])
def test_an_instance_bills_hours_and_its_root_volume(region):
    rate = price("AmazonEC2", "instance-linux-shared", "m5.large", region)
    storage = price("AmazonEC2", "ebs", "gp3-storage", region)
    assert lines_by_name(estimate_of(INSTANCE, PLAIN, region=region, usage=LINUX)) == {
        "m5.large linux, on demand": (D(730), 730 * rate),
        "Root volume: gp3 storage": (D(20), 20 * storage),
    }


def test_a_stopped_instance_keeps_its_volumes():
    lines = lines_by_name(estimate_of(INSTANCE, PLAIN, usage={**LINUX, "monthly_hours": 100}))
    assert lines["m5.large linux, on demand"][0] == 100
    assert lines["Root volume: gp3 storage"] == (D(20), D("1.6"))


def test_the_image_hides_the_system_and_the_size_of_the_disk():
    assumed = estimate_of(INSTANCE, {"instanceType": "m5.large", "associatePublicIpAddress": False})
    disk = after_lines(assumed)[1].quantity
    assert (disk.low, disk.expected, disk.high, disk.assumed) == (8, 8, 30, True)
    assert any("Linux" in note for note in assumed.notes)
    windows = lines_by_name(estimate_of(INSTANCE, PLAIN, usage={"operating_system": "windows"}))
    rate = price("AmazonEC2", "instance-windows-shared", "m5.large")
    assert windows["m5.large windows, on demand"][1] == 730 * rate
    assert estimate_of(INSTANCE, PLAIN, usage={"operating_system": "suse"}).reason.startswith(
        "no price in this region"
    )


def test_more_volumes_monitoring_address_and_transfer_are_billed():
    inputs = {
        **PLAIN,
        "associatePublicIpAddress": True,
        "monitoring": True,
        "ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeType": "io1", "volumeSize": 100, "iops": 500}],
    }
    usage = {
        **LINUX,
        "monthly_internet_egress_gb": 100,
        "monthly_inter_az_gb": 100,
        "monthly_inter_region_gb": 100,
    }
    lines = lines_by_name(estimate_of(INSTANCE, inputs, usage=usage))
    assert lines["Volume /dev/sdb: io1 storage"] == (D(100), D("12.5"))
    assert lines["Volume /dev/sdb: io1 IOPS"] == (D(500), D("32.5"))
    assert lines["Detailed monitoring (0 to 10,000)"] == (D(7), D("2.1"))
    assert lines["Public IPv4 address"] == (D(730), D("3.65"))
    assert lines["Data out to the internet (0 to 10,240)"] == (D(100), D(9))
    assert lines["Data between zones"] == (D(200), D(2))
    assert lines["Data to other Regions"] == (D(100), D(2))


def test_data_to_a_region_has_the_rate_of_the_pair_where_there_is_one():
    usage = {**LINUX, "monthly_transfer_to_us_east_2_gb": 100}
    assert lines_by_name(estimate_of(INSTANCE, PLAIN, usage=usage))["Data to us-east-2"] == (D(100), D(1))
    of_frankfurt = lines_by_name(estimate_of(INSTANCE, PLAIN, region=EU, usage=usage))
    assert of_frankfurt["Data to us-east-2"] == (D(100), D(2))


def test_a_launch_template_gives_what_the_instance_leaves_out():
    template = resource(
        TEMPLATE,
        {
            "instanceType": "c6i.large",
            "blockDeviceMappings": [
                {"ebs": {"volumeSize": 30, "volumeType": "gp3"}},
                {"deviceName": "/dev/sdb", "ebs": {"volumeSize": 40, "volumeType": "gp2"}},
            ],
            "networkInterfaces": [{"associatePublicIpAddress": True}],
            "monitoring": {"enabled": True},
        },
        name="lt",
    )
    depends_on = {"launchTemplate": (TEMPLATE, "lt")}
    lines = lines_by_name(
        estimate_of(
            INSTANCE, {"launchTemplate": {"id": UNKNOWN}}, template, usage=LINUX, depends_on=depends_on
        )
    )
    assert lines == {
        "c6i.large linux, on demand": (
            D(730),
            730 * price("AmazonEC2", "instance-linux-shared", "c6i.large"),
        ),
        "Root volume: gp3 storage": (D(30), D("2.4")),
        "Volume /dev/sdb: gp2 storage": (D(40), D(4)),
        "Detailed monitoring (0 to 10,000)": (D(7), D("2.1")),
        "Public IPv4 address": (D(730), D("3.65")),
    }


def test_the_subnet_decides_about_the_address():
    subnet = resource("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": True}, name="a", id="subnet-a")
    inputs = {"instanceType": "m5.large", "subnetId": "subnet-a"}
    assert lines_by_name(estimate_of(INSTANCE, inputs, subnet, usage=LINUX))["Public IPv4 address"] == (
        D(730),
        D("3.65"),
    )
    unsure = after_lines(estimate_of(INSTANCE, {**inputs, "subnetId": "subnet-b"}, usage=LINUX))[-1]
    assert (unsure.what, unsure.quantity.low, unsure.quantity.high) == ("Public IPv4 address", 0, 730)


def test_credits_tenancy_and_spot():
    burstable = {**PLAIN, "instanceType": "t3.large"}
    usage = {**LINUX, "monthly_surplus_cpu_credit_hours": 100}
    assert lines_by_name(estimate_of(INSTANCE, burstable, usage=usage))["Surplus CPU credits"] == (
        D(100),
        D(5),
    )
    assert estimate_of(INSTANCE, burstable, usage={**usage, "operating_system": "windows"}).reason.startswith(
        "no price in this region: AmazonEC2 cpu-credits t3-windows"
    )
    assert "Surplus CPU credits" not in lines_by_name(estimate_of(INSTANCE, PLAIN, usage=usage))
    standard = {**burstable, "creditSpecification": {"cpuCredits": "standard"}}
    assert "Surplus CPU credits" not in lines_by_name(estimate_of(INSTANCE, standard, usage=usage))
    assert estimate_of(INSTANCE, {**PLAIN, "tenancy": "dedicated"}).reason.startswith(
        "no price in this region"
    )
    assert list(lines_by_name(estimate_of(INSTANCE, {**PLAIN, "tenancy": "host"}))) == [
        "Root volume: gp3 storage"
    ]
    spot = estimate_of(INSTANCE, {**PLAIN, "instanceMarketOptions": {"marketType": "spot"}}, usage=LINUX)
    assert any("spot" in note for note in spot.notes)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"size": 100}, {"Volume: gp2 storage": (D(100), D(10))}),
        (
            {"size": 100, "type": "gp3", "iops": 4000, "throughput": 225},
            {
                "Volume: gp3 storage": (D(100), D(8)),
                "Volume: gp3 IOPS": (D(1000), D(5)),
                "Volume: gp3 throughput": (D(100), D(4)),
            },
        ),
        (
            {"size": 100, "type": "io2", "iops": 40_000},
            {
                "Volume: io2 storage": (D(100), D("12.5")),
                "Volume: io2 IOPS (0 to 32,000)": (D(32_000), D(2080)),
                "Volume: io2 IOPS (32,000 to 64,000)": (D(8000), D(368)),
            },
        ),
        ({"size": 500, "type": "st1"}, {"Volume: st1 storage": (D(500), D("22.5"))}),
        (
            {"size": 100, "type": "standard"},
            {"Volume: standard storage": (D(100), D(5)), "Magnetic I/O": (D("2.5"), D("0.125"))},
        ),
    ],
)
def test_a_volume_bills_what_its_type_does_not_include(inputs, expected):
    usage = {"monthly_standard_io_requests": 2_500_000}
    assert lines_by_name(estimate_of(VOLUME, inputs, usage=usage)) == expected


def test_a_volume_that_exists_half_the_month_costs_half():
    usage = {"monthly_hours": 365}
    inputs = {"size": 100, "type": "gp3", "iops": 4000}
    assert dollars(estimate_of(VOLUME, inputs, usage=usage)) == D("6.5")
    assert estimate_of(VOLUME, {"size": UNKNOWN}).reason == "value unknown until deploy: size"
    assert estimate_of(VOLUME, {"size": 10}, region="us-gov-west-1").reason.startswith(
        "no price in this region"
    )


def test_a_bigger_instance_is_the_difference_of_the_rates():
    step = resource(INSTANCE, {**PLAIN, "instanceType": "m5.4xlarge"}, op="update")
    step["oldState"] = {**step["newState"], "inputs": PLAIN}
    change = estimates_of(step, usage={"it": LINUX})[0]
    big, small = (price("AmazonEC2", "instance-linux-shared", f"m5.{size}") for size in ("4xlarge", "large"))
    assert change.after.expected - change.before.expected == 730 * (big - small)


def volumes(estimate) -> dict[str, D]:
    return {
        what: quantity
        for what, (quantity, _) in lines_by_name(estimate).items()
        if what.startswith(("Root", "Volume"))
    }


def test_devices_of_the_template_and_of_the_instance_are_merged_by_name():
    """EC2 RunInstances: a mapping of the request replaces the template's of the same device."""
    template = resource(
        TEMPLATE,
        {
            "blockDeviceMappings": [
                {"deviceName": "/dev/sdf", "ebs": {"volumeSize": 100, "volumeType": "gp2"}},
                {"deviceName": "/dev/sdg", "ebs": {"volumeSize": 60, "volumeType": "gp2"}},
                {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 40, "volumeType": "gp3"}},
            ]
        },
        name="lt",
        id="lt-1",
    )
    inputs = {
        "instanceType": "m5.large",
        "associatePublicIpAddress": False,
        "launchTemplate": {"id": "lt-1"},
        "rootBlockDevice": {"volumeType": "gp2"},
        "ebsBlockDevices": [
            {"deviceName": "/dev/sdf", "volumeSize": 150},
            {"deviceName": "/dev/sdh", "volumeSize": 10, "volumeType": "gp2"},
        ],
    }
    assert volumes(estimate_of(INSTANCE, inputs, template, usage=LINUX)) == {
        "Root volume: gp2 storage": 40,
        "Volume /dev/sdf: gp2 storage": 150,
        "Volume /dev/sdg: gp2 storage": 60,
        "Volume /dev/sdh: gp2 storage": 10,
    }


def test_a_template_without_a_root_device_leaves_the_root_volume_to_the_image():
    mapping = {"deviceName": "/dev/sdf", "ebs": {"volumeSize": 100, "volumeType": "gp2"}}
    template = resource(TEMPLATE, {"blockDeviceMappings": [mapping]}, name="lt", id="lt-1")
    inputs = {"instanceType": "m5.large", "associatePublicIpAddress": False, "launchTemplate": {"id": "lt-1"}}
    assert volumes(estimate_of(INSTANCE, inputs, template, usage=LINUX)) == {
        "Root volume: gp3 storage": 8,
        "Volume /dev/sdf: gp2 storage": 100,
    }


def test_an_unknown_device_name_and_a_size_of_a_snapshot_leave_the_instance_priced():
    unnamed = {**PLAIN, "ebsBlockDevices": [{"deviceName": UNKNOWN, "volumeSize": 10, "volumeType": "gp2"}]}
    assert volumes(estimate_of(INSTANCE, unnamed, usage=LINUX))["Volume: gp2 storage"] == 10
    of_snapshot = {**PLAIN, "ebsBlockDevices": [{"deviceName": "/dev/sdb", "snapshotId": "snap-1"}]}
    estimate = estimate_of(INSTANCE, of_snapshot, usage=LINUX)
    assert dollars(estimate) == dollars(estimate_of(INSTANCE, PLAIN, usage=LINUX))
    assert estimate.unpriced_lines == (
        "Volume /dev/sdb: value unknown until deploy: its snapshot decides its size",
    )


@pytest.mark.parametrize("placement", [{"hostId": "h-1"}, {"hostResourceGroupArn": "arn:aws:x"}])
def test_a_host_implies_host_tenancy(placement):
    assert list(lines_by_name(estimate_of(INSTANCE, {**PLAIN, **placement}))) == ["Root volume: gp3 storage"]
    template = resource(TEMPLATE, {"placement": placement}, name="lt", id="lt-1")
    templated = {**PLAIN, "launchTemplate": {"id": "lt-1"}}
    assert list(lines_by_name(estimate_of(INSTANCE, templated, template))) == ["Root volume: gp3 storage"]


def test_a_spot_instance_costs_10_to_100_percent_of_on_demand_or_what_usage_states():
    full = 730 * price("AmazonEC2", "instance-linux-shared", "m5.large")
    disk = D("1.6")
    spot = {**PLAIN, "instanceMarketOptions": {"marketType": "spot"}}
    after = estimate_of(INSTANCE, spot, usage=LINUX).after
    assert (after.low, after.expected, after.high) == (full / 10 + disk, full + disk, full + disk)
    discounted = estimate_of(INSTANCE, spot, usage={**LINUX, "spot_discount_percent": 70}).after
    assert (discounted.low, discounted.high) == (full * D("0.3") + disk, full * D("0.3") + disk)
    priced = estimate_of(INSTANCE, spot, usage={**LINUX, "spot_price_usd_per_hour": 0.02})
    assert dollars(priced) == 730 * D("0.02") + disk
    impossible = estimate_of(INSTANCE, spot, usage={**LINUX, "spot_discount_percent": 101})
    assert impossible.reason == "usage missing: spot_discount_percent must be at most 100"


def test_ebs_optimization_has_a_fee_on_old_types_only():
    """Infracost expects 14.60 USD a month for an r3.xlarge."""
    old = {**PLAIN, "instanceType": "r3.xlarge", "ebsOptimized": True}
    assert lines_by_name(estimate_of(INSTANCE, old, usage=LINUX))["EBS optimization of r3.xlarge"] == (
        D(730),
        D("14.6"),
    )
    new = estimate_of(INSTANCE, {**PLAIN, "ebsOptimized": True}, usage=LINUX)
    assert not any(what.startswith("EBS optimization") for what in lines_by_name(new))
    unlisted = estimate_of(INSTANCE, old, region=EU, usage=LINUX)
    assert unlisted.unpriced_lines[0].startswith("EBS optimization of r3.xlarge: no price in this region")
