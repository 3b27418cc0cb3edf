"""Elastic Beanstalk environments by their option settings."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    after_lines,
    estimate_of,
    lines_by_name,
    price,
)

ENVIRONMENT = "aws:elasticbeanstalk/environment:Environment"
QUIET = {
    "operating_system": "linux",
    "new_connections_per_second": 0,
    "active_connections_per_minute": 0,
    "rule_evaluations_per_second": 0,
}


def settings(**values) -> dict:
    """`asg__MinSize="2"` is MinSize in the namespace whose last word is asg."""
    spaces = {
        "asg": "aws:autoscaling:asg",
        "launch": "aws:autoscaling:launchconfiguration",
        "instances": "aws:ec2:instances",
        "env": "aws:elasticbeanstalk:environment",
        "vpc": "aws:ec2:vpc",
        "db": "aws:rds:dbinstance",
    }
    pairs = ((key.split("__"), value) for key, value in values.items())
    return {
        "settings": [
            {"namespace": spaces[space], "name": name, "value": value} for (space, name), value in pairs
        ]
    }


def test_an_environment_bills_instances_volumes_balancer_and_database():
    inputs = settings(
        asg__MinSize="2",
        asg__MaxSize="6",
        instances__InstanceTypes="m5.large,m5a.large",
        launch__RootVolumeType="gp3",
        launch__RootVolumeSize="20",
        env__LoadBalancerType="application",
        vpc__AssociatePublicIpAddress="false",
        vpc__Subnets=UNKNOWN,
        db__DBInstanceClass="db.t3.micro",
        db__DBEngine="postgres",
        db__DBAllocatedStorage="20",
    )
    estimate = estimate_of(ENVIRONMENT, inputs, usage={**QUIET, "monthly_data_processed_gb": 730})
    highest = price("AmazonEC2", "instance-linux-shared", "m5.large")
    instance = (highest + price("AmazonEC2", "instance-linux-shared", "m5a.large")) / 2
    database = price("AmazonRDS", "postgresql-single-az", "db.t3.micro")
    assert lines_by_name(estimate) == {
        "any of 2 types from m5.large to m5a.large linux, on demand": (D(1460), 1460 * instance),
        "Root volume: gp3 storage": (D(40), D("3.2")),
        "Application load balancer": (D(730), 730 * D("0.0225")),
        "Capacity units": (D(730), 730 * D("0.008")),
        "Database db.t3.micro postgresql": (D(730), 730 * database),
        "Database storage": (D(20), D("2.3")),
    }
    assert estimate.after.high - estimate.after.expected == 730 * (6 * highest - 2 * instance) + 4 * D("1.6")


def test_the_defaults_are_one_to_four_small_instances_behind_a_classic_balancer():
    usage = {
        **QUIET,
        "monthly_data_processed_gb": 100,
        "monthly_hours": 100,
        "monthly_internet_egress_gb": 10,
    }
    estimate = estimate_of(ENVIRONMENT, {}, usage={**usage, "monthly_surplus_cpu_credit_hours": 10})
    lines = lines_by_name(estimate)
    assert lines["t3.micro linux, on demand"] == (D(100), D("1.04"))
    assert lines["Classic load balancer"] == (D(100), D("2.5"))
    assert lines["Data processed"] == (D(100), D("0.8"))
    assert lines["Surplus CPU credits"] == (D(10), D("0.5"))
    assert lines["Data out to the internet (0 to 10,240)"] == (D(10), D("0.9"))
    assert after_lines(estimate)[0].quantity.high == 400


def test_a_single_instance_has_no_load_balancer_and_usage_replaces_the_sizes():
    single = settings(env__EnvironmentType="SingleInstance")
    assert "Classic load balancer" not in lines_by_name(estimate_of(ENVIRONMENT, single, usage=QUIET))
    lines = lines_by_name(estimate_of(ENVIRONMENT, {}, usage={**QUIET, "average_instances": 3}))
    assert lines["t3.micro linux, on demand"][0] == 3 * 730


def test_an_unknown_instance_type_or_a_system_without_a_price_is_unpriced():
    assert estimate_of(ENVIRONMENT, settings(instances__InstanceTypes=UNKNOWN)).reason.startswith(
        "value unknown until deploy: settings[0].value"
    )
    assert estimate_of(ENVIRONMENT, {}, usage={"operating_system": "suse"}).reason.startswith(
        "no price in this region"
    )


def test_a_network_balancer_and_a_worker_without_one():
    network = settings(env__LoadBalancerType="network")
    lines = lines_by_name(
        estimate_of(ENVIRONMENT, network, usage={**QUIET, "monthly_data_processed_gb": 730})
    )
    assert lines["Network load balancer"] == (D(730), 730 * D("0.0225"))
    assert lines["Capacity units"] == (D(730), 730 * D("0.006"))
    worker = lines_by_name(estimate_of(ENVIRONMENT, {"tier": "Worker"}, usage=QUIET))
    assert "Classic load balancer" not in worker
    windows = lines_by_name(
        estimate_of(ENVIRONMENT, {"solutionStackName": "64bit Windows Server 2022"}, usage={})
    )
    assert "t3.micro windows, on demand" in windows


def test_addresses_spot_and_a_database_in_two_zones_follow_their_settings():
    lines = lines_by_name(
        estimate_of(ENVIRONMENT, {}, usage={**QUIET, "average_instances": 2, "monthly_hours": 100})
    )
    assert lines["Public IPv4 addresses"] == (D(200), D(1))
    inputs = settings(
        instances__EnableSpot="true",
        vpc__ELBScheme="internal",
        db__DBInstanceClass="db.t3.micro",
        db__MultiAZDatabase="true",
        launch__RootVolumeType="io1",
        launch__RootVolumeSize="10",
        launch__RootVolumeIOPS="500",
    )
    estimate = estimate_of(ENVIRONMENT, inputs, usage=QUIET)
    lines = lines_by_name(estimate)
    assert lines["Database db.t3.micro mysql"][1] == 730 * price("AmazonRDS", "mysql-multi-az", "db.t3.micro")
    assert lines["Database storage"] == (D(5), D("1.15"))
    assert lines["Root volume: io1 IOPS"] == (D(500), D("32.5"))
    assert any("spot" in note for note in estimate.notes)
    assert not any("load balancer" in note for note in estimate.notes)
    plain = estimate_of(ENVIRONMENT, {}, usage=QUIET)
    assert not any("spot" in note for note in plain.notes)
    assert any("load balancer" in note for note in plain.notes)


def test_a_size_that_is_no_number_is_unpriced():
    odd = estimate_of(ENVIRONMENT, settings(asg__MaxSize="many"))
    assert odd.reason == "value unknown until deploy: setting aws:autoscaling:asg MaxSize is not a number"


@pytest.mark.parametrize(("kind", "rate"), [("application", "0.008"), ("network", "0.006")])
def test_the_units_of_its_balancer_last_as_long_as_the_environment(kind, rate):
    usage = {**QUIET, "monthly_data_processed_gb": 2 * 730, "monthly_hours": 100}
    lines = lines_by_name(estimate_of(ENVIRONMENT, settings(env__LoadBalancerType=kind), usage=usage))
    assert lines["Capacity units"] == (D(200), 200 * D(rate))
