"""Resources read with get: their blocks, maps, lists and optional values have values of the right type."""

import ipaddress

import pulumi
import pulumi_aws as aws

vpc = aws.ec2.Vpc.get("platform", "vpc-0a1b2c3d")
cluster = aws.eks.Cluster.get("shared", "shared")
pulumi.export("issuer", cluster.identities[0].oidcs[0].issuer.apply(lambda url: url.removeprefix("https://")))
pulumi.export("authority", cluster.certificate_authority.data)


def first_block(cidr: str) -> str:
    return str(next(ipaddress.ip_network(cidr).subnets(new_prefix=24)))


aws.ec2.Subnet("data", vpc_id=vpc.id, cidr_block=vpc.cidr_block.apply(first_block))
aws.eks.NodeGroup(
    "batch",
    cluster_name=cluster.name,
    node_role_arn=cluster.role_arn,
    subnet_ids=cluster.vpc_config.subnet_ids,
    instance_types=["m7i.large"],
    scaling_config={"desired_size": 2, "min_size": 1, "max_size": 4},
)
