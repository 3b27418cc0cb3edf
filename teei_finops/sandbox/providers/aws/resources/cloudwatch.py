# ruff: noqa: ARG002 every handler method takes the same arguments
"""CloudWatch alarms, dashboards and log groups."""

from collections.abc import Mapping
from typing import Any

from teei_finops.aws_limits import LOG_RETENTION_DAYS
from teei_finops.sandbox.providers.aws.api import (
    AwsError,
    Clients,
    json_text,
    pascal_case,
    tag_list,
    without_none,
)
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["ResourceNotFoundException", "ResourceNotFound"]
_MISSING_DATA_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


@handles("aws:cloudwatch/metricAlarm:MetricAlarm")
class MetricAlarm(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        treatment = inputs.get("treatMissingData", "missing")
        if treatment not in _MISSING_DATA_TREATMENTS:
            allowed = ", ".join(_MISSING_DATA_TREATMENTS)
            raise AwsError(f"ValidationError: TreatMissingData {treatment} is not one of {allowed}")
        if not inputs.get("metricName") and not inputs.get("metricQueries"):
            raise AwsError("ValidationError: either metricName or metricQueries is required")
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
            Dimensions=_dimensions(inputs) or None,
            Period=inputs.get("period"),
            Unit=inputs.get("unit"),
            EvaluationPeriods=inputs.get("evaluationPeriods"),
            DatapointsToAlarm=inputs.get("datapointsToAlarm"),
            Threshold=None if inputs.get("threshold") is None else float(inputs["threshold"]),
            ComparisonOperator=inputs.get("comparisonOperator"),
            TreatMissingData=treatment,
            Metrics=[_metric_query(query) for query in inputs.get("metricQueries") or []] or None,
            ThresholdMetricId=inputs.get("thresholdMetricId"),
            Tags=tag_list(inputs.get("tags")) or None,
        )
        arn = f"arn:aws:cloudwatch:{aws.region}:{aws.account}:alarm:{inputs['name']}"
        return ResourceState(id=inputs["name"], outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("cloudwatch", "DeleteAlarms", not_found=_NOT_FOUND, AlarmNames=[resource_id])


@handles("aws:cloudwatch/dashboard:Dashboard")
class Dashboard(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name = inputs["dashboardName"]
        body = json_text(inputs["dashboardBody"], "the dashboard body")
        aws.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=body)
        return ResourceState(
            id=name, outputs={"dashboardArn": f"arn:aws:cloudwatch::{aws.account}:dashboard/{name}"}
        )

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "cloudwatch", "DeleteDashboards", not_found=_NOT_FOUND, DashboardNames=[resource_id]
        )


@handles("aws:cloudwatch/logGroup:LogGroup")
class LogGroup(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        _check_retention(inputs)
        aws.call(
            "logs",
            "CreateLogGroup",
            logGroupName=inputs["name"],
            kmsKeyId=inputs.get("kmsKeyId"),
            logGroupClass=inputs.get("logGroupClass"),
            tags=inputs.get("tags"),
        )
        self._put_retention(aws, inputs)
        arn = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{inputs['name']}"
        return ResourceState(id=inputs["name"], outputs={"arn": arn})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        _check_retention(inputs)
        self._put_retention(aws, inputs)
        if inputs.get("tags"):
            arn = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{resource_id}"
            aws.call("logs", "TagResource", resourceArn=arn, tags=inputs["tags"])
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("logs", "DeleteLogGroup", not_found=_NOT_FOUND, logGroupName=resource_id)

    def _put_retention(self, aws: Clients, inputs: Inputs) -> None:
        """The provider takes 0 days for unlimited retention."""
        days = inputs.get("retentionInDays")
        if days:
            aws.call("logs", "PutRetentionPolicy", logGroupName=inputs["name"], retentionInDays=days)
        else:
            aws.call("logs", "DeleteRetentionPolicy", logGroupName=inputs["name"])


def _dimensions(metric: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (metric.get("dimensions") or {}).items()]


def _metric_query(query: Mapping[str, Any]) -> dict[str, Any]:
    result = pascal_case({key: value for key, value in query.items() if key != "metric"})
    metric = query.get("metric")
    if metric:
        identity = {
            "MetricName": metric["metricName"],
            "Namespace": metric.get("namespace"),
            "Dimensions": _dimensions(metric) or None,
        }
        result["MetricStat"] = without_none(
            {
                "Metric": without_none(identity),
                "Period": metric["period"],
                "Stat": metric["stat"],
                "Unit": metric.get("unit"),
            }
        )
    return result


def _check_retention(inputs: Inputs) -> None:
    days = inputs.get("retentionInDays")
    if days and days not in LOG_RETENTION_DAYS:
        allowed = ", ".join(map(str, LOG_RETENTION_DAYS))
        raise AwsError(f"InvalidParameterException: retentionInDays {days} is not one of {allowed}")
