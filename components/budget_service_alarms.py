"""The alarms of the AI budget service: each has an entry in the runbook."""

from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.settings import Settings

PERIOD_SECONDS = 300
OWN_METRICS = "AiBudget"  # functions/ai_budget/lambda_handlers.py writes them


@dataclass(frozen=True)
class AlarmsArgs:
    settings: Settings
    topic_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    queue_name: pulumi.Input[str]
    dead_letter_queue_name: pulumi.Input[str]
    balancer_arn_suffix: pulumi.Input[str]


class _Watched(NamedTuple):
    namespace: str
    metric: str
    statistic: str
    above: int
    dimension: str
    value: pulumi.Input[str]


class BudgetServiceAlarms(pulumi.ComponentResource):
    """No data is no alarm: none of these metrics is reported while nothing happens.

    docs.aws.amazon.com: Lambda "Viewing metrics for Lambda functions"; SQS "Available CloudWatch metrics";
    ELB "CloudWatch metrics for your Application Load Balancer", 2026-11.
    """

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:budget_service_alarms:BudgetServiceAlarms", name, None, opts)
        service = args.settings.budget_service
        limits, function = service.alarms, ("FunctionName", args.function_name)
        dead, queue = ("QueueName", args.dead_letter_queue_name), ("QueueName", args.queue_name)
        balancer = ("LoadBalancer", args.balancer_arn_suffix)
        visible, age = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
        answers = "HTTPCode_Target_5XX_Count"
        watched = {
            "errors": _Watched("AWS/Lambda", "Errors", "Sum", limits.errors_above, *function),
            "throttles": _Watched("AWS/Lambda", "Throttles", "Sum", limits.throttles_above, *function),
            "answers-5xx": _Watched(
                "AWS/ApplicationELB", answers, "Sum", limits.answers_5xx_above, *balancer
            ),
            "dead-letters": _Watched("AWS/SQS", visible, "Maximum", limits.dead_letters_above, *dead),
            "queue-age": _Watched("AWS/SQS", age, "Maximum", limits.queue_age_seconds_above, *queue),
            "unpriced-calls": _Watched(OWN_METRICS, "UnpricedCalls", "Maximum", 0, *function),
            "notices-failed": _Watched(OWN_METRICS, "NoticesFailed", "Sum", 0, *function),
        }
        for alarm, each in watched.items():
            aws.cloudwatch.MetricAlarm(
                f"{name}-{alarm}",
                name=f"{service.name}-{alarm}",
                alarm_description=f"See docs/runbook.md#ai-budget-{alarm}",
                namespace=each.namespace,
                metric_name=each.metric,
                dimensions={each.dimension: each.value},
                statistic=each.statistic,
                comparison_operator="GreaterThanThreshold",
                threshold=each.above,
                period=PERIOD_SECONDS,
                evaluation_periods=1,
                treat_missing_data="notBreaching",
                alarm_actions=[args.topic_arn],
                ok_actions=[args.topic_arn],
                tags=args.settings.tags(service.charge).as_tags(),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
