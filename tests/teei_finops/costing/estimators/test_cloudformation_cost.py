"""CloudFormation stacks and Cloud Control resources: what they create is not in the preview."""

from __future__ import annotations

import json

import pytest

from teei_finops.costing.estimators.cloudformation_template import _pulumi_types
from teei_finops.costing.resource_types import free_types, known_types
from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

STACK = "aws:cloudformation/stack:Stack"
TEMPLATE = """
Parameters:
  Type: {Type: String, Default: m5.large}
  Zone: {Type: String}
Conditions: {Prod: !Equals [!Ref Zone, a]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: !Sub "${AWS::Region}"}
  Web:
    Type: AWS::EC2::Instance
    Properties:
      InstanceType: !Ref Type
      NetworkInterfaces: [{DeviceIndex: "0", AssociatePublicIpAddress: false}]
      BlockDeviceMappings:
        - DeviceName: /dev/xvda
          Ebs: {VolumeSize: 20, VolumeType: gp3}
        - DeviceName: /dev/sdb
          Ebs: {VolumeSize: 100, VolumeType: gp2}
  Key:
    Type: AWS::KMS::Key
    Condition: Prod
  Graph:
    Type: AWS::Neptune::DBCluster
"""


def test_a_stack_bills_the_resources_of_its_template_and_names_what_it_cannot_price():
    estimate = estimate_of(STACK, {"templateBody": TEMPLATE})
    amounts = amounts_by_name(estimate)
    hourly = price("AmazonEC2", "instance-linux-shared", "m5.large")
    assert amounts["Web: m5.large linux, on demand"] == 730 * hourly
    assert amounts["Web: Root volume: gp3 storage"] == D("1.6")
    assert amounts["Web: Volume /dev/sdb: gp2 storage"] == 10
    assert amounts["Key: Customer managed key"] == 1
    assert estimate.unpriced_lines == (
        "Graph (AWS::Neptune::DBCluster): type not priced: its template creates AWS::Neptune::DBCluster",
    )
    assert any(note.startswith("Key is counted") for note in estimate.notes)


def test_parameters_of_the_stack_win_over_defaults_and_the_region_is_the_stack_s():
    inputs = {"templateBody": TEMPLATE, "parameters": {"Type": "c5.large"}}
    amounts = amounts_by_name(estimate_of(STACK, inputs, region=EU))
    rate = price("AmazonEC2", "instance-linux-shared", "c5.large", EU)
    assert amounts["Web: c5.large linux, on demand"] == 730 * rate


@pytest.mark.parametrize("value", [{"Ref": "Size"}, {"Fn::If": ["Prod", 10, 20]}])
def test_a_value_that_the_template_does_not_tell_leaves_its_resource_unpriced(value):
    template = {
        "Parameters": {"Size": {"Type": "Number"}},
        "Resources": {
            "Disk": {"Type": "AWS::EC2::Volume", "Properties": {"Size": value, "VolumeType": "gp3"}}
        },
    }
    estimate = estimate_of(STACK, {"templateBody": json.dumps(template)})
    assert estimate.reason == "value unknown until deploy: size"
    template["Parameters"]["Size"]["Default"] = 50
    known = estimate_of(STACK, {"templateBody": json.dumps(template)})
    assert (known.state, known.after.expected) == (("priced", 4) if "Ref" in value else ("unpriced", 0))


def test_a_stack_of_free_resources_is_free():
    body = "Resources: {Role: {Type: AWS::IAM::Role}, Group: {Type: AWS::EC2::SecurityGroup}}"
    estimate = estimate_of(STACK, {"templateBody": body})
    assert dollars(estimate) == 0
    assert estimate.notes == ("its template creates 2 resources that are free",)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"templateUrl": "https://bucket/template.yaml"}, "templateBody is not set"),
        ({"templateBody": "Resources: [1, {"}, "templateBody is neither YAML nor JSON"),
        ({"templateBody": "[]"}, "templateBody has no resource that can be read"),
        (
            {"templateBody": "Resources: {A: 1, B: {Type: [x]}}"},
            "templateBody has no resource that can be read",
        ),
    ],
)
def test_a_template_that_cannot_be_read_is_unpriced(inputs, reason):
    assert reason in estimate_of(STACK, inputs).reason


def test_every_type_of_the_table_has_an_estimator_or_is_free():
    tokens = {token for token, _ in _pulumi_types().values()}
    assert tokens <= known_types().keys() | free_types()


def test_a_cloud_control_resource_is_free_or_unpriced_by_its_type():
    token = "aws:cloudcontrol/resource:Resource"
    assert dollars(estimate_of(token, {"typeName": "AWS::ECR::RepositoryPolicy"})) == 0
    billed = estimate_of(token, {"typeName": "AWS::RDS::DBInstance"})
    assert billed.reason == "type not priced: it creates AWS::RDS::DBInstance"
