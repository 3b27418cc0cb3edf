"""A Lambda in the VPC with its own role and a log group with a retention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.lambda_functions import roles
from components.settings import Settings
from components.tags import CostTags

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"
ALIAS = "live"


@dataclass(frozen=True)
class ServiceFunctionArgs:
    """`concurrency` is reserved for the function; `statements` are the IAM permissions of its own code.

    `storage_mib` is what it may write to /tmp.
    """

    settings: Settings
    name: str
    description: str
    code: pulumi.Archive
    handler: str
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[roles.Statement]
    security_group_id: pulumi.Input[str]
    memory_mib: int
    timeout_seconds: int
    concurrency: int
    log_retention_days: int
    tags: CostTags
    storage_mib: int = 512  # the size without an extra charge


class ServiceFunction(pulumi.ComponentResource):
    """Every change of code or configuration is published as a version; callers never use `$LATEST`."""

    function: aws.lambda_.Function
    version: pulumi.Output[str]

    def __init__(
        self, name: str, args: ServiceFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:lambda_functions:ServiceFunction", name, None, opts)
        tags = args.tags.as_tags()
        child = pulumi.ResourceOptions(parent=self)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{args.name}",
            retention_in_days=args.log_retention_days,
            tags=tags,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=args.name,
            description=args.description,
            assume_role_policy=roles.trust("lambda.amazonaws.com"),
            tags=tags,
            opts=child,
        )
        logs = pulumi.Output.concat(log_group.arn, ":*")
        permissions = aws.iam.RolePolicy(
            f"{name}-permissions",
            name="function",
            role=role.name,
            policy=roles.policy(
                [
                    *args.statements,
                    roles.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs]),
                    roles.allow(roles.NETWORK_ACTIONS, ["*"]),
                    _deny_network_actions_to_code(args),
                    roles.allow(roles.TRACE_ACTIONS, ["*"]),
                ]
            ),
            opts=child,
        )
        self.function = aws.lambda_.Function(
            f"{name}-function",
            name=args.name,
            description=args.description,
            code=args.code,
            handler=args.handler,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            role=role.arn,
            memory_size=args.memory_mib,
            ephemeral_storage=aws.lambda_.FunctionEphemeralStorageArgs(size=args.storage_mib),
            tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode="Active"),
            timeout=args.timeout_seconds,
            reserved_concurrent_executions=args.concurrency,
            publish=True,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=dict(args.environment)),
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=list(args.settings.network.private_subnet_ids),
                security_group_ids=[args.security_group_id],
            ),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions, log_group]),
        )
        # Only a person invokes `$LATEST` asynchronously; an alias has its own configuration.
        aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-events",
            function_name=self.function.name,
            maximum_retry_attempts=0,
            maximum_event_age_in_seconds=60,
            opts=child,
        )
        self.version = self.function.version
        self.register_outputs({"arn": self.function.arn, "version": self.version})

    def live_alias(
        self,
        name: str,
        parent: pulumi.Resource,
        depends_on: Sequence[pulumi.Resource],
        description: str = "The version that runs",
    ) -> aws.lambda_.Alias:
        """What invokes the function: it moves to a new version once `depends_on` are there."""
        return aws.lambda_.Alias(
            name,
            name=ALIAS,
            description=description,
            function_name=self.function.name,
            function_version=self.version,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=depends_on),
        )


def _deny_network_actions_to_code(args: ServiceFunctionArgs) -> roles.Statement:
    """Lambda itself manages the network interfaces with the function's role; the function's code must not.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Required IAM permissions", 2026-11.
    """
    settings = args.settings
    arn = f"arn:aws:lambda:{settings.region}:{settings.account_id}:function:{args.name}"
    condition = {"ArnEquals": {"lambda:SourceFunctionArn": [arn]}}
    return {**roles.allow(roles.NETWORK_ACTIONS, ["*"]), "Effect": "Deny", "Condition": condition}
