"""Budgets of the AWS account, their notifications, anomaly detection and cost allocation tags."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings.types import (
    ConstraintError,
    CostAllocation,
    Email,
    Percent,
    Region,
    Section,
    Unique,
    Usd,
    cost_allocation,
    default,
    one_of,
    text,
)

# The limit of the console. The API accepts ten, each with up to ten e-mail addresses and one SNS topic
# (botocore's model of budgets 2016-10-20: NotificationWithSubscribersList, Subscribers).
MAX_NOTIFICATIONS = 5

ServiceName = Annotated[
    str, text("a name as Cost Explorer writes it", r"\S[^\n]{0,120}\S", "Amazon Simple Storage Service")
]


class Budget(Section):
    """A monthly cost budget. Without a filter it covers the whole account; at most one filter is set."""

    limit: Usd
    """The limit of a month."""
    regions: Annotated[tuple[Region, ...], Unique] = ()
    """Count only the cost of these regions."""
    services: Annotated[tuple[ServiceName, ...], Unique] = ()
    """Count only the cost of these services."""
    usage_type_groups: Annotated[tuple[ServiceName, ...], Unique] = ()
    """Count only the cost of these usage type groups."""

    @model_validator(mode="after")
    def _one_filter(self) -> Self:
        used = [name for name in ("regions", "services", "usage_type_groups") if getattr(self, name)]
        if len(used) > 1:
            value = list(getattr(self, used[1]))
            raise ConstraintError(used[1], value, f"the only filter, but {used[0]} is set, too")
        return self


class Recipients(Section):
    """The e-mail addresses of the guide's escalation path."""

    finops: Email
    """Notified at 70 % and of anomalies; also subscribed to the SNS topic."""
    engineering_lead: Email
    """Notified at 80 %."""
    cfo: Email
    """Notified at 100 %."""
    cto: Email
    """Notified at 100 %."""
    executives: Email
    """Notified above 100 %."""

    def addresses(self, roles: Sequence[str]) -> list[str]:
        """The e-mail addresses of `roles`, each once."""
        return list(dict.fromkeys(getattr(self, role) for role in roles))


Recipient = Annotated[str, one_of("a recipient", *Recipients.model_fields)]


class Notification(Section):
    """Sent to `to` when the actual or forecast spend of the month exceeds `percent` of a budget's limit."""

    percent: Percent
    """The share of the budget's limit."""
    type: Annotated[str, one_of("a kind of spend", "actual", "forecast")]
    """The spend to date, or the forecast for the whole month."""
    to: Annotated[tuple[Recipient, ...], Unique, Field(min_length=1)]
    """Recipients of the e-mail."""


class AnomalyDetection(Section):
    """Cost anomaly detection over the services of the account."""

    minimum_impact: Usd = default(
        100,
        "AWS's own default,"
        " https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html, 2026-11",
    )
    """Anomalies with a smaller impact are not reported."""
    to: Annotated[tuple[Recipient, ...], Unique, Field(min_length=1)] = default(
        ("finops",), "guide, Alert Matrix: CloudCostSpike"
    )
    """Recipients of the daily e-mail."""


GUIDE_NOTIFICATIONS = (
    Notification(percent=70, type="actual", to=("finops",)),
    Notification(percent=80, type="actual", to=("engineering_lead",)),
    Notification(percent=100, type="actual", to=("cfo", "cto")),
    Notification(percent=100, type="forecast", to=("engineering_lead", "cfo", "cto")),
    Notification(percent=101, type="actual", to=("executives",)),
)


class CloudBudgets(Section):
    """What exists once per account: the budgets themselves, anomaly detection, the cost allocation tags."""

    cost_allocation: CostAllocation = cost_allocation("cloud-budgets", "cloud-other")
    """The cost tags of the budgets and the topic."""
    recipients: Recipients
    """The people of the escalation path."""
    notifications: Annotated[tuple[Notification, ...], Field(min_length=1, max_length=MAX_NOTIFICATIONS)] = (
        default(GUIDE_NOTIFICATIONS, "guide, Budget Thresholds; alert on forecast: Best Practices")
    )
    """The same for every budget; at most five, at least one of type forecast."""
    anomaly_detection: AnomalyDetection = AnomalyDetection()
    """Cost anomaly detection over all services."""
    activate_cost_allocation_tags: bool
    """Set to false until AWS has seen the tags on some cost, up to a day after the first deployment."""

    @model_validator(mode="after")
    def _notifications_are_complete(self) -> Self:
        kinds = [(notification.type, notification.percent) for notification in self.notifications]
        if len(set(kinds)) < len(kinds):
            raise ConstraintError("notifications", kinds, "one for each type and percent")
        if not any(kind == "forecast" for kind, _ in kinds):
            raise ConstraintError("notifications", kinds, "a list with at least one of type forecast")
        return self
