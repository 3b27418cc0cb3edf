"""IAM policies of a Lambda, derived from the AWS calls in its code."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

Statement = Mapping[str, Any]

# The permission behind each call; docs.aws.amazon.com/service-authorization, 2026-11.
ACTIONS = {
    ("rds", "generate_db_auth_token"): "rds-db:connect",
    ("secretsmanager", "describe_secret"): "secretsmanager:DescribeSecret",
    ("secretsmanager", "get_secret_value"): "secretsmanager:GetSecretValue",
    ("secretsmanager", "put_secret_value"): "secretsmanager:PutSecretValue",
    ("sqs", "send_message"): "sqs:SendMessage",
    ("sesv2", "send_email"): "ses:SendEmail",
}
# What the functions of aws_lambda_powertools.utilities.parameters call.
_POWERTOOLS = {"get_secret": ("secretsmanager", "get_secret_value")}
# For a Lambda in a VPC; AWS accepts no narrower resource than * for them
# (docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, 2026-11).
NETWORK_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
# For traces. AWS supports no narrower resource for them
# (https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html, 2026-11).
TRACE_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
# For the queue that Lambda reads on behalf of the function.
QUEUE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class UnknownCallError(Exception):
    """The code makes an AWS call without a known permission; the text is one line."""

    user_error = True


def calls(adapter: Path) -> set[tuple[str, str]]:
    """(service, operation) of each AWS call in an adapter module, names as boto3 has them."""
    called: set[tuple[str, str]] = set()
    for node in ast.parse(adapter.read_text(encoding="utf-8"), str(adapter)).body:
        services, operations = set(), set()
        for part in ast.walk(node):
            match part:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="boto3"), attr="client"),
                    args=[ast.Constant(value=str(service)), *_],
                ):
                    services.add(service)
                case ast.Attribute(value=ast.Attribute(attr="_client"), attr=operation):
                    operations.add(operation)
                case ast.Attribute(value=ast.Name(id="parameters"), attr=function):
                    called.add(_POWERTOOLS.get(function, ("parameters", function)))
        called |= {(service, operation) for service in services for operation in operations}
    return called


def statements(
    adapters: Sequence[Path], resources: Mapping[str, Sequence[pulumi.Input[str]]]
) -> list[Statement]:
    """One statement for each call of the adapter modules, `resources` being what each action is for.

    An action without a resource is left out. Raises UnknownCallError for a call without a known permission,
    or one that `resources` does not name.
    """
    allowed = []
    for service, operation in sorted(set().union(*map(calls, adapters))):
        action = ACTIONS.get((service, operation))
        if action is None or action not in resources:
            names = ", ".join(adapter.name for adapter in adapters)
            raise UnknownCallError(
                f"{names}: calls {service} {operation}, which the function's role does not allow;"
                " add it to ACTIONS in components/lambda_functions/roles.py and name its resource"
            )
        if resources[action]:
            allowed.append(allow([action], resources[action]))
    return allowed


def allow(actions: Iterable[str], resources: Sequence[pulumi.Input[str]]) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def policy(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The policy document."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: str, account_id: str | None = None) -> pulumi.Output[str]:
    """The trust policy of a role that one AWS service may assume, for `account_id` only if given."""
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": account_id}}} if account_id else {}
    return policy([{**statement, **condition}])
