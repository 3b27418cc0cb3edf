"""CloudFormation stacks and Cloud Control resources: what they create is not in the preview."""

from __future__ import annotations

import json

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import dollars, estimate_of

STACK = "aws:cloudformation/stack:Stack"
YAML = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: !Sub "${AWS::Region}"}
  Web:
    Type: AWS::EC2::Instance
    Properties: {InstanceType: !Ref Type}
  Spare: {Type: "AWS::EC2::Instance"}
"""


@pytest.mark.parametrize("body", [YAML, json.dumps({"Resources": {"W": {"Type": "AWS::EC2::Instance"}}})])
def test_a_stack_is_unpriced_with_the_types_that_its_template_creates(body):
    reason = estimate_of(STACK, {"templateBody": body}).reason
    count = body.count("EC2::Instance")
    assert reason == f"type not priced: its template creates {count} AWS::EC2::Instance"


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
        ({"templateBody": "[]"}, "its template creates no resource that is read"),
        ({"templateBody": "Resources: {}"}, "its template creates no resource that is read"),
    ],
)
def test_a_template_that_cannot_be_read_is_unpriced(inputs, reason):
    assert reason in estimate_of(STACK, inputs).reason


def test_a_cloud_control_resource_is_free_or_unpriced_by_its_type():
    token = "aws:cloudcontrol/resource:Resource"
    assert dollars(estimate_of(token, {"typeName": "AWS::ECR::RepositoryPolicy"})) == 0
    billed = estimate_of(token, {"typeName": "AWS::RDS::DBInstance"})
    assert billed.reason == "type not priced: it creates AWS::RDS::DBInstance"
