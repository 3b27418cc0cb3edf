"""Outputs of two stacks of another organization: one is stated, the other is invented."""

import pulumi
import pulumi_aws as aws

network = pulumi.StackReference("acme/network/prod")
secrets = pulumi.StackReference(f"acme/secrets/{pulumi.get_stack()}")
balancer = aws.lb.LoadBalancer("web", subnets=network.require_output("public_subnet_ids"))
aws.lb.TargetGroup("web", port=80, protocol="HTTP", vpc_id=network.get_output("vpc_id"), target_type="ip")
aws.secretsmanager.SecretVersion("token", secret_id=secrets.get_output("tokenArn"), secret_string="unused")
pulumi.export("network", network.outputs["vpc_id"])
