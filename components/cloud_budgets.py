"""Account-wide cost controls: AWS Budgets, anomaly detection, activation of cost allocation tags."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alert_topic import AlertTopic, AlertTopicArgs
from components.settings import Settings
from components.settings import budgets as settings_budgets
from components.tags import KEYS

PUBLISHERS = ("budgets.amazonaws.com", "costalerts.amazonaws.com")


@dataclass(frozen=True)
class CloudBudgetsArgs:
    """`section` is `settings.cloud_budgets`, which only one stack has."""

    settings: Settings
    section: settings_budgets.CloudBudgets


class CloudBudgets(pulumi.ComponentResource):
    """One per account, in us-east-1, where AWS Budgets and Cost Explorer have their endpoints."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: CloudBudgetsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:cloud_budgets:CloudBudgets", name, None, opts)
        tags = args.settings.tags(args.section.cost_allocation).as_tags()
        recipients, cost_types = args.section.recipients, args.section.cost_types
        topic = AlertTopic(
            f"{name}-alerts",
            AlertTopicArgs(
                name="finops-cost-alerts",
                account_id=args.settings.account_id,
                publishers=PUBLISHERS,
                emails=(recipients.finops,),
                tags=args.settings.tags(args.section.cost_allocation),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.topic_arn = topic.arn
        for budget_name, budget in args.settings.budgets.items():
            aws.budgets.Budget(
                f"{name}-{budget_name}",
                name=budget_name,
                budget_type="COST",
                time_unit="MONTHLY",
                limit_amount=f"{budget.limit:f}",
                limit_unit="USD",
                cost_filters=_cost_filters(budget),
                cost_types=aws.budgets.BudgetCostTypesArgs(
                    include_credit=cost_types.credits, include_refund=cost_types.refunds
                ),
                notifications=[
                    _notification(notification, recipients, topic.arn)
                    for notification in args.section.notifications
                ],
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[topic.ready]),
            )
        self._detect_anomalies(name, args, topic)
        for key in KEYS if args.section.activate_cost_allocation_tags else ():
            aws.costexplorer.CostAllocationTag(
                f"{name}-tag-{key}",
                tag_key=key,
                status="Active",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"topicArn": self.topic_arn})

    def _detect_anomalies(self, name: str, args: CloudBudgetsArgs, topic: AlertTopic) -> None:
        """One monitor for all services. AWS allows e-mail daily only, and SNS immediately only."""
        tags = args.settings.tags(args.section.cost_allocation).as_tags()
        detection = args.section.anomaly_detection
        monitor = aws.costexplorer.AnomalyMonitor(
            f"{name}-services",
            name="finops-services",
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        subscribers = {
            "DAILY": [
                aws.costexplorer.AnomalySubscriptionSubscriberArgs(type="EMAIL", address=address)
                for address in args.section.recipients.addresses(detection.to)
            ],
            "IMMEDIATE": [aws.costexplorer.AnomalySubscriptionSubscriberArgs(type="SNS", address=topic.arn)],
        }
        for frequency, addresses in subscribers.items():
            aws.costexplorer.AnomalySubscription(
                f"{name}-anomalies-{frequency.lower()}",
                name=f"finops-anomalies-{frequency.lower()}",
                frequency=frequency,
                monitor_arn_lists=[monitor.arn],
                subscribers=addresses,
                threshold_expression=aws.costexplorer.AnomalySubscriptionThresholdExpressionArgs(
                    dimension=aws.costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs(
                        key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                        match_options=["GREATER_THAN_OR_EQUAL"],
                        values=[f"{detection.minimum_impact:f}"],
                    )
                ),
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[topic.ready]),
            )


def _cost_filters(budget: settings_budgets.Budget) -> list[aws.budgets.BudgetCostFilterArgs]:
    cost_filter = budget.cost_filter()
    if cost_filter is None:
        return []
    name, values = cost_filter
    return [aws.budgets.BudgetCostFilterArgs(name=name, values=values)]


def _notification(
    notification: settings_budgets.Notification,
    recipients: settings_budgets.Recipients,
    topic_arn: pulumi.Output[str],
) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        comparison_operator="GREATER_THAN",
        notification_type={"actual": "ACTUAL", "forecast": "FORECASTED"}[notification.type],
        threshold=notification.percent,
        threshold_type="PERCENTAGE",
        subscriber_email_addresses=recipients.addresses(notification.to),
        subscriber_sns_topic_arns=[topic_arn],
    )
