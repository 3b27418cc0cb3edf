"""The security group of the functions, and what it may connect to."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.ai_budget import database as budget_database
from components.settings import Settings
from components.tags import CostTags


@dataclass(frozen=True)
class NetworkAccessArgs:
    settings: Settings
    name: str
    description: str
    database: budget_database.AiBudgetDatabase
    tags: CostTags


class NetworkAccess(pulumi.ComponentResource):
    """The functions connect to the database and to AWS APIs; nothing connects to them.

    Lambda invokes a function from outside the VPC. `rules` are what a function needs before it can connect.
    """

    security_group_id: pulumi.Output[str]
    rules: Sequence[pulumi.Resource]

    def __init__(
        self, name: str, args: NetworkAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:lambda_functions:NetworkAccess", name, None, opts)
        tags, child = args.tags.as_tags(), pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name=args.name,
            description=args.description,
            vpc_id=args.settings.network.vpc_id,
            tags=tags,
            opts=child,
        )
        self.security_group_id = group.id
        self.rules = [
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-database-from-functions",
                security_group_id=args.database.security_group_id,
                referenced_security_group_id=group.id,
                ip_protocol="tcp",
                from_port=budget_database.PORT,
                to_port=budget_database.PORT,
                description="PostgreSQL from the functions",
                tags=tags,
                opts=child,
            ),
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-database",
                security_group_id=group.id,
                referenced_security_group_id=args.database.security_group_id,
                ip_protocol="tcp",
                from_port=budget_database.PORT,
                to_port=budget_database.PORT,
                description="PostgreSQL",
                tags=tags,
                opts=child,
            ),
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-aws",
                security_group_id=group.id,
                cidr_ipv4="0.0.0.0/0",
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                description="AWS APIs, through the VPC's own endpoints or NAT",
                tags=tags,
                opts=child,
            ),
        ]
        self.register_outputs({"securityGroupId": self.security_group_id})
