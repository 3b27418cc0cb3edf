"""The alarms of the AI budget service; each has a section in the runbook."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws

from components.settings import Settings

PERIOD_SECONDS = 300
# SQS reports up to 15 minutes late when a queue without messages gets one (Amazon SQS Developer Guide,
# "Available CloudWatch metrics for Amazon SQS", 2026-11).
GROWTH_PERIODS = 6
SECONDS_PER_DAY = 86_400
SERVICE_NAMESPACE = "AiBudget"  # of the metrics that functions/ai_budget/lambda_handlers.py writes


@dataclass(frozen=True)
class AiBudgetAlarmsArgs:
    settings: Settings
    topic_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    queue_name: pulumi.Input[str]
    dead_letter_queue_name: pulumi.Input[str]
    failed_tasks_queue_name: pulumi.Input[str]
    load_balancer_arn_suffix: pulumi.Input[str]


class _Metric(NamedTuple):
    """A metric with one dimension, or its growth: an item that stays does not hold an alarm on growth."""

    namespace: str
    name: str
    statistic: str
    above: int
    dimension: str
    value: pulumi.Input[str]
    growth: bool = False

    def inputs(self) -> dict[str, Any]:
        """What a MetricAlarm watches, and how often."""
        metric = {
            "namespace": self.namespace,
            "metric_name": self.name,
            "dimensions": {self.dimension: self.value},
            "period": PERIOD_SECONDS,
        }
        if not self.growth:
            return {**metric, "statistic": self.statistic, "evaluation_periods": 1}
        # The first value after a time without data is compared with 0. One period of several is enough, since
        # the last ones may have no data yet, which FILL takes for 0.
        queries = [
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id="size",
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(**metric, stat=self.statistic),
            ),
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id="growth",
                expression="DIFF(FILL(size, 0))",
                label=f"Growth of {self.name}",
                return_data=True,
            ),
        ]
        return {"metric_queries": queries, "evaluation_periods": GROWTH_PERIODS, "datapoints_to_alarm": 1}


class AiBudgetAlarms(pulumi.ComponentResource):
    """Missing data is not breaching: these metrics have no data while nothing happens.

    docs.aws.amazon.com: Lambda "Viewing metrics for Lambda functions"; SQS "Available CloudWatch metrics";
    ELB "CloudWatch metrics for your Application Load Balancer", 2026-11.
    """

    def __init__(
        self, name: str, args: AiBudgetAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:ai_budget:AiBudgetAlarms", name, None, opts)
        service = args.settings.ai_budget_service
        for alarm, metric in _metrics(args).items():
            aws.cloudwatch.MetricAlarm(
                f"{name}-{alarm}",
                name=f"{service.name}-{alarm}",
                alarm_description=f"See docs/runbook.md#ai-budget-{alarm}",
                comparison_operator="GreaterThanThreshold",
                threshold=metric.above,
                treat_missing_data="notBreaching",
                alarm_actions=[args.topic_arn],
                ok_actions=[args.topic_arn],
                tags=args.settings.tags(service.cost_allocation).as_tags(),
                opts=pulumi.ResourceOptions(parent=self),
                **metric.inputs(),
            )
        self.register_outputs({})


def _metrics(args: AiBudgetAlarmsArgs) -> dict[str, _Metric]:
    """The metric of each alarm. The load balancer's own 5xx are those that the function did not answer."""
    limits, function = args.settings.ai_budget_service.alarms, ("FunctionName", args.function_name)
    queue, dead = ("QueueName", args.queue_name), ("QueueName", args.dead_letter_queue_name)
    failed_tasks = ("QueueName", args.failed_tasks_queue_name)
    visible, age = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
    dead_age = limits.dead_letter_age_days_above * SECONDS_PER_DAY
    balancer, responses = ("LoadBalancer", args.load_balancer_arn_suffix), limits.responses_5xx_above
    elb, target, own = "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"
    return {
        "errors": _Metric("AWS/Lambda", "Errors", "Sum", limits.errors_above, *function),
        "throttles": _Metric("AWS/Lambda", "Throttles", "Sum", limits.throttles_above, *function),
        "responses-5xx": _Metric(elb, target, "Sum", responses, *balancer),
        "load-balancer-5xx": _Metric(elb, own, "Sum", responses, *balancer),
        "dead-letters": _Metric("AWS/SQS", visible, "Maximum", limits.dead_letters_above, *dead, growth=True),
        "dead-letter-age": _Metric("AWS/SQS", age, "Maximum", dead_age, *dead),
        "queue-age": _Metric("AWS/SQS", age, "Maximum", limits.queue_age_seconds_above, *queue),
        "failed-tasks": _Metric("AWS/SQS", visible, "Maximum", 0, *failed_tasks, growth=True),
        "unpriced-calls": _Metric(SERVICE_NAMESPACE, "UnpricedCalls", "Maximum", 0, *function),
        "notices-failed": _Metric(SERVICE_NAMESPACE, "NoticesFailed", "Sum", 0, *function),
    }
