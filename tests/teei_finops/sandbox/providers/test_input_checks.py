"""Inputs as the provider stores them: unions, policy documents, nulls, numbers and texts, secrets."""

import json

import pytest

from teei_finops.sandbox.providers.input_checks import converted_inputs, input_errors
from teei_finops.sandbox.providers.property_values import (
    UNKNOWN,
    is_secret,
    secret,
    struct_to_python,
    to_struct,
)
from teei_finops.sandbox.providers.sdk_schema import schema_of

# The SDK warns about its own deprecated classes when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Condition": {"Bool": {"a:b": "true"}}}],
}


def converted(token, inputs):
    """The inputs after a check without errors."""
    schema = schema_of(token)
    assert schema is not None
    struct = to_struct(inputs)
    assert list(input_errors(schema, struct_to_python(struct))) == []
    return converted_inputs(schema, struct)


@pytest.mark.parametrize(
    ("token", "name", "others"),
    [
        ("aws:iam/role:Role", "assumeRolePolicy", {}),
        ("aws:iam/policy:Policy", "policy", {}),
        ("aws:s3/bucketPolicy:BucketPolicy", "policy", {"bucket": "b"}),
        ("aws:sqs/queuePolicy:QueuePolicy", "policy", {"queueUrl": "u"}),
    ],
)
def test_a_policy_document_given_as_an_object_becomes_json(token, name, others):
    inputs = struct_to_python(converted(token, {**others, name: DOCUMENT}))
    assert json.loads(inputs[name]) == DOCUMENT
    text = json.dumps(DOCUMENT)
    assert struct_to_python(converted(token, {**others, name: text}))[name] == text


def test_a_policy_document_with_an_unknown_value_is_unknown():
    inputs = converted("aws:iam/policy:Policy", {"policy": {"Statement": [{"Resource": UNKNOWN}]}})
    assert struct_to_python(inputs)["policy"] is UNKNOWN


def test_a_policy_document_with_a_secret_is_a_secret():
    document = {"Statement": [{"Resource": secret("arn:aws:s3:::hidden")}]}
    policy = converted("aws:iam/policy:Policy", {"policy": document}).fields["policy"]
    assert is_secret(policy.struct_value)
    assert "arn:aws:s3:::hidden" in policy.struct_value.fields["value"].string_value


def test_nulls_are_left_out_of_maps_and_lists():
    inputs = {"bucket": None, "tags": {"a": None, "b": "c"}, "corsRules": [None]}
    assert struct_to_python(converted("aws:s3/bucket:Bucket", inputs)) == {
        "tags": {"b": "c"},
        "corsRules": [],
    }


def test_values_have_the_type_of_their_property():
    inputs = {
        "visibilityTimeoutSeconds": "60",
        "fifoQueue": "false",
        "name": 42,
        "tags": {"count": 3, "flag": True, "ratio": 0.5},
    }
    assert struct_to_python(converted("aws:sqs/queue:Queue", inputs)) == {
        "visibilityTimeoutSeconds": 60,
        "fifoQueue": False,
        "name": "42",
        "tags": {"count": "3", "flag": "true", "ratio": "0.5"},
    }


def test_nested_properties_are_converted_and_secrets_stay_secret():
    inputs = {"settings": [{"namespace": "n", "name": "size", "value": 5}], "application": secret(7)}
    struct = converted("aws:elasticbeanstalk/environment:Environment", inputs)
    assert struct_to_python(struct)["settings"][0]["value"] == "5"
    assert struct.fields["application"].struct_value.fields["value"].string_value == "7"


def test_each_alternative_of_a_union_is_tried():
    schema = schema_of("aws:lambda/function:Function")
    assert schema is not None
    common = {"role": "r", "code": None}
    for runtime in ("python3.12", UNKNOWN):
        assert list(input_errors(schema, {**common, "runtime": runtime})) == []
    (error,) = input_errors(schema, {**common, "runtime": ["python3.12"]})
    assert error.reason == 'Incorrect value type: "runtime" takes a string, not a list'


def test_a_list_may_have_its_name_in_terraform():
    schema = schema_of("aws:ec2/securityGroup:SecurityGroup")
    assert schema is not None
    rule = {"fromPort": 443, "toPort": 443, "protocol": "tcp"}
    assert list(input_errors(schema, {"ingress": [{**rule, "cidrBlock": ["10.0.0.0/8"]}]})) == []
    (error,) = input_errors(schema, {"ingress": [{**rule, "cidrBlock": 10}]})
    assert error.path == "ingress[0].cidrBlocks"
