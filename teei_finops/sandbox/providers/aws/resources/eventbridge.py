# ruff: noqa: ARG002 every handler method takes the same arguments
"""EventBridge rules, targets and schedules."""

import re
from typing import Any

from teei_finops.sandbox.providers.aws.api import (
    AwsError,
    Clients,
    json_text,
    pascal_case,
    tag_list,
    without_none,
)
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["ResourceNotFoundException"]
_SCHEDULE_EXPRESSION = re.compile(
    r"(rate\(\d+ (minutes?|hours?|days?)\)|cron\([^)]+\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))"
)


@handles("aws:cloudwatch/eventRule:EventRule")
class EventRule(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        arn = aws.call(
            "events",
            "PutRule",
            Name=inputs["name"],
            ScheduleExpression=inputs.get("scheduleExpression"),
            EventPattern=json_text(inputs.get("eventPattern"), "the event pattern"),
            State=inputs.get("state"),
            Description=inputs.get("description"),
            RoleArn=inputs.get("roleArn"),
            EventBusName=inputs.get("eventBusName"),
            Tags=tag_list(inputs.get("tags")) or None,
        )["RuleArn"]
        return ResourceState(id=inputs["name"], outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "events",
            "DeleteRule",
            not_found=_NOT_FOUND,
            Name=resource_id,
            EventBusName=inputs.get("eventBusName"),
        )


@handles("aws:cloudwatch/eventTarget:EventTarget")
class EventTarget(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        target_id = inputs.get("targetId") or f"{inputs['rule']}-target"
        target = {
            "Id": target_id,
            "Arn": inputs["arn"],
            "RoleArn": inputs.get("roleArn"),
            "Input": inputs.get("input"),
            "DeadLetterConfig": pascal_case(inputs.get("deadLetterConfig")),
            "RetryPolicy": pascal_case(inputs.get("retryPolicy")),
        }
        aws.call(
            "events",
            "PutTargets",
            Rule=inputs["rule"],
            EventBusName=inputs.get("eventBusName"),
            Targets=[without_none(target)],
        )
        return ResourceState(id=f"{inputs['rule']}-{target_id}", outputs={"targetId": target_id})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "events",
            "RemoveTargets",
            not_found=_NOT_FOUND,
            Rule=inputs["rule"],
            EventBusName=inputs.get("eventBusName"),
            Ids=[resource_id.removeprefix(f"{inputs['rule']}-")],
        )


@handles("aws:scheduler/schedule:Schedule")
class Schedule(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        arn = aws.call("scheduler", "CreateSchedule", **self._parameters(inputs))["ScheduleArn"]
        return ResourceState(
            id=f"{inputs.get('groupName', 'default')}/{inputs['name']}", outputs={"arn": arn}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call("scheduler", "UpdateSchedule", **self._parameters(inputs))
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        group, _, name = resource_id.partition("/")
        aws.call_if_exists("scheduler", "DeleteSchedule", not_found=_NOT_FOUND, Name=name, GroupName=group)

    def _parameters(self, inputs: Inputs) -> dict[str, Any]:
        expression = inputs["scheduleExpression"]
        if not _SCHEDULE_EXPRESSION.fullmatch(expression):
            raise AwsError(f"ValidationException: Invalid Schedule Expression {expression}")
        target = inputs["target"]
        return {
            "Name": inputs["name"],
            "GroupName": inputs.get("groupName"),
            "Description": inputs.get("description"),
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": inputs.get("scheduleExpressionTimezone"),
            "State": inputs.get("state"),
            "KmsKeyArn": inputs.get("kmsKeyArn"),
            "FlexibleTimeWindow": pascal_case(inputs["flexibleTimeWindow"]),
            "Target": without_none(
                {
                    "Arn": target["arn"],
                    "RoleArn": target["roleArn"],
                    "Input": target.get("input"),
                    "DeadLetterConfig": pascal_case(target.get("deadLetterConfig")),
                    "RetryPolicy": pascal_case(target.get("retryPolicy")),
                }
            ),
        }


@handles("aws:scheduler/scheduleGroup:ScheduleGroup")
class ScheduleGroup(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        tags = tag_list(inputs.get("tags"))
        arn = aws.call("scheduler", "CreateScheduleGroup", Name=inputs["name"], Tags=tags)["ScheduleGroupArn"]
        return ResourceState(id=inputs["name"], outputs={"arn": arn, "state": "ACTIVE"})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        arn = f"arn:aws:scheduler:{aws.region}:{aws.account}:schedule-group/{resource_id}"
        aws.call("scheduler", "TagResource", ResourceArn=arn, Tags=tag_list(inputs.get("tags")))
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("scheduler", "DeleteScheduleGroup", not_found=_NOT_FOUND, Name=resource_id)
