"""The alarms of the AI budget service; each has a section in the runbook."""

from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.settings import Settings

PERIOD_SECONDS = 300
SERVICE_NAMESPACE = "AiBudget"  # of the metrics that functions/ai_budget/lambda_handlers.py writes


@dataclass(frozen=True)
class AiBudgetAlarmsArgs:
    settings: Settings
    topic_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    queue_name: pulumi.Input[str]
    dead_letter_queue_name: pulumi.Input[str]
    load_balancer_arn_suffix: pulumi.Input[str]


class _Metric(NamedTuple):
    namespace: str
    name: str
    statistic: str
    above: int
    dimension: str
    value: pulumi.Input[str]


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
        limits, function = service.alarms, ("FunctionName", args.function_name)
        dead, queue = ("QueueName", args.dead_letter_queue_name), ("QueueName", args.queue_name)
        load_balancer = ("LoadBalancer", args.load_balancer_arn_suffix)
        visible, age = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
        responses = "HTTPCode_Target_5XX_Count"
        metrics = {
            "errors": _Metric("AWS/Lambda", "Errors", "Sum", limits.errors_above, *function),
            "throttles": _Metric("AWS/Lambda", "Throttles", "Sum", limits.throttles_above, *function),
            "responses-5xx": _Metric(
                "AWS/ApplicationELB", responses, "Sum", limits.responses_5xx_above, *load_balancer
            ),
            "dead-letters": _Metric("AWS/SQS", visible, "Maximum", limits.dead_letters_above, *dead),
            "queue-age": _Metric("AWS/SQS", age, "Maximum", limits.queue_age_seconds_above, *queue),
            "unpriced-calls": _Metric(SERVICE_NAMESPACE, "UnpricedCalls", "Maximum", 0, *function),
            "notices-failed": _Metric(SERVICE_NAMESPACE, "NoticesFailed", "Sum", 0, *function),
        }
        for alarm, metric in metrics.items():
            aws.cloudwatch.MetricAlarm(
                f"{name}-{alarm}",
                name=f"{service.name}-{alarm}",
                alarm_description=f"See docs/runbook.md#ai-budget-{alarm}",
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions={metric.dimension: metric.value},
                statistic=metric.statistic,
                comparison_operator="GreaterThanThreshold",
                threshold=metric.above,
                period=PERIOD_SECONDS,
                evaluation_periods=1,
                treat_missing_data="notBreaching",
                alarm_actions=[args.topic_arn],
                ok_actions=[args.topic_arn],
                tags=args.settings.tags(service.cost_allocation).as_tags(),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
