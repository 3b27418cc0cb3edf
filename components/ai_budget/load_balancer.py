"""The internal load balancer that forwards requests of the cluster's pods to a Lambda."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.tags import CostTags


@dataclass(frozen=True)
class LoadBalancerArgs:
    """`name` is the name of the load balancer, at most 32 characters; `alias` serves the requests."""

    settings: Settings
    name: str
    port: int
    alias: aws.lambda_.Alias
    tags: CostTags


class LoadBalancer(pulumi.ComponentResource):
    """An internal application load balancer: HTTP on one port, only for the pods' security group."""

    dns_name: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:ai_budget:LoadBalancer", name, None, opts)
        network, tags = args.settings.network, args.tags.as_tags()
        child = pulumi.ResourceOptions(parent=self)
        access = aws.ec2.SecurityGroup(
            f"{name}-access",
            name=f"{args.name}-load-balancer",
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
        load_balancer = aws.lb.LoadBalancer(
            f"{name}-alb",
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
            load_balancer_arn=load_balancer.arn,
            port=args.port,
            protocol="HTTP",
            default_actions=[forward],
            tags=tags,
            opts=child,
        )
        self.dns_name = load_balancer.dns_name
        self.arn_suffix = load_balancer.arn_suffix
        self.register_outputs({"dnsName": self.dns_name})
