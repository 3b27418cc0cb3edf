# ruff: noqa: ARG002 every maker is called in the same way
"""CloudWatch alarms, dashboards and log groups, and EventBridge rules."""

from collections.abc import Mapping
from typing import Any

from teei_finops.aws_limits import LOG_RETENTION_DAYS
from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    json_text,
    makes,
    pascal,
    tag_list,
)

_NOT_FOUND = ["ResourceNotFoundException", "ResourceNotFound"]
_MISSING = ("breaching", "notBreaching", "ignore", "missing")


@makes("aws:cloudwatch/metricAlarm:MetricAlarm")
class MetricAlarm(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        missing = inputs.get("treatMissingData", "missing")
        if missing not in _MISSING:
            raise RefusedError(
                f"ValidationError: TreatMissingData {missing} is none of {', '.join(_MISSING)}"
            )
        if not inputs.get("metricName") and not inputs.get("metricQueries"):
            raise RefusedError("ValidationError: either metricName or metricQueries is needed")
        dimensions = [
            {"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()
        ]
        aws.call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName=inputs["name"],
            AlarmDescription=inputs.get("alarmDescription"),
            ActionsEnabled=inputs.get("actionsEnabled"),
            OKActions=inputs.get("okActions"),
            AlarmActions=inputs.get("alarmActions"),
            InsufficientDataActions=inputs.get("insufficientDataActions"),
            MetricName=inputs.get("metricName"),
            Namespace=inputs.get("namespace"),
            Statistic=inputs.get("statistic"),
            ExtendedStatistic=inputs.get("extendedStatistic"),
            Dimensions=dimensions or None,
            Period=inputs.get("period"),
            Unit=inputs.get("unit"),
            EvaluationPeriods=inputs.get("evaluationPeriods"),
            DatapointsToAlarm=inputs.get("datapointsToAlarm"),
            Threshold=_number(inputs.get("threshold")),
            ComparisonOperator=inputs.get("comparisonOperator"),
            TreatMissingData=missing,
            Metrics=[_query(item) for item in inputs.get("metricQueries") or []] or None,
            ThresholdMetricId=inputs.get("thresholdMetricId"),
            Tags=tag_list(inputs.get("tags")) or None,
        )
        arn = f"arn:aws:cloudwatch:{aws.region}:{aws.account}:alarm:{inputs['name']}"
        return Made(id=inputs["name"], outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("cloudwatch", "DeleteAlarms", absent=_NOT_FOUND, AlarmNames=[resource_id])


@makes("aws:cloudwatch/dashboard:Dashboard")
class Dashboard(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        name = inputs["dashboardName"]
        body = json_text(inputs["dashboardBody"], "the dashboard body")
        aws.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=body)
        return Made(id=name, outputs={"dashboardArn": f"arn:aws:cloudwatch::{aws.account}:dashboard/{name}"})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("cloudwatch", "DeleteDashboards", absent=_NOT_FOUND, DashboardNames=[resource_id])


@makes("aws:cloudwatch/logGroup:LogGroup")
class LogGroup(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        _refuse_retention(inputs)
        aws.call(
            "logs",
            "CreateLogGroup",
            logGroupName=inputs["name"],
            kmsKeyId=inputs.get("kmsKeyId"),
            logGroupClass=inputs.get("logGroupClass"),
            tags=inputs.get("tags"),
        )
        self._retain(aws, inputs)
        arn = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{inputs['name']}"
        return Made(id=inputs["name"], outputs={"arn": arn})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        _refuse_retention(inputs)
        self._retain(aws, inputs)
        if inputs.get("tags"):
            arn = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{resource_id}"
            aws.call("logs", "TagResource", resourceArn=arn, tags=inputs["tags"])
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("logs", "DeleteLogGroup", absent=_NOT_FOUND, logGroupName=resource_id)

    def _retain(self, aws: Clients, inputs: Mapping[str, Any]) -> None:
        """0 days is the provider's way to say: for ever."""
        days = inputs.get("retentionInDays")
        if days:
            aws.call("logs", "PutRetentionPolicy", logGroupName=inputs["name"], retentionInDays=days)
        else:
            aws.call("logs", "DeleteRetentionPolicy", logGroupName=inputs["name"])


@makes("aws:cloudwatch/eventRule:EventRule")
class EventRule(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
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
        return Made(id=inputs["name"], outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "events",
            "DeleteRule",
            absent=_NOT_FOUND,
            Name=resource_id,
            EventBusName=inputs.get("eventBusName"),
        )


@makes("aws:cloudwatch/eventTarget:EventTarget")
class EventTarget(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        target_id = inputs.get("targetId") or f"{inputs['rule']}-target"
        target = {
            "Id": target_id,
            "Arn": inputs["arn"],
            "RoleArn": inputs.get("roleArn"),
            "Input": inputs.get("input"),
            "DeadLetterConfig": pascal(inputs.get("deadLetterConfig")),
            "RetryPolicy": pascal(inputs.get("retryPolicy")),
        }
        targets = [{key: value for key, value in target.items() if value is not None}]
        aws.call(
            "events",
            "PutTargets",
            Rule=inputs["rule"],
            EventBusName=inputs.get("eventBusName"),
            Targets=targets,
        )
        return Made(id=f"{inputs['rule']}-{target_id}", outputs={"targetId": target_id})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "events",
            "RemoveTargets",
            absent=_NOT_FOUND,
            Rule=inputs["rule"],
            EventBusName=inputs.get("eventBusName"),
            Ids=[resource_id.removeprefix(f"{inputs['rule']}-")],
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _query(item: Mapping[str, Any]) -> dict[str, Any]:
    result = pascal({key: value for key, value in item.items() if key != "metric"})
    metric = item.get("metric")
    if metric:
        dimensions = [
            {"Name": name, "Value": value} for name, value in (metric.get("dimensions") or {}).items()
        ]
        inner = {
            "MetricName": metric["metricName"],
            "Namespace": metric.get("namespace"),
            "Dimensions": dimensions,
        }
        stat = {
            "Metric": {key: value for key, value in inner.items() if value},
            "Period": metric["period"],
            "Stat": metric["stat"],
            "Unit": metric.get("unit"),
        }
        result["MetricStat"] = {key: value for key, value in stat.items() if value is not None}
    return result


def _refuse_retention(inputs: Mapping[str, Any]) -> None:
    days = inputs.get("retentionInDays")
    if days and days not in LOG_RETENTION_DAYS:
        allowed = ", ".join(map(str, LOG_RETENTION_DAYS))
        raise RefusedError(f"InvalidParameterException: retentionInDays {days} is none of {allowed}")
