"""Images from the SSM parameters that AWS publishes."""

import json

import pulumi_aws as aws

prefix = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"
recommended = json.loads(aws.ssm.get_parameter(name=prefix).value)
aws.ec2.LaunchTemplate("nodes", image_id=recommended["image_id"], instance_type="m7i.large")
arm = aws.ssm.get_parameter(name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64")
aws.ec2.Instance("runner", ami=arm.value, instance_type="t4g.small")
