"""The alarms of a Lambda that runs on a schedule; each has a section in the runbook."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.tags import CostTags

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class ScheduledFunctionAlarmsArgs:
    """`function` is the name of the Lambda, which its schedules invoke by `alias`.

    `runbook` is what the anchors of its sections start with. `daily` is False for a Lambda that does not run
    every day; then no alarm watches whether it runs.
    """

    name: str
    topic_arn: pulumi.Input[str]
    function: str
    alias: str
    runbook: str
    tags: CostTags
    daily: bool = True


class ScheduledFunctionAlarms(pulumi.ComponentResource):
    """One when a run fails, and one when no run of a day succeeded.

    docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, 2026-11.
    """

    def __init__(
        self, name: str, args: ScheduledFunctionAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:lambda_functions:ScheduledFunctionAlarms", name, None, opts)
        self._name, self._args = name, args
        runs = {"FunctionName": args.function, "Resource": f"{args.function}:{args.alias}"}
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
        if args.daily:
            self._missed(runs)
        self.register_outputs({})

    def _missed(self, runs: dict[str, str]) -> None:
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
        successes = aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="successes",
            expression="FILL(invocations, 0) - FILL(errors, 0)",
            label="Runs that succeeded",
            return_data=True,
        )
        self._alarm(
            "missed",
            metric_queries=[*counts, successes],
            comparison_operator="LessThanThreshold",
            threshold=1,
            treat_missing_data="breaching",
        )

    def _alarm(self, alarm: str, **watched: Any) -> None:
        args = self._args
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm}",
            name=f"{args.name}-{alarm}",
            alarm_description=f"See docs/runbook.md#{args.runbook}-{alarm}",
            evaluation_periods=1,
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=args.tags.as_tags(),
            opts=pulumi.ResourceOptions(parent=self),
            **watched,
        )
