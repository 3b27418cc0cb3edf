"""The network of the web shop."""

import pulumi_aws as aws

vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
igw = aws.ec2.InternetGateway("igw", vpc_id=vpc.id)
zones = aws.get_availability_zones(state="available").names[:2]
subnets = [
    aws.ec2.Subnet(f"s{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=z)
    for i, z in enumerate(zones)
]
rt = aws.ec2.RouteTable(
    "rt", vpc_id=vpc.id, routes=[aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=igw.id)]
)
eip = aws.ec2.Eip("e", domain="vpc")
nat = aws.ec2.NatGateway("n", allocation_id=eip.id, subnet_id=subnets[0].id)
