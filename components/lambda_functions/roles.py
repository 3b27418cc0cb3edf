"""IAM policy documents, and the actions that AWS itself uses on behalf of a Lambda."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

Statement = Mapping[str, Any]

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


def allow(actions: Iterable[str], resources: Sequence[pulumi.Input[str]]) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def policy(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The policy document. A statement for no resource is left out, since IAM rejects an empty list."""
    granted = [statement for statement in statements if statement.get("Resource") != []]
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": granted})


def trust(principal: str, account_id: str | None = None) -> pulumi.Output[str]:
    """The trust policy of a role that one AWS service may assume, for `account_id` only if given."""
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": account_id}}} if account_id else {}
    return policy([{**statement, **condition}])
