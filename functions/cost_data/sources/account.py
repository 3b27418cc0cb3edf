"""Figures of an account that AWS reports free of charge: budgets, commitments, bucket sizes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from functions.cost_data.records import month_of
from functions.cost_data.sources.aws import HOME_REGION, METRICS_A_REQUEST, Aws

SAVINGS_PLAN, RESERVATION = "savings-plan", "reservation"


class Budget(NamedTuple):
    """A monthly cost budget; amounts in US dollars."""

    name: str
    monthly_limit: Decimal
    actual: Decimal | None
    forecast: Decimal | None
    filtered: bool
    subscribers: int


class Commitment(NamedTuple):
    """An active Savings Plan or reservation."""

    kind: str
    id: str
    product: str
    ends_at: datetime


class BucketSize(NamedTuple):
    """The bytes of a bucket in a storage type of CloudWatch."""

    bucket: str
    storage_class: str
    bytes: Decimal
    measured_at: datetime


class _Reservations(NamedTuple):
    """Where a service lists reservations: boto3's service and method, and the keys of its answer."""

    service: str
    operation: str
    items: str
    id: str
    product: str


_RESERVATIONS = (
    _Reservations(
        "ec2", "describe_reserved_instances", "ReservedInstances", "ReservedInstancesId", "InstanceType"
    ),
    _Reservations(
        "rds",
        "describe_reserved_db_instances",
        "ReservedDBInstances",
        "ReservedDBInstanceId",
        "DBInstanceClass",
    ),
    _Reservations(
        "elasticache",
        "describe_reserved_cache_nodes",
        "ReservedCacheNodes",
        "ReservedCacheNodeId",
        "CacheNodeType",
    ),
    _Reservations(
        "opensearch",
        "describe_reserved_instances",
        "ReservedInstances",
        "ReservedInstanceId",
        "InstanceType",
    ),
    _Reservations("redshift", "describe_reserved_nodes", "ReservedNodes", "ReservedNodeId", "NodeType"),
)


def budgets(aws: Aws, now: datetime) -> Iterator[Budget]:
    """The monthly cost budgets in US dollars. Raises AwsError."""
    for page in aws.pages("budgets", "describe_budgets", HOME_REGION, AccountId=aws.account):
        for budget in page.get("Budgets", []):
            limit = _limit(budget, now)
            if budget["BudgetType"] != "COST" or budget["TimeUnit"] != "MONTHLY" or limit is None:
                continue
            spend = budget.get("CalculatedSpend", {})
            yield Budget(
                name=budget["BudgetName"],
                monthly_limit=limit,
                actual=_amount(spend.get("ActualSpend")),
                forecast=_amount(spend.get("ForecastedSpend")),
                filtered=bool(budget.get("CostFilters") or budget.get("FilterExpression")),
                subscribers=len(_subscribers(aws, budget["BudgetName"])),
            )


def commitments(aws: Aws, now: datetime) -> Iterator[Commitment]:
    """The active Savings Plans and reservations. Raises AwsError."""
    for page in aws.pages("savingsplans", "describe_savings_plans", HOME_REGION, states=["active"]):
        for plan in page.get("savingsPlans", []):
            ends_at = datetime.fromisoformat(plan["end"])
            yield Commitment(SAVINGS_PLAN, plan["savingsPlanId"], plan["savingsPlanType"], ends_at)
    for region in aws.regions:
        for where in _RESERVATIONS:
            for page in aws.pages(where.service, where.operation, region):
                for item in page.get(where.items, []):
                    ends_at = item.get("End") or item["StartTime"] + timedelta(seconds=item["Duration"])
                    if item["State"] == "active" and ends_at > now:
                        yield Commitment(RESERVATION, item[where.id], item[where.product], ends_at)


def bucket_sizes(aws: Aws, now: datetime) -> Iterator[BucketSize]:
    """The newest daily size of each bucket by storage type. Raises AwsError."""
    for region in aws.regions:
        metrics = [
            metric
            for page in aws.pages(
                "cloudwatch", "list_metrics", region, Namespace="AWS/S3", MetricName="BucketSizeBytes"
            )
            for metric in page["Metrics"]
        ]
        for start in range(0, len(metrics), METRICS_A_REQUEST):
            yield from _newest_sizes(aws, region, metrics[start : start + METRICS_A_REQUEST], now)


def _newest_sizes(
    aws: Aws, region: str, metrics: list[dict[str, Any]], now: datetime
) -> Iterator[BucketSize]:
    queries = [
        {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 86_400, "Stat": "Average"}}
        for number, metric in enumerate(metrics)
    ]
    newest: dict[str, tuple[datetime, float]] = {}
    for page in aws.pages(
        "cloudwatch",
        "get_metric_data",
        region,
        MetricDataQueries=queries,
        StartTime=now - timedelta(days=3),
        EndTime=now,
        ScanBy="TimestampDescending",
    ):
        for result in page["MetricDataResults"]:
            if result["Values"]:
                newest.setdefault(result["Id"], (result["Timestamps"][0], result["Values"][0]))
    for number, metric in enumerate(metrics):
        if f"m{number}" in newest:
            measured_at, size = newest[f"m{number}"]
            names = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
            yield BucketSize(names["BucketName"], names["StorageType"], Decimal(str(size)), measured_at)


def _limit(budget: dict[str, Any], now: datetime) -> Decimal | None:
    """The limit of the current month; a budget may have one for each month, by the Unix time of its start."""
    planned = budget.get("PlannedBudgetLimits") or {}
    for begins, limit in planned.items():
        if datetime.fromtimestamp(int(begins), now.tzinfo).date() == month_of(now.date()):
            return _amount(limit)
    return _amount(budget.get("BudgetLimit"))


def _amount(spend: dict[str, str] | None) -> Decimal | None:
    return Decimal(spend["Amount"]) if spend and spend["Unit"] == "USD" else None


def _subscribers(aws: Aws, name: str) -> set[tuple[str, str]]:
    account = aws.account
    subscribers = set()
    pages = aws.pages(
        "budgets", "describe_notifications_for_budget", HOME_REGION, AccountId=account, BudgetName=name
    )
    for page in pages:
        for notification in page.get("Notifications", []):
            for answer in aws.pages(
                "budgets",
                "describe_subscribers_for_notification",
                HOME_REGION,
                AccountId=account,
                BudgetName=name,
                Notification={
                    key: notification[key]
                    for key in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
                    if key in notification
                },
            ):
                subscribers |= {(s["SubscriptionType"], s["Address"]) for s in answer.get("Subscribers", [])}
    return subscribers
