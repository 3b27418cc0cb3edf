"""The internal load balancer that forwards requests of the cluster's pods to a Lambda."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.lambda_functions.load_balancer_target import lambda_target
from components.settings import Settings
from components.tags import CostTags

HTTPS_PORT = 443
# TLS 1.2 and 1.3 with forward secrecy, the default of the console: Elastic Load Balancing User Guide,
# "Security policies for your Application Load Balancer", 2026-11.
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"


@dataclass(frozen=True)
class LoadBalancerArgs:
    """`name` is the name of the load balancer, at most 32 characters; `alias` serves the requests."""

    settings: Settings
    name: str
    port: int
    alias: aws.lambda_.Alias
    tags: CostTags


class LoadBalancer(pulumi.ComponentResource):
    """An internal application load balancer, only for the pods' security group.

    HTTP on one port, for the in-cluster name, which no certificate has; HTTPS on port 443 where the settings
    have a certificate. The service accepts the admin token on HTTPS only. `listeners` are by protocol.
    """

    listeners: dict[str, aws.lb.Listener]
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
        https = args.settings.ai_budget_service.https
        for rule, port in {"pods": args.port, **({"pods-https": HTTPS_PORT} if https else {})}.items():
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-access-from-{rule}",
                security_group_id=access.id,
                referenced_security_group_id=network.client_security_group_id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
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
        target = lambda_target(name, args.name, args.alias, args.tags, self, multi_value_headers=True)
        forward = aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target.arn)
        http = aws.lb.Listener(
            f"{name}-listener",
            load_balancer_arn=load_balancer.arn,
            port=args.port,
            protocol="HTTP",
            default_actions=[forward],
            tags=tags,
            opts=child,
        )
        self.listeners = {"http": http}
        if https:
            self.listeners["https"] = aws.lb.Listener(
                f"{name}-https",
                load_balancer_arn=load_balancer.arn,
                port=HTTPS_PORT,
                protocol="HTTPS",
                ssl_policy=TLS_POLICY,
                certificate_arn=https.certificate_arn,
                default_actions=[forward],
                tags=tags,
                opts=child,
            )
        self.dns_name = load_balancer.dns_name
        self.arn_suffix = load_balancer.arn_suffix
        self.register_outputs({"dnsName": self.dns_name})
