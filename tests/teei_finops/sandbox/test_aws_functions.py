"""Functions of the AWS provider, answered without an account."""

import json

import pytest

from teei_finops.sandbox.providers.aws.data_sources import UnansweredError, answer

ACCOUNT = "123456789012"


def policy(**arguments):
    token = "aws:iam/getPolicyDocument:getPolicyDocument"
    return json.loads(answer(token, arguments, "us-east-1", ACCOUNT)["json"])


def test_a_policy_document_is_written_as_the_provider_writes_it():
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


def test_documents_are_merged_and_a_statement_with_the_same_id_is_overridden():
    base = json.dumps({"Statement": [{"Sid": "A", "Effect": "Allow"}, {"Sid": "B", "Effect": "Allow"}]})
    over = json.dumps({"Statement": {"Sid": "A", "Effect": "Deny"}})
    document = policy(sourcePolicyDocuments=[base], overridePolicyDocuments=[over])
    assert {item["Sid"]: item["Effect"] for item in document["Statement"]} == {"A": "Deny", "B": "Allow"}


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
def test_answers_have_the_region_and_the_account(token, arguments, key, expected):
    assert answer(token, arguments, "eu-central-1", ACCOUNT)[key] == expected


def test_the_same_question_has_the_same_answer_and_another_region_another():
    ask = "aws:ec2/getSubnets:getSubnets"
    assert answer(ask, {}, "us-east-1", ACCOUNT) == answer(ask, {}, "us-east-1", ACCOUNT)
    assert answer(ask, {}, "us-east-1", ACCOUNT)["ids"] != answer(ask, {}, "eu-west-1", ACCOUNT)["ids"]


def test_a_function_without_an_answer_is_named():
    with pytest.raises(UnansweredError, match="aws:outposts/getSites:getSites"):
        answer("aws:outposts/getSites:getSites", {}, "us-east-1", ACCOUNT)
