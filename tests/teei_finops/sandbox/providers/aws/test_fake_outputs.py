"""The identity and the outputs of resources that no account has."""

import re

import pytest

from teei_finops.sandbox.providers.aws.fake_outputs import existing_outputs, fake_outputs
from teei_finops.sandbox.providers.aws.identifiers import existing_identity, new_identity
from teei_finops.sandbox.providers.plausible_values import Subject
from teei_finops.sandbox.providers.sdk_schema import schema_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

REGION, ACCOUNT = "eu-west-1", "123456789012"


def created(token, inputs):
    schema = schema_of(token)
    assert schema is not None
    identity = new_identity(token, inputs, "urn", REGION)
    subject = Subject.identified_by(identity.id, REGION, ACCOUNT, identity.arn)
    return fake_outputs(schema, token, subject, inputs)


@pytest.mark.parametrize(
    ("token", "inputs", "resource_id", "arn"),
    [
        ("aws:s3/bucket:Bucket", {"bucket": "files"}, "files", "arn:aws:s3:::files"),
        ("aws:iam/role:Role", {"name": "runner"}, "runner", f"arn:aws:iam::{ACCOUNT}:role/runner"),
        (
            "aws:sqs/queue:Queue",
            {"name": "jobs"},
            f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs",
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs",
        ),
        (
            "aws:sns/topic:Topic",
            {"name": "alerts"},
            f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts",
            f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts",
        ),
        (
            "aws:ssm/parameter:Parameter",
            {"name": "/shop/key"},
            "/shop/key",
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/key",
        ),
        (
            "aws:transfer/server:Server",
            {"name": "files"},
            "files",
            f"arn:aws:transfer:{REGION}:{ACCOUNT}:server/files",
        ),
    ],
)
def test_ids_and_arns_have_the_form_of_their_service(token, inputs, resource_id, arn):
    identity = new_identity(token, inputs, "urn", REGION)
    assert (identity.id, identity.arn) == (resource_id, arn)
    assert existing_identity(token, resource_id, REGION).arn == arn


def test_ids_of_ec2_have_their_prefix_and_differ():
    ids = {new_identity("aws:ec2/vpc:Vpc", {}, seed, REGION).id for seed in ("one", "two")}
    assert len(ids) == 2
    assert all(value.startswith("vpc-") and len(value) == 21 for value in ids)


def test_a_database_has_an_address_and_the_port_of_its_engine_but_no_version_that_it_was_not_given():
    outputs = created("aws:rds/instance:Instance", {"engine": "mysql", "identifier": "orders"})
    assert outputs["port"] == 3306
    assert outputs["endpoint"].endswith(":3306")
    assert "engineVersion" not in outputs
    assert "engineVersionActual" not in outputs
    assert "allocatedStorage" not in outputs
    given = created("aws:rds/instance:Instance", {"engine": "postgres", "engineVersion": "16.4"})
    assert given["engineVersionActual"] == "16.4"


def test_lists_and_nested_objects_are_filled():
    cluster = created("aws:eks/cluster:Cluster", {"name": "main"})
    assert cluster["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.")
    assert cluster["certificateAuthority"]["data"]
    assert cluster["endpoint"].startswith("https://")
    certificate = created("aws:acm/certificate:Certificate", {"domainName": "example.com"})
    assert certificate["domainValidationOptions"][0]["resourceRecordName"]


def test_a_certificate_has_a_validation_record_for_each_of_its_domains():
    names = ["example.com", "www.example.com", "*.example.com"]
    inputs = {"domainName": names[0], "subjectAlternativeNames": names[1:]}
    options = created("aws:acm/certificate:Certificate", inputs)["domainValidationOptions"]
    assert [option["domainName"] for option in options] == names
    assert options[1]["resourceRecordName"].endswith(".www.example.com.")
    assert options[2]["resourceRecordName"].endswith(".example.com.")
    assert {option["resourceRecordType"] for option in options} == {"CNAME"}


@pytest.mark.parametrize(
    ("token", "inputs", "name", "form"),
    [
        ("aws:ecr/repository:Repository", {"name": "a/b"}, "repositoryUrl", rf"{ACCOUNT}\.dkr\.ecr\..*/a/b"),
        ("aws:apigatewayv2/api:Api", {}, "apiEndpoint", r"https://.*"),
        ("aws:kinesis/stream:Stream", {"name": "s"}, "arn", r"arn:aws:kinesis:.*:stream/s"),
        ("aws:ssm/parameter:Parameter", {"name": "/p"}, "arn", r"arn:aws:ssm:.*:parameter/p"),
        ("aws:elasticache/replicationGroup:ReplicationGroup", {}, "port", "6379"),
        ("aws:ec2/eip:Eip", {}, "allocationId", "eipalloc-.*"),
    ],
)
def test_outputs_have_the_form_that_programs_expect(token, inputs, name, form):
    assert re.fullmatch(form, str(created(token, inputs)[name]))


@pytest.mark.parametrize(
    ("token", "name"), [("aws:route53/zone:Zone", "zoneId"), ("aws:kms/key:Key", "keyId")]
)
def test_the_output_that_repeats_the_id_is_the_id(token, name):
    assert created(token, {})[name] == new_identity(token, {}, "urn", REGION).id


def test_the_arn_of_an_identity_provider_has_no_scheme():
    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    identity = new_identity(token, {"url": "https://token.example.com"}, "urn", REGION)
    assert identity.arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com"


def test_an_existing_resource_has_every_property():
    token = "aws:ec2/vpc:Vpc"
    schema = schema_of(token)
    assert schema is not None
    subject = Subject.identified_by("vpc-1", REGION, ACCOUNT, existing_identity(token, "vpc-1", REGION).arn)
    outputs = existing_outputs(schema, token, subject, {"cidrBlock": "10.9.0.0/16"})
    assert outputs["cidrBlock"] == "10.9.0.0/16"
    assert outputs["arn"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-1"
    assert outputs["defaultSecurityGroupId"].startswith("sg-")
    assert outputs.keys() == schema.outputs.keys()


@pytest.mark.parametrize(
    ("token", "name", "keys"),
    [
        ("aws:appsync/graphQLApi:GraphQLApi", "uris", {"GRAPHQL", "REALTIME"}),
        ("aws:appsync/api:Api", "dns", {"HTTP", "REALTIME"}),
        ("aws:s3/accessPoint:AccessPoint", "endpoints", {"dualstack", "fips", "fips_dualstack"}),
    ],
)
def test_a_map_has_the_keys_that_programs_read(token, name, keys):
    schema = schema_of(token)
    assert schema is not None
    assert created(token, {"name": "main"})[name].keys() == keys
    assert existing_outputs(schema, token, Subject("main", REGION, ACCOUNT), {})[name].keys() == keys


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ('{"Outputs": {"Id": {"Value": {"Ref": "Vpc"}}}}', {"Id"}),
        ("Outputs:\n  Id: {Value: !Ref Vpc}\n  Arn: {Value: !GetAtt Vpc.Arn}\n", {"Id", "Arn"}),
        ("Resources: {}\n", set()),
        ("Outputs: [", set()),
        (None, set()),
    ],
)
def test_a_cloudformation_stack_has_the_outputs_of_its_template(template, names):
    outputs = created("aws:cloudformation/stack:Stack", {"name": "network", "templateBody": template})
    assert outputs["outputs"].keys() == names
