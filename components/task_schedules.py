"""The scheduled tasks of a Lambda."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import function_role
from components.settings import Settings
from components.tags import CostTags


@dataclass(frozen=True)
class TaskSchedulesArgs:
    """`minutes` says how often each task runs; the Lambda gets `{"task": …}`."""

    settings: Settings
    name: str
    alias: aws.lambda_.Alias
    minutes: Mapping[str, int]
    tags: CostTags


class TaskSchedules(pulumi.ComponentResource):
    """EventBridge schedules in a group of their own. One that fails is tried again until the next is due."""

    def __init__(
        self, name: str, args: TaskSchedulesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:task_schedules:TaskSchedules", name, None, opts)
        tags, child = args.tags.as_tags(), pulumi.ResourceOptions(parent=self)
        group = aws.scheduler.ScheduleGroup(f"{name}-group", name=args.name, tags=tags, opts=child)
        role = aws.iam.Role(
            f"{name}-role",
            name=f"{args.name}-scheduler",
            description="Starts the scheduled tasks of the AI budget service",
            assume_role_policy=function_role.trust("scheduler.amazonaws.com", args.settings.account_id),
            tags=tags,
            opts=child,
        )
        allowed = aws.iam.RolePolicy(
            f"{name}-permissions",
            name="invoke",
            role=role.name,
            policy=function_role.policy([function_role.allow(["lambda:InvokeFunction"], [args.alias.arn])]),
            opts=child,
        )
        for task, minutes in args.minutes.items():
            aws.scheduler.Schedule(
                f"{name}-{task}",
                name=task,
                group_name=group.name,
                description=f"AI budget service: {task}",
                schedule_expression=f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})",
                flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
                target=aws.scheduler.ScheduleTargetArgs(
                    arn=args.alias.arn,
                    role_arn=role.arn,
                    input=json.dumps({"task": task}),
                    retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                        maximum_event_age_in_seconds=minutes * 60, maximum_retry_attempts=2
                    ),
                ),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
            )
        self.register_outputs({})
