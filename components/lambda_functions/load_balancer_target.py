"""A function as the target of a load balancer."""

import pulumi
import pulumi_aws as aws

from components.tags import CostTags


def lambda_target(
    name: str,
    target_name: str,
    alias: aws.lambda_.Alias,
    tags: CostTags,
    parent: pulumi.Resource,
    *,
    multi_value_headers: bool | None = None,
) -> aws.lb.TargetGroup:
    """A target group that invokes the alias; `target_name` is its name in AWS, at most 32 characters.

    The resources are children of `parent`, with `name` before their own names.
    """
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.lb.TargetGroup(
        f"{name}-target",
        name=target_name,
        target_type="lambda",
        lambda_multi_value_headers_enabled=multi_value_headers,
        tags=tags.as_tags(),
        opts=child,
    )
    permission = aws.lambda_.Permission(
        f"{name}-permission",
        statement_id="load-balancer",
        action="lambda:InvokeFunction",
        function=alias.function_name,
        qualifier=alias.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=group.arn,
        opts=child,
    )
    aws.lb.TargetGroupAttachment(
        f"{name}-attachment",
        target_group_arn=group.arn,
        target_id=alias.arn,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[permission]),
    )
    return group
