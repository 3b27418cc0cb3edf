"""A load balancer inside the VPC that hands requests to a Lambda, for the cluster's pods only."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.tags import CostTags


@dataclass(frozen=True)
class InternalBalancerArgs:
    """`name` is that of the load balancer (up to 32 characters); `alias` serves the requests."""

    settings: Settings
    name: str
    port: int
    alias: aws.lambda_.Alias
    tags: CostTags


class InternalBalancer(pulumi.ComponentResource):
    """An application load balancer: HTTP on one port, reachable from the pods' security group alone."""

    dns_name: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]

    def __init__(
        self, name: str, args: InternalBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:internal_balancer:InternalBalancer", name, None, opts)
        network, tags = args.settings.network, args.tags.as_tags()
        child = pulumi.ResourceOptions(parent=self)
        access = aws.ec2.SecurityGroup(
            f"{name}-access",
            name=f"{args.name}-balancer",
            description="The load balancer of the AI budget service",
            vpc_id=network.vpc_id,
            tags=tags,
            opts=child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-access-from-pods",
            security_group_id=access.id,
            referenced_security_group_id=network.client_security_group_id,
            ip_protocol="tcp",
            from_port=args.port,
            to_port=args.port,
            description="The API from the cluster",
            tags=tags,
            opts=child,
        )
        balancer = aws.lb.LoadBalancer(
            f"{name}-balancer",
            name=args.name,
            internal=True,
            load_balancer_type="application",
            security_groups=[access.id],
            subnets=list(network.private_subnet_ids),
            drop_invalid_header_fields=True,
            enable_deletion_protection=False,
            tags=tags,
            opts=child,
        )
        target = aws.lb.TargetGroup(
            f"{name}-target",
            name=args.name,
            target_type="lambda",
            lambda_multi_value_headers_enabled=True,
            tags=tags,
            opts=child,
        )
        permission = aws.lambda_.Permission(
            f"{name}-permission",
            statement_id="load-balancer",
            action="lambda:InvokeFunction",
            function=args.alias.function_name,
            qualifier=args.alias.name,
            principal="elasticloadbalancing.amazonaws.com",
            source_arn=target.arn,
            opts=child,
        )
        aws.lb.TargetGroupAttachment(
            f"{name}-attachment",
            target_group_arn=target.arn,
            target_id=args.alias.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        forward = aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target.arn)
        aws.lb.Listener(
            f"{name}-listener",
            load_balancer_arn=balancer.arn,
            port=args.port,
            protocol="HTTP",
            default_actions=[forward],
            tags=tags,
            opts=child,
        )
        self.dns_name = balancer.dns_name
        self.arn_suffix = balancer.arn_suffix
        self.register_outputs({"dnsName": self.dns_name})
