"""An instance in the default VPC, which the program looks up."""

import pulumi
import pulumi_aws as aws

vpc = aws.ec2.get_vpc(default=True)
subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
image = aws.ec2.get_ami(
    most_recent=True, owners=["amazon"], filters=[{"name": "name", "values": ["al2023-*"]}]
)
group = aws.ec2.SecurityGroup(
    "web",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": [vpc.cidr_block]}],
)
server = aws.ec2.Instance(
    "web", ami=image.id, instance_type="t3.micro", subnet_id=subnets.ids[0], vpc_security_group_ids=[group.id]
)
pulumi.export("address", server.public_ip)
