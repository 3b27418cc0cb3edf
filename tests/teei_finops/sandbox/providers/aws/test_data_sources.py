"""The results of the AWS provider's functions."""

import json

import pytest

from teei_finops.sandbox.providers.aws.data_sources import DataSourceError, read_data_source

ACCOUNT = "123456789012"


def policy(**arguments):
    token = "aws:iam/getPolicyDocument:getPolicyDocument"
    return json.loads(read_data_source(token, arguments, "us-east-1", ACCOUNT)["json"])


def test_a_policy_document_has_the_form_that_the_provider_writes():
    document = policy(
        statements=[
            {
                "sid": "Read",
                "actions": ["s3:GetObject", "s3:ListBucket"],
                "resources": ["arn:aws:s3:::b/&{aws:username}"],
                "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::1:root"]}],
                "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
            },
            {"effect": "Deny", "notActions": ["s3:*"], "principals": [{"type": "*", "identifiers": ["*"]}]},
        ]
    )
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "arn:aws:s3:::b/${aws:username}",
                "Principal": {"AWS": "arn:aws:iam::1:root"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            {"Effect": "Deny", "NotAction": "s3:*", "Principal": "*"},
        ],
    }


def test_documents_are_merged_and_a_statement_with_the_same_sid_is_overridden():
    base = json.dumps({"Statement": [{"Sid": "A", "Effect": "Allow"}, {"Sid": "B", "Effect": "Allow"}]})
    override = json.dumps({"Statement": {"Sid": "A", "Effect": "Deny"}})
    document = policy(sourcePolicyDocuments=[base], overridePolicyDocuments=[override])
    assert {item["Sid"]: item["Effect"] for item in document["Statement"]} == {"A": "Deny", "B": "Allow"}


def test_two_statements_with_the_same_sid_are_an_error():
    with pytest.raises(DataSourceError, match="duplicate Sid Read"):
        policy(statements=[{"sid": "Read"}, {"sid": "Read"}])


@pytest.mark.parametrize(
    ("token", "arguments", "key", "expected"),
    [
        ("aws:index/getCallerIdentity:getCallerIdentity", {}, "accountId", ACCOUNT),
        ("aws:index/getRegion:getRegion", {}, "region", "eu-central-1"),
        ("aws:index/getPartition:getPartition", {}, "partition", "aws"),
        ("aws:ec2/getVpc:getVpc", {"id": "vpc-1"}, "arn", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/vpc-1"),
        ("aws:s3/getBucket:getBucket", {"bucket": "b"}, "arn", "arn:aws:s3:::b"),
    ],
)
def test_results_have_the_region_and_the_account(token, arguments, key, expected):
    assert read_data_source(token, arguments, "eu-central-1", ACCOUNT)[key] == expected


def test_results_depend_only_on_the_arguments_and_the_region():
    token = "aws:ec2/getSubnets:getSubnets"
    subnets = read_data_source(token, {}, "us-east-1", ACCOUNT)
    assert read_data_source(token, {}, "us-east-1", ACCOUNT) == subnets
    assert read_data_source(token, {}, "eu-west-1", ACCOUNT)["ids"] != subnets["ids"]


def test_the_error_about_an_unsupported_function_names_it():
    with pytest.raises(DataSourceError, match="aws:outposts/getSites:getSites"):
        read_data_source("aws:outposts/getSites:getSites", {}, "us-east-1", ACCOUNT)
