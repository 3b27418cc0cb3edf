"""`GET /metrics/cost` on the load balancer of the AI budget service."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.ai_budget.load_balancer import LoadBalancer
from components.lambda_functions.load_balancer_target import lambda_target
from components.tags import CostTags

PATH = "/metrics/cost"
PRIORITY = 10  # the only rule; every other path goes to the default action, the AI budget service


@dataclass(frozen=True)
class MetricsTargetArgs:
    """`name` is the name of the target group, at most 32 characters; `alias` answers the requests."""

    name: str
    alias: aws.lambda_.Alias
    load_balancer: LoadBalancer
    tags: CostTags


class MetricsTarget(pulumi.ComponentResource):
    """A rule for the path on each listener, with the function as its target."""

    def __init__(
        self, name: str, args: MetricsTargetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:cost_data:MetricsTarget", name, None, opts)
        tags, child = args.tags.as_tags(), pulumi.ResourceOptions(parent=self)
        group = lambda_target(name, args.name, args.alias, args.tags, self)
        for protocol, listener in args.load_balancer.listeners.items():
            aws.lb.ListenerRule(
                f"{name}-{protocol}",
                listener_arn=listener.arn,
                priority=PRIORITY,
                conditions=[
                    aws.lb.ListenerRuleConditionArgs(
                        path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=[PATH])
                    )
                ],
                actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
                tags=tags,
                opts=child,
            )
        self.register_outputs({})
