"""What watches the money of the whole account: budgets, anomaly detection, cost allocation tags."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alert_topic import AlertTopic, AlertTopicArgs
from components.settings import Settings
from components.settings import cost as settings_cost
from components.tags import KEYS

# The filter keys of the AWS Budgets API (its CostFilters), by the field of our settings.
FILTERS = {"regions": "Region", "services": "Service", "usage_type_groups": "UsageTypeGroup"}
PUBLISHERS = ("budgets.amazonaws.com", "costalerts.amazonaws.com")


@dataclass(frozen=True)
class CloudBudgetArgs:
    """`watch` is the section of the settings that only one stack has."""

    settings: Settings
    watch: settings_cost.CloudBudget


class CloudBudget(pulumi.ComponentResource):
    """One per account, in the home region: Budgets and Cost Explorer have their endpoint in us-east-1."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: CloudBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:cloud_budget:CloudBudget", name, None, opts)
        tags = args.settings.tags(args.watch.charge).as_tags()
        recipients = args.watch.recipients
        topic = AlertTopic(
            f"{name}-alerts",
            AlertTopicArgs(
                name="finops-cost-alerts",
                account_id=args.settings.account_id,
                publishers=PUBLISHERS,
                emails=(recipients.finops,),
                tags=args.settings.tags(args.watch.charge),
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
                cost_filters=[
                    aws.budgets.BudgetCostFilterArgs(name=key, values=list(values))
                    for field, key in FILTERS.items()
                    if (values := getattr(budget, field))
                ],
                notifications=[
                    _notification(each, recipients, topic.arn) for each in args.watch.notifications
                ],
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[topic.ready]),
            )
        self._detect_anomalies(name, args, topic)
        for key in KEYS if args.watch.activate_cost_allocation_tags else ():
            aws.costexplorer.CostAllocationTag(
                f"{name}-tag-{key}",
                tag_key=key,
                status="Active",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"topicArn": self.topic_arn})

    def _detect_anomalies(self, name: str, args: CloudBudgetArgs, topic: AlertTopic) -> None:
        """One monitor over all services; e-mails come daily, SNS at once, as the two allow nothing else."""
        tags = args.settings.tags(args.watch.charge).as_tags()
        detection = args.watch.anomaly_detection
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
                for address in args.watch.recipients.addresses(detection.to)
            ],
            "IMMEDIATE": [aws.costexplorer.AnomalySubscriptionSubscriberArgs(type="SNS", address=topic.arn)],
        }
        for frequency, receivers in subscribers.items():
            aws.costexplorer.AnomalySubscription(
                f"{name}-anomalies-{frequency.lower()}",
                name=f"finops-anomalies-{frequency.lower()}",
                frequency=frequency,
                monitor_arn_lists=[monitor.arn],
                subscribers=receivers,
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


def _notification(
    each: settings_cost.Notification, recipients: settings_cost.Recipients, topic_arn: pulumi.Output[str]
) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        comparison_operator="GREATER_THAN",
        notification_type={"actual": "ACTUAL", "forecast": "FORECASTED"}[each.type],
        threshold=each.percent,
        threshold_type="PERCENTAGE",
        subscriber_email_addresses=recipients.addresses(each.to),
        subscriber_sns_topic_arns=[topic_arn],
    )
