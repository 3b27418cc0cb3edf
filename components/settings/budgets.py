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
    name_of,
    one_of,
    text,
)
from components.tags import KEYS, REQUIRED
from teei_finops.cost_explorer import SERVICES, USAGE_TYPE_GROUPS, tag_filter

# The limit of the console. The API accepts ten, each with up to ten e-mail addresses and one SNS topic
# (botocore's model of budgets 2016-10-20: NotificationWithSubscribersList, Subscribers).
MAX_NOTIFICATIONS = 5

ServiceName = Annotated[
    str, name_of("a service that Cost Explorer has", SERVICES, "Amazon Simple Storage Service")
]
UsageTypeGroup = Annotated[
    str, name_of("a usage type group that Cost Explorer has", USAGE_TYPE_GROUPS, "EC2: Running Hours")
]


class TagFilter(Section):
    """A cost allocation tag with one value."""

    key: Annotated[str, one_of("a cost allocation tag", *KEYS)]
    """The key."""
    value: Annotated[str, text("the value of a tag", r"\S{1,63}", "platform")]
    """The value, which must be allowed for the key."""

    @model_validator(mode="after")
    def _value_is_allowed(self) -> Self:
        (rule,) = (rule for rule in REQUIRED if rule.key == self.key)
        if not rule.accepts(self.value):
            raise self.constraint_error("value", rule.allows)
        return self


class Budget(Section):
    """A monthly cost budget. Without a filter it covers the whole account; at most one filter is set."""

    limit: Usd
    """The limit of a month."""
    regions: Annotated[tuple[Region, ...], Unique] = ()
    """Count only the cost of these regions."""
    services: Annotated[tuple[ServiceName, ...], Unique] = ()
    """Count only the cost of these services."""
    usage_type_groups: Annotated[tuple[UsageTypeGroup, ...], Unique] = ()
    """Count only the cost of these usage type groups."""
    tag: TagFilter | None = None
    """Count only the cost of resources with this tag."""

    def cost_filter(self) -> tuple[str, list[str]] | None:
        """The name and the values of the filter in the AWS Budgets API (CostFilters); None without one."""
        filters = {
            "Region": list(self.regions),
            "Service": list(self.services),
            "UsageTypeGroup": list(self.usage_type_groups),
            "TagKeyValue": [tag_filter(self.tag.key, self.tag.value)] if self.tag else [],
        }
        return next(((name, values) for name, values in filters.items() if values), None)

    @model_validator(mode="after")
    def _one_filter(self) -> Self:
        used = [key for key in ("regions", "services", "usage_type_groups", "tag") if getattr(self, key)]
        if len(used) > 1:
            raise ConstraintError(
                used[1], self.model_dump()[used[1]], f"the only filter, but {used[0]} is set, too"
            )
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


class CostTypes(Section):
    """What every budget counts besides usage, subscriptions, support and tax."""

    credits: bool = default(False, "decision 26")
    """Count credits, which reduce the spend that the budget sees."""
    refunds: bool = default(False, "decision 26")
    """Count refunds, which reduce the spend that the budget sees."""


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
    cost_types: CostTypes = CostTypes()
    """What every budget counts."""
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
