"""VPCs, subnets and security groups outside the stack, created in moto when the stack refers to them.

moto cannot create a resource with a given id, so its id functions are replaced during the call.
"""

from collections.abc import Sequence
from unittest.mock import patch

from teei_finops.sandbox.providers.aws.api import Clients

_ZONE_LETTERS = "abc"


def ensure_vpc(aws: Clients, vpc_id: str) -> None:
    """Create a VPC with this id unless it exists."""
    not_found = ["InvalidVpcID.NotFound"]
    if aws.call_if_exists("ec2", "DescribeVpcs", not_found=not_found, VpcIds=[vpc_id]) is None:
        with patch("moto.ec2.models.vpcs.random_vpc_id", return_value=vpc_id):
            aws.call("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")


def ensure_subnets(aws: Clients, subnet_ids: Sequence[str]) -> None:
    """Create the subnets that do not exist, in the zones of the region in turn."""
    for subnet_id in subnet_ids:
        not_found = ["InvalidSubnetID.NotFound"]
        if aws.call_if_exists("ec2", "DescribeSubnets", not_found=not_found, SubnetIds=[subnet_id]) is None:
            _create_subnet(aws, subnet_id)


def _create_subnet(aws: Clients, subnet_id: str) -> None:
    vpc_id = _existing_vpc(aws)
    in_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    number = len(aws.call("ec2", "DescribeSubnets", Filters=in_vpc)["Subnets"])
    with patch("moto.ec2.models.subnets.random_subnet_id", return_value=subnet_id):
        aws.call(
            "ec2",
            "CreateSubnet",
            VpcId=vpc_id,
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone=f"{aws.region}{_ZONE_LETTERS[number % len(_ZONE_LETTERS)]}",
        )


def ensure_security_groups(aws: Clients, group_ids: Sequence[str]) -> None:
    """Create the security groups that do not exist."""
    for group_id in group_ids:
        not_found = ["InvalidGroup.NotFound"]
        if aws.call_if_exists("ec2", "DescribeSecurityGroups", not_found=not_found, GroupIds=[group_id]):
            continue
        with patch("moto.ec2.models.security_groups.random_security_group_id", return_value=group_id):
            aws.call(
                "ec2",
                "CreateSecurityGroup",
                GroupName=f"platform-{group_id}",
                Description="exists outside the stack",
                VpcId=_existing_vpc(aws),
            )


def _existing_vpc(aws: Clients) -> str:
    """The id of a VPC other than the account's default; it is created if there is none."""
    vpcs = aws.call("ec2", "DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    return vpcs[0]["VpcId"] if vpcs else aws.call("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
