"""The results of the AWS provider's functions."""

import base64
import ipaddress
import json

import pytest

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.providers.aws.data_sources import DataSourceError, read_data_source
from teei_finops.sandbox.providers.lookups import StatedResult, read_stated_results

ACCOUNT = "123456789012"


def read(token, arguments, region="us-east-1"):
    return read_data_source(token, arguments, region, ACCOUNT).properties


def policy(**arguments):
    token = "aws:iam/getPolicyDocument:getPolicyDocument"
    return json.loads(read(token, arguments)["json"])


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
    assert read(token, arguments, "eu-central-1")[key] == expected


def test_results_depend_only_on_the_arguments_and_the_region():
    token = "aws:ec2/getSubnets:getSubnets"
    subnets = read(token, {})
    assert read(token, {}) == subnets
    assert read(token, {}, "eu-west-1")["ids"] != subnets["ids"]


def test_a_function_that_the_sdk_does_not_have_is_an_error_that_names_it():
    with pytest.raises(DataSourceError, match="aws:outposts/getNothing:getNothing"):
        read("aws:outposts/getNothing:getNothing", {})


def test_every_property_of_a_result_has_a_value_of_its_type():
    cluster = read("aws:eks/getCluster:getCluster", {"name": "main"}, "eu-west-1")
    assert cluster["arn"] == f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/main"
    assert cluster["vpcConfig"]["vpcId"].startswith("vpc-")
    assert len(cluster["vpcConfig"]["subnetIds"]) == 3
    assert base64.b64decode(cluster["certificateAuthorities"][0]["data"]) == b"sandbox"
    assert cluster["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.")
    image = read("aws:ec2/getAmi:getAmi", {"owners": ["amazon", None], "mostRecent": "true"})
    assert image["owners"] == ["amazon"]
    assert image["imageId"] == image["id"]
    assert image["id"].startswith("ami-")
    assert image["mostRecent"] is True
    login = read("aws:ecr/getAuthorizationToken:getAuthorizationToken", {})
    user = f"{login['userName']}:{login['password']}"
    assert base64.b64decode(login["authorizationToken"]).decode() == user == "AWS:sandbox"
    network = ipaddress.ip_network(read("aws:ec2/getVpc:getVpc", {"default": True})["cidrBlock"])
    assert network.num_addresses >= 256


def test_a_lookup_has_the_outputs_in_the_form_of_the_resource():
    assert read("aws:eks/getCluster:getCluster", {"name": "main"})["endpoint"].startswith("https://")
    url = read("aws:ecr/getRepository:getRepository", {"name": "app"}, "eu-west-1")["repositoryUrl"]
    assert url == f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/app"


def test_an_arn_is_split_into_its_parts():
    token, arn = "aws:index/getArn:getArn", "arn:aws-cn:rds:cn-north-1:210987654321:db:orders"
    result = read_data_source(token, {"arn": arn}, "us-east-1", ACCOUNT)
    assert result.invented == ()
    assert result.properties == {
        "id": arn,
        "arn": arn,
        "partition": "aws-cn",
        "service": "rds",
        "region": "cn-north-1",
        "account": "210987654321",
        "resource": "db:orders",
    }
    with pytest.raises(DataSourceError, match="not an ARN"):
        read(token, {"arn": "orders"})


def test_public_parameters_have_the_form_of_their_values():
    token = "aws:ssm/getParameter:getParameter"
    prefix = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended"
    assert json.loads(read(token, {"name": prefix})["value"])["image_id"].startswith("ami-")
    assert read(token, {"name": f"{prefix}/image_id"})["value"].startswith("ami-")
    private = read_data_source(token, {"name": "/shop/key"}, "us-east-1", ACCOUNT)
    assert "value" in private.invented
    assert "value" in read_data_source(token, {"name": prefix}, "us-east-1", ACCOUNT).invented


def test_stated_results_are_used_and_the_warning_names_the_invented_ones():
    stated = [
        StatedResult(
            "aws:ec2:getVpc", {"tags": {"Name": "main"}}, {"id": "vpc-1", "cidrBlock": "10.9.0.0/16"}
        )
    ]
    token, arguments = "aws:ec2/getVpc:getVpc", {"tags": {"Name": "main"}}
    result = read_data_source(token, arguments, "us-east-1", ACCOUNT, stated)
    assert result.properties["cidrBlock"] == "10.9.0.0/16"
    assert result.properties["id"] == "vpc-1"
    assert "cidrBlock" not in result.invented
    assert "aws:ec2:getVpc: arn" in result.warning(token)
    other = read_data_source(token, {"tags": {"Name": "other"}}, "us-east-1", ACCOUNT, stated)
    assert other.properties["id"] != "vpc-1"
    caller = read_data_source("aws:index/getCallerIdentity:getCallerIdentity", {}, "us-east-1", ACCOUNT)
    assert caller.warning("aws:index/getCallerIdentity:getCallerIdentity") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lookups: {}", "a list `lookups`"),
        ("lookups: [{function: aws:ec2:getVpc}]", r"lookups\[0\]: must have a `function`"),
        ("lookups: [{function: getVpc, result: {}}]", "not a token such as aws:ec2:getVpc"),
        ("lookups: [", "invalid YAML"),
        (
            'lookups: [{function: "aws:ec2:getVpc", arguments: 3, result: {}}]',
            r"lookups\[0\]\.arguments: must be a mapping, not 3",
        ),
        (
            'lookups: [{function: "aws:ec2:getVpc", arguments: {tag: {a: b}}, result: {}}]',
            r"lookups\[0\]\.arguments: the function has no tag; did you mean tags\?",
        ),
        (
            'lookups: [{function: "aws:ec2/getVpc:getVpc", result: {cidr_block: 10.0.0.0/8}}]',
            r"lookups\[0\]\.result: the function has no cidr_block; did you mean cidrBlock\?",
        ),
    ],
)
def test_a_mistake_in_the_file_of_stated_results_is_reported_with_its_place(tmp_path, text, message):
    (tmp_path / "lookups.yaml").write_text(text)
    with pytest.raises(SandboxError, match=message):
        read_stated_results(tmp_path)
