"""The alarms of the collector; each has a section in the runbook.

What the exporter shows, down to its absence, is watched by the rules of monitoring/rules/cost-data.yaml.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.tags import CostTags

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class CostDataAlarmsArgs:
    """`collector` is the name of the function, which its schedule invokes by `alias`."""

    name: str
    topic_arn: pulumi.Input[str]
    collector: str
    alias: str
    tags: CostTags


class CostDataAlarms(pulumi.ComponentResource):
    """One when a run fails, and one when no run of a day has read the costs: a run fails if it could not.

    docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, 2026-11.
    """

    def __init__(
        self, name: str, args: CostDataAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:cost_data:CostDataAlarms", name, None, opts)
        self._name, self._args = name, args
        runs = {"FunctionName": args.collector, "Resource": f"{args.collector}:{args.alias}"}
        self._alarm(
            "errors",
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions=runs,
            statistic="Sum",
            period=300,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",
        )
        counts = [
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=metric.lower(),
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                    namespace="AWS/Lambda",
                    metric_name=metric,
                    dimensions=runs,
                    period=SECONDS_PER_DAY,
                    stat="Sum",
                ),
            )
            for metric in ("Invocations", "Errors")
        ]
        reads = aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="reads",
            expression="FILL(invocations, 0) - FILL(errors, 0)",
            label="Runs that read the costs",
            return_data=True,
        )
        self._alarm(
            "missed",
            metric_queries=[*counts, reads],
            comparison_operator="LessThanThreshold",
            threshold=1,
            treat_missing_data="breaching",
        )
        self.register_outputs({})

    def _alarm(self, alarm: str, **watched: Any) -> None:
        args = self._args
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm}",
            name=f"{args.name}-{alarm}",
            alarm_description=f"See docs/runbook.md#cost-data-{alarm}",
            evaluation_periods=1,
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=args.tags.as_tags(),
            opts=pulumi.ResourceOptions(parent=self),
            **watched,
        )
