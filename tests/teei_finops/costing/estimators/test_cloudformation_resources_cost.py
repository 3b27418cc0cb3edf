"""Resources of a CloudFormation template cost what the same resources cost in a program."""

from __future__ import annotations

import json

import pytest

from teei_finops.costing.estimate import Estimate
from teei_finops.costing.estimators.cloudformation_inputs import LIFECYCLE, VERSIONING
from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    estimates_of,
    price,
    resource,
    urn,
)

STACK = "aws:cloudformation/stack:Stack"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
ALARM, METRIC_ALARM = "AWS::CloudWatch::Alarm", "aws:cloudwatch/metricAlarm:MetricAlarm"
TABLE, DYNAMODB_TABLE = "AWS::DynamoDB::Table", "aws:dynamodb/table:Table"
BALANCER, LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "aws:lb/loadBalancer:LoadBalancer"


def in_stack(**resources: tuple[str, dict]) -> Estimate:
    """A stack of resources by logical id, each a CloudFormation type and its properties."""
    described = {name: {"Type": kind, "Properties": values} for name, (kind, values) in resources.items()}
    return estimate_of(STACK, {"templateBody": json.dumps({"Resources": described})})


def same_as(estimate: Estimate, name: str, *described: dict) -> None:
    """The lines of a template's resource are those of the same resource in a program; none is missing."""
    own = {what.removeprefix(f"{name}: "): amount for what, amount in amounts_by_name(estimate).items()}
    assert own == amounts_by_name(estimates_of(*described)[0])
    assert estimate.unpriced_lines == ()


def test_a_bucket_has_the_lifecycle_and_the_versions_that_it_states():
    rule = {
        "Status": "Enabled",
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
        "ExpirationInDays": 365,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
    }
    stated = {
        "LifecycleConfiguration": {"Rules": [rule]},
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    stack = in_stack(Data=("AWS::S3::Bucket", stated))
    rules = {
        "status": "Enabled",
        "transitions": [{"days": 30, "storageClass": "GLACIER"}],
        "expiration": {"days": 365},
        "noncurrentVersionExpiration": {"noncurrentDays": 90},
    }
    versions = {"bucket": "data", "versioningConfiguration": {"status": "Enabled"}}
    same_as(
        stack,
        "Data",
        resource("aws:s3/bucket:Bucket", {"bucket": "data"}, id="data"),
        resource(LIFECYCLE, {"bucket": "data", "rules": [rules]}, name="rules"),
        resource(VERSIONING, versions, name="versions"),
    )
    assert "Data: Lifecycle transitions to glacier-flexible" in amounts_by_name(stack)
    conditional = {"LifecycleConfiguration": {"Fn::If": ["Prod", {"Rules": [rule]}, {"Ref": "AWS::NoValue"}]}}
    assert in_stack(Data=("AWS::S3::Bucket", conditional)).reason.startswith("value unknown until deploy")


def test_a_table_bills_its_capacity_indexes_and_recovery():
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": "10"}
    stated = {
        "ProvisionedThroughput": throughput,
        "GlobalSecondaryIndexes": [{"IndexName": "by-day", "ProvisionedThroughput": throughput}],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
    }
    capacity = {"readCapacity": 5, "writeCapacity": 10}
    table = {
        **capacity,
        "globalSecondaryIndexes": [{"name": "by-day", **capacity}],
        "pointInTimeRecovery": {"enabled": True},
        "streamEnabled": True,
    }
    stack = in_stack(Orders=(TABLE, stated))
    same_as(stack, "Orders", resource(DYNAMODB_TABLE, table))
    rate = price("AmazonDynamoDB", "provisioned", "rcu")
    assert amounts_by_name(stack)["Orders: Read capacity"] == 10 * 730 * rate
    on_demand = in_stack(Orders=(TABLE, {"BillingMode": "PAY_PER_REQUEST"}))
    same_as(on_demand, "Orders", resource(DYNAMODB_TABLE, {"billingMode": "PAY_PER_REQUEST"}))
    unknown = {"ProvisionedThroughput": {"Fn::If": ["Prod", throughput, throughput]}}
    assert in_stack(Orders=(TABLE, unknown)).reason == "value unknown until deploy: readCapacity"


@pytest.mark.parametrize(
    ("kind", "properties", "token", "inputs"),
    [
        (
            BALANCER,
            {"Type": "network", "Scheme": "internet-facing", "Subnets": ["a", "b"]},
            LOAD_BALANCER,
            {"loadBalancerType": "network", "subnets": ["a", "b"]},
        ),
        (BALANCER, {"Scheme": "internal"}, LOAD_BALANCER, {"internal": True}),
        ("AWS::ElasticLoadBalancing::LoadBalancer", {}, "aws:elb/loadBalancer:LoadBalancer", {}),
        (ALARM, {"Period": 10}, METRIC_ALARM, {"period": 10}),
        (
            ALARM,
            {
                "Metrics": [
                    {"Id": "a", "MetricStat": {"Metric": {"MetricName": "Errors"}, "Period": 60}},
                    {"Id": "b", "MetricStat": {"Metric": {"MetricName": "Calls"}, "Period": 60}},
                    {"Id": "rate", "Expression": "a/b"},
                ]
            },
            METRIC_ALARM,
            {
                "metricQueries": [
                    {"metric": {"period": 60}},
                    {"metric": {"period": 60}},
                    {"expression": "a/b"},
                ]
            },
        ),
    ],
)
def test_a_load_balancer_or_an_alarm_costs_what_it_does_in_a_program(kind, properties, token, inputs):
    same_as(in_stack(It=(kind, properties)), "It", resource(token, inputs))


def test_a_group_finds_its_launch_template_in_the_template():
    machine = {
        "InstanceType": "m5.large",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3"}}],
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
    }
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    reference = {"LaunchTemplateId": {"Ref": "Template"}, "Version": version}
    sizes = {"MinSize": "1", "MaxSize": "4", "DesiredCapacity": "2"}
    others = {
        "Template": ("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": machine}),
        "Target": ("AWS::ElasticLoadBalancingV2::TargetGroup", {"Port": 80}),
    }
    group = {"minSize": 1, "maxSize": 4, "desiredCapacity": 2, "launchTemplate": {"id": "lt"}}
    volume = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 50, "volumeType": "gp3"}}
    template = {
        "instanceType": "m5.large",
        "blockDeviceMappings": [volume],
        "networkInterfaces": [{"associatePublicIpAddress": True}],
    }
    in_program = (
        resource("aws:autoscaling/group:Group", group),
        resource("aws:ec2/launchTemplate:LaunchTemplate", template, name="lt", id="lt"),
    )
    same_as(in_stack(Group=(GROUP, {**sizes, "LaunchTemplate": reference}), **others), "Group", *in_program)
    mixed = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": reference,
            "Overrides": [{"InstanceType": "m5.large"}],
        }
    }
    same_as(in_stack(Group=(GROUP, {**sizes, "MixedInstancesPolicy": mixed}), **others), "Group", *in_program)


def test_a_group_finds_its_launch_configuration_in_the_template():
    configuration = {
        "InstanceType": "c5.large",
        "InstanceMonitoring": False,
        "AssociatePublicIpAddress": False,
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 100, "VolumeType": "gp2"}},
            {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
        ],
    }
    stack = in_stack(
        Group=(GROUP, {"MinSize": 2, "MaxSize": 2, "LaunchConfigurationName": {"Ref": "Config"}}),
        Config=("AWS::AutoScaling::LaunchConfiguration", configuration),
    )
    amounts = amounts_by_name(stack)
    assert amounts["Group: Volume /dev/sdb: gp2 storage"] == 2 * 10
    hourly = price("AmazonEC2", "instance-linux-shared", "c5.large")
    assert amounts["Group: c5.large linux, on demand"] == 2 * 730 * hourly
    assert stack.unpriced_lines == ()


def test_an_instance_gets_the_public_address_that_its_interface_states():
    interface = {"DeviceIndex": "0", "AssociatePublicIpAddress": True}
    stated = {"InstanceType": "m5.large", "NetworkInterfaces": [interface]}
    assert amounts_by_name(in_stack(Web=("AWS::EC2::Instance", stated)))["Web: Public IPv4 address"] == D(
        "3.65"
    )


def test_pollers_are_those_of_the_queue_of_the_template_that_they_read():
    mapping = {
        "EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]},
        "ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 2},
    }
    stack = in_stack(Jobs=("AWS::SQS::Queue", {}), Reader=("AWS::Lambda::EventSourceMapping", mapping))
    assert amounts_by_name(stack)["Reader: Event pollers"] == 2 * 730 * D("0.00925")


@pytest.mark.parametrize("entry", ["Jobs", urn(STACK, "it")])
def test_usage_of_a_resource_of_a_template_is_by_its_name_or_that_of_the_stack_by_urn(entry):
    body = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    usage = {entry: {"monthly_requests": 3_000_000, "request_size_kb": 1}}
    (stack,) = estimates_of(resource(STACK, {"templateBody": body}), usage=usage)
    assert dollars(stack) == D("1.2")
