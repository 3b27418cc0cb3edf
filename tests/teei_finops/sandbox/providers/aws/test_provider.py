"""The fake AWS provider's answers to the engine, without an account."""

from importlib.metadata import version
from types import SimpleNamespace

import pytest
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.aws.provider import FakeAwsProvider
from teei_finops.sandbox.providers.property_values import struct_to_python, to_struct

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CONTEXT = SimpleNamespace(peer=lambda: "engine")
INSTANCE, VPC = "aws:rds/instance:Instance", "aws:ec2/vpc:Vpc"
INPUTS = {"identifier": "orders", "engine": "postgres", "instanceClass": "db.t4g.micro", "dbName": "shop"}
URN = "urn:pulumi:dev::shop::aws:rds/instance:Instance::orders"


@pytest.fixture
def provider():
    return FakeAwsProvider(version("pulumi_aws"), None, "eu-west-1")


def created(provider, token=INSTANCE, inputs=INPUTS):
    request = provider_pb2.CreateRequest(urn=URN, type=token, properties=to_struct(inputs))
    response = provider.Create(request, CONTEXT)
    return response.id, struct_to_python(response.properties)


def test_an_update_keeps_what_aws_chose_and_drops_what_the_program_removed(provider):
    resource_id, state = created(provider)
    news = {name: value for name, value in INPUTS.items() if name != "dbName"} | {"allocatedStorage": 50}
    request = provider_pb2.UpdateRequest(
        urn=URN,
        type=INSTANCE,
        id=resource_id,
        olds=to_struct(state),
        old_inputs=to_struct(INPUTS),
        news=to_struct(news),
    )
    for preview in (True, False):
        request.preview = preview
        outputs = struct_to_python(provider.Update(request, CONTEXT).properties)
        assert outputs["port"] == 5432
        assert outputs["endpoint"] == state["endpoint"]
        assert outputs["allocatedStorage"] == 50
        assert "dbName" not in outputs


@pytest.mark.parametrize(("token", "inputs"), [(INSTANCE, INPUTS), ("aws:ec2/eip:Eip", {})])
def test_a_refresh_changes_nothing(provider, token, inputs):
    resource_id, state = created(provider, token, inputs)
    request = provider_pb2.ReadRequest(
        id=resource_id, urn=URN, type=token, properties=to_struct(state), inputs=to_struct(inputs)
    )
    response = provider.Read(request, CONTEXT)
    assert response.id == resource_id
    assert struct_to_python(response.properties) == state


def test_an_imported_resource_is_as_the_program_declares_it(provider):
    read = provider.Read(provider_pb2.ReadRequest(id="orders", urn=URN, type=INSTANCE), CONTEXT)
    request = provider_pb2.DiffRequest(
        id="orders",
        urn=URN,
        type=INSTANCE,
        olds=read.properties,
        old_inputs=read.inputs,
        news=to_struct(INPUTS),
    )
    assert provider.Diff(request, CONTEXT).changes == provider_pb2.DiffResponse.DIFF_NONE
    request.old_inputs.CopyFrom(to_struct({**INPUTS, "instanceClass": "db.t4g.small"}))
    assert list(provider.Diff(request, CONTEXT).diffs) == ["instanceClass"]


def test_a_resource_outside_the_stack_has_the_given_state_and_all_its_properties(provider):
    state = to_struct({"cidrBlock": "10.9.0.0/16"})
    request = provider_pb2.ReadRequest(id="vpc-1", urn=URN, type=VPC, properties=state)
    outputs = struct_to_python(provider.Read(request, CONTEXT).properties)
    assert outputs["cidrBlock"] == "10.9.0.0/16"
    assert outputs["arn"] == "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"
    assert outputs["mainRouteTableId"].startswith("rtb-")


def test_a_program_with_another_major_version_of_the_sdk_is_not_checked(provider):
    request = provider_pb2.CheckRequest(
        urn=URN, type="aws:s3/bucket:Bucket", news=to_struct({"removedIn7": True, "tags": {"n": 1}})
    )
    assert [failure.property for failure in provider.Check(request, CONTEXT).failures] == ["removedIn7"]
    earlier = FakeAwsProvider("6.70.0", None)
    checked = struct_to_python(earlier.Check(request, CONTEXT).inputs)
    assert checked["removedIn7"] is True
    assert checked["tags"] == {"n": "1"}
    policy = provider_pb2.CheckRequest(
        urn=URN, type="aws:s3/bucket:Bucket", news=to_struct({"bucket": {"Statement": []}})
    )
    assert struct_to_python(earlier.Check(policy, CONTEXT).inputs)["bucket"] == '{"Statement": []}'
    unknown_type = provider_pb2.CheckRequest(urn=URN, type="aws:old/thing:Thing", news=to_struct({"a": 1}))
    assert struct_to_python(earlier.Check(unknown_type, CONTEXT).inputs) == {"a": 1}
    assert provider.Check(unknown_type, CONTEXT).failures


def test_the_resources_of_a_component_with_another_version_of_the_sdk_are_not_checked(provider):
    request = provider_pb2.CheckRequest(
        urn=URN, type="aws:s3/bucket:Bucket", news=to_struct({"removedIn7": True})
    )
    provider.Configure(provider_pb2.ConfigureRequest(args=to_struct({"version": "6.70.0"})), CONTEXT)
    assert not provider.Check(request, CONTEXT).failures
    provider.Configure(provider_pb2.ConfigureRequest(args=to_struct({"version": "7.0.0"})), CONTEXT)
    assert provider.Check(request, CONTEXT).failures
