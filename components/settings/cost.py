"""The part of the stack config about money: budgets, who hears of them, and the AI budget of a new tenant."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings.types import (
    Charge,
    Email,
    Name,
    Percent,
    RefusedError,
    Region,
    Section,
    Unique,
    Usd,
    one_of,
    text,
)

# Monthly limits of the guide's tiers, US dollars. Custom is the one without a ceiling: it starts at 50,000.
TIER_LIMITS = {"starter": Decimal(500), "professional": Decimal(2_000), "enterprise": Decimal(10_000)}
CUSTOM_MINIMUM = Decimal(50_000)
# The console's limit. The API takes ten, each with up to ten e-mail addresses and one SNS topic (botocore's
# model of budgets 2016-10-20: NotificationWithSubscribersList, Subscribers).
MAX_NOTIFICATIONS = 5

ServiceName = Annotated[
    str, text("a name as Cost Explorer writes it", r"\S[^\n]{0,120}\S", "Amazon Simple Storage Service")
]


class Budget(Section):
    """A monthly cost budget. Without a filter it covers the whole account; at most one filter is set."""

    limit: Usd
    """What a month may cost."""
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
            raise RefusedError(
                used[1], list(getattr(self, used[1])), f"at most one filter, and {used[0]} is set"
            )
        return self


class Recipients(Section):
    """The people of the guide's escalation path, by e-mail address."""

    finops: Email
    """Hears of 70 % and of anomalies; also subscribed to the SNS topic."""
    engineering_lead: Email
    """Hears of 80 %."""
    cfo: Email
    """Hears of 100 %."""
    cto: Email
    """Hears of 100 %."""
    executives: Email
    """Hear of more than 100 %."""

    def addresses(self, roles: Sequence[str]) -> list[str]:
        """The e-mail addresses of `roles`, each once."""
        return list(dict.fromkeys(getattr(self, role) for role in roles))


Recipient = Annotated[str, one_of("a recipient", *Recipients.model_fields)]


class Notification(Section):
    """Tell `to` when the actual or the forecast spend of the month passes `percent` of a budget's limit."""

    percent: Percent
    """Of the budget's limit."""
    type: Annotated[str, one_of("a kind of spend", "actual", "forecast")]
    """The spend so far, or the forecast of the whole month."""
    to: Annotated[tuple[Recipient, ...], Unique, Field(min_length=1)]
    """Who gets an e-mail."""


class AnomalyDetection(Section):
    """Cost anomaly detection over the services of the account."""

    minimum_impact: Usd
    """Anomalies that cost less are not told of."""
    to: Annotated[tuple[Recipient, ...], Unique, Field(min_length=1)]
    """Who gets the daily e-mail."""


class CloudBudget(Section):
    """What exists once per account: the budgets themselves, anomaly detection, the cost allocation tags."""

    charge: Charge
    """Who pays for the budgets and the topic."""
    recipients: Recipients
    """The people of the escalation path."""
    notifications: Annotated[tuple[Notification, ...], Field(min_length=1, max_length=MAX_NOTIFICATIONS)]
    """The same for every budget; at most five, at least one of type forecast."""
    anomaly_detection: AnomalyDetection
    """Cost anomaly detection over all services."""
    activate_cost_allocation_tags: bool
    """False until AWS has seen the tags on some cost, which takes it up to a day."""

    @model_validator(mode="after")
    def _notifications_are_complete(self) -> Self:
        kinds = [(each.type, each.percent) for each in self.notifications]
        if len(set(kinds)) < len(kinds):
            raise RefusedError("notifications", kinds, "one for each type and percent")
        if not any(kind == "forecast" for kind, _ in kinds):
            raise RefusedError("notifications", kinds, "a list with at least one of type forecast")
        return self


class AiBudget(Section):
    """The AI budget that a new tenant gets, and the tier that bounds it."""

    tier: Annotated[str, one_of("a tier", *TIER_LIMITS, "custom")]
    """Bounds `default_limit`: starter 500, professional 2000, enterprise 10000, custom 50000 and more."""
    model: Annotated[
        str, text("a model id", r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}", "claude-3-5-sonnet-20241022")
    ]
    """The model that the default budget is for."""
    default_limit: Usd
    """The monthly AI budget of a new tenant."""
    budget: Name
    """The budget that the AI spend of all tenants together is charged to."""

    @model_validator(mode="after")
    def _limit_fits_tier(self) -> Self:
        if self.tier == "custom":
            fits, allowed = self.default_limit >= CUSTOM_MINIMUM, f"{CUSTOM_MINIMUM} and more"
        else:
            fits, allowed = self.default_limit <= TIER_LIMITS[self.tier], f"up to {TIER_LIMITS[self.tier]}"
        if not fits:
            raise self.refused("default_limit", f"{allowed} with tier {self.tier}")
        return self
