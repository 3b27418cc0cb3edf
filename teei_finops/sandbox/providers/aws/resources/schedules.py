# ruff: noqa: ARG002 every maker is called in the same way
"""EventBridge schedules."""

import re
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    makes,
    pascal,
    without_none,
)

_NOT_FOUND = ["ResourceNotFoundException"]
_EXPRESSION = re.compile(
    r"(rate\(\d+ (minutes?|hours?|days?)\)|cron\([^)]+\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))"
)


@makes("aws:scheduler/schedule:Schedule")
class Schedule(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        arn = aws.call("scheduler", "CreateSchedule", **self._parameters(inputs))["ScheduleArn"]
        return Made(id=f"{inputs.get('groupName', 'default')}/{inputs['name']}", outputs={"arn": arn})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call("scheduler", "UpdateSchedule", **self._parameters(inputs))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        group, _, name = resource_id.partition("/")
        aws.attempt("scheduler", "DeleteSchedule", absent=_NOT_FOUND, Name=name, GroupName=group)

    def _parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        expression = inputs["scheduleExpression"]
        if not _EXPRESSION.fullmatch(expression):
            raise RefusedError(f"ValidationException: Invalid Schedule Expression {expression}")
        window = inputs["flexibleTimeWindow"]
        target = inputs["target"]
        retry = target.get("retryPolicy")
        return {
            "Name": inputs["name"],
            "GroupName": inputs.get("groupName"),
            "Description": inputs.get("description"),
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": inputs.get("scheduleExpressionTimezone"),
            "State": inputs.get("state"),
            "KmsKeyArn": inputs.get("kmsKeyArn"),
            "FlexibleTimeWindow": pascal(window),
            "Target": without_none(
                {
                    "Arn": target["arn"],
                    "RoleArn": target["roleArn"],
                    "Input": target.get("input"),
                    "DeadLetterConfig": pascal(target.get("deadLetterConfig")),
                    "RetryPolicy": pascal(retry),
                }
            ),
        }


@makes("aws:scheduler/scheduleGroup:ScheduleGroup")
class ScheduleGroup(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        tags = [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]
        arn = aws.call("scheduler", "CreateScheduleGroup", Name=inputs["name"], Tags=tags)["ScheduleGroupArn"]
        return Made(id=inputs["name"], outputs={"arn": arn, "state": "ACTIVE"})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        arn = f"arn:aws:scheduler:{aws.region}:{aws.account}:schedule-group/{resource_id}"
        tags = [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]
        aws.call("scheduler", "TagResource", ResourceArn=arn, Tags=tags)
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("scheduler", "DeleteScheduleGroup", absent=_NOT_FOUND, Name=resource_id)
