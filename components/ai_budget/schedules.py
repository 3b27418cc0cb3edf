"""The scheduled tasks of a Lambda."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.tags import CostTags


@dataclass(frozen=True)
class TaskSchedulesArgs:
    """`minutes` is the interval of each task; the Lambda is invoked with `{"task": …}`."""

    name: str
    alias: aws.lambda_.Alias
    minutes: Mapping[str, int]
    tags: CostTags


class TaskSchedules(pulumi.ComponentResource):
    """EventBridge rules on a schedule. A failed invocation is retried until the next one is due.

    Rules rather than EventBridge Scheduler, because their scheduled invocations are free of charge
    (https://aws.amazon.com/eventbridge/pricing/, 2026-11).
    """

    def __init__(
        self, name: str, args: TaskSchedulesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:ai_budget:TaskSchedules", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for task, minutes in args.minutes.items():
            rule = aws.cloudwatch.EventRule(
                f"{name}-{task}",
                name=f"{args.name}-{task}",
                description=f"AI budget service: {task}",
                schedule_expression=f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})",
                tags=args.tags.as_tags(),
                opts=child,
            )
            permission = aws.lambda_.Permission(
                f"{name}-{task}-permission",
                statement_id=f"schedule-{task}",
                action="lambda:InvokeFunction",
                function=args.alias.function_name,
                qualifier=args.alias.name,
                principal="events.amazonaws.com",
                source_arn=rule.arn,
                opts=child,
            )
            aws.cloudwatch.EventTarget(
                f"{name}-{task}-target",
                rule=rule.name,
                target_id=task,
                arn=args.alias.arn,
                input=json.dumps({"task": task}),
                retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=max(minutes * 60, 60), maximum_retry_attempts=2
                ),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
            )
        self.register_outputs({})
