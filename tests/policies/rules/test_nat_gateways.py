"""NAT gateways of a VPC: one outside of production, with the price of all and of one."""

from dataclasses import replace

import pytest

from policies import messages
from tests.policies import compliant_costs as costs
from tests.policies.compliant_aws import aws_resource
from tests.policies.pack_client import STAGING, UNKNOWN, FakeResource, Pack, with_property


def two_nat_gateways(second_vpc: str = "vpc-1") -> list[FakeResource]:
    other = aws_resource("aws:ec2/subnet:Subnet", "public-b", vpcId=second_vpc)
    other.outputs = {**other.inputs, "id": "subnet-2"}
    second = aws_resource("aws:ec2/natGateway:NatGateway", "b", subnetId="subnet-2", region="us-east-1")
    return [costs.subnet(), other, costs.nat_gateway(), second]


@pytest.mark.parametrize(
    ("config", "policy", "level"),
    [(STAGING, "one-nat-gateway-outside-prod", "mandatory"), (None, "nat-gateways-in-prod", "advisory")],
)
def test_two_nat_gateways_of_a_vpc_are_reported_with_the_price_of_both_and_of_one(config, policy, level):
    (diagnostic,) = [item for item in Pack(config).evaluate(*two_nat_gateways()) if item.policy == policy]
    assert (diagnostic.level, diagnostic.urn) == (level, two_nat_gateways()[-1].urn)
    text = "the VPC has 2 NAT gateways for $65.70 a month; one costs $32.85, both before traffic"
    assert text in diagnostic.message


@pytest.mark.parametrize(
    ("options", "merged"), [({}, ("b", "c")), ({"maximum": 2}, ("c",)), ({"maximum": 3}, None)]
)
def test_the_fix_merges_the_nat_gateways_that_are_more_than_the_maximum(options, merged):
    gateways = [
        aws_resource("aws:ec2/natGateway:NatGateway", name, vpcId="vpc-1", availabilityMode="regional")
        for name in "abc"
    ]
    pack = Pack(STAGING)
    pack.configure(**{"one-nat-gateway-outside-prod": options})
    pack.evaluate(*gateways)
    merges = [
        tuple(urn.rpartition("::")[2] for urn in violation.remedy.merges)
        for violation in pack.context.report().violations
        if violation.policy == "one-nat-gateway-outside-prod"
    ]
    assert merges == ([merged] if merged else [])


def test_nat_gateways_of_two_vpcs_are_not_counted_together():
    assert not {"one-nat-gateway-outside-prod", "nat-gateways-in-prod"} & policies(
        Pack(STAGING), *two_nat_gateways("vpc-2")
    )


def test_before_the_first_deploy_the_tracked_dependencies_tell_the_vpc_of_a_nat_gateway():
    def deployed_into(*vpcs: str) -> set[str]:
        resources = []
        for index, vpc in enumerate(vpcs):
            subnet = aws_resource("aws:ec2/subnet:Subnet", f"subnet-{index}", vpcId=UNKNOWN)
            subnet.dependencies = {"vpcId": [vpc]}
            gateway = aws_resource("aws:ec2/natGateway:NatGateway", f"nat-{index}", subnetId=UNKNOWN)
            gateway.dependencies = {"subnetId": [subnet.urn]}
            resources += [subnet, gateway]
        return policies(Pack(STAGING), *resources)

    assert "one-nat-gateway-outside-prod" in deployed_into("urn:vpc-a", "urn:vpc-a")
    assert "one-nat-gateway-outside-prod" not in deployed_into("urn:vpc-a", "urn:vpc-b")


def test_nat_gateways_of_an_environment_that_is_not_known_are_not_reported():
    gateways = [replace(resource, inputs=dict(resource.inputs, tags={})) for resource in two_nat_gateways()]
    assert not {"one-nat-gateway-outside-prod", "nat-gateways-in-prod"} & policies(Pack({}), *gateways)


def test_nat_gateways_in_a_region_without_prices_are_reported_without_an_amount():
    resources = [
        with_property(resource, "region", "xx-nowhere-1") if "NatGateway" in resource.type else resource
        for resource in two_nat_gateways()
    ]
    (message,) = [
        item.message for item in Pack(STAGING).evaluate(*resources) if item.policy.startswith("one-nat")
    ]
    assert "the VPC has 2 NAT gateways\n" in message


@pytest.mark.parametrize("environment", ["prod", "production", "prd", "live"])
def test_usual_names_of_production_are_production(environment):
    pack = Pack(STAGING | {"teei-finops:environment": environment})
    assert "nat-gateways-in-prod" in policies(pack, *two_nat_gateways())


def test_a_subnet_whose_id_the_engine_does_not_show_is_known_by_the_tracked_dependency():
    subnet, _, gateway, second = two_nat_gateways()
    subnet.outputs = None
    for resource in (gateway, second):
        resource.dependencies = {"subnetId": [subnet.urn]}
    assert "one-nat-gateway-outside-prod" in policies(Pack(STAGING), subnet, gateway, second)


def test_nat_gateways_in_subnets_of_other_stacks_are_not_judged_together():
    gateways = two_nat_gateways()[2:]
    (diagnostic,) = [item for item in Pack(STAGING).evaluate(*gateways) if "one-nat" in item.policy]
    assert diagnostic.level == "advisory"
    assert messages.UNDETERMINED in diagnostic.message
    assert "subnetId is in a VPC that is not in the stack" in diagnostic.message
    regions = [with_property(gateways[0], "region", "eu-west-1"), gateways[1]]
    assert "one-nat-gateway-outside-prod" not in policies(Pack(STAGING), *regions)


def test_regional_nat_gateways_name_their_vpc():
    gateways = [
        aws_resource("aws:ec2/natGateway:NatGateway", name, vpcId="vpc-1", availabilityMode="regional")
        for name in ("a", "b")
    ]
    assert "one-nat-gateway-outside-prod" in policies(Pack(STAGING), *gateways)
    assert "one-nat-gateway-outside-prod" not in policies(Pack(STAGING), gateways[0])


def policies(pack: Pack, *resources: FakeResource) -> set[str]:
    return {diagnostic.policy for diagnostic in pack.evaluate(*resources)}
