"""The network that a platform already has: a stack names it by id, and moto must know it."""

from collections.abc import Sequence
from unittest.mock import patch

from teei_finops.sandbox.providers.aws.resources.resource_handler import Clients

_ZONES = "abc"


def ensure_vpc(aws: Clients, vpc_id: str) -> None:
    """Have a VPC with this id."""
    if aws.attempt("ec2", "DescribeVpcs", absent=["InvalidVpcID.NotFound"], VpcIds=[vpc_id]) is None:
        with patch("moto.ec2.models.vpcs.random_vpc_id", lambda: vpc_id):
            aws.call("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")


def ensure_subnets(aws: Clients, subnet_ids: Sequence[str]) -> None:
    """Have subnets with these ids, one after the other in the region's zones."""
    for subnet_id in subnet_ids:
        found = aws.attempt(
            "ec2", "DescribeSubnets", absent=["InvalidSubnetID.NotFound"], SubnetIds=[subnet_id]
        )
        if found is not None:
            continue
        vpc_id = _platform_vpc(aws)
        taken = len(
            aws.call("ec2", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
        )
        with patch("moto.ec2.models.subnets.random_subnet_id", lambda wanted=subnet_id: wanted):
            aws.call(
                "ec2",
                "CreateSubnet",
                VpcId=vpc_id,
                CidrBlock=f"10.0.{taken}.0/24",
                AvailabilityZone=f"{aws.region}{_ZONES[taken % len(_ZONES)]}",
            )


def ensure_security_groups(aws: Clients, group_ids: Sequence[str]) -> None:
    """Have security groups with these ids."""
    for group_id in group_ids:
        found = aws.attempt(
            "ec2", "DescribeSecurityGroups", absent=["InvalidGroup.NotFound"], GroupIds=[group_id]
        )
        if found is None:
            with patch(
                "moto.ec2.models.security_groups.random_security_group_id", lambda wanted=group_id: wanted
            ):
                aws.call(
                    "ec2",
                    "CreateSecurityGroup",
                    GroupName=f"platform-{group_id}",
                    Description="owned by the platform",
                    VpcId=_platform_vpc(aws),
                )


def _platform_vpc(aws: Clients) -> str:
    """The VPC that is not the account's default, made where there is none."""
    filters = [{"Name": "is-default", "Values": ["false"]}]
    found = aws.call("ec2", "DescribeVpcs", Filters=filters)["Vpcs"]
    return (
        found[0]["VpcId"] if found else aws.call("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    )
