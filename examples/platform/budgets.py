"""The account's budgets, in the stack that holds them."""

import pulumi
import pulumi_aws as aws
from settings import Settings

OWNER = "platform-lead@example.com"


def declare(settings: Settings, opts: pulumi.ResourceOptions) -> None:
    notifications = [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for name, budget in settings.budgets.items():
        aws.budgets.Budget(
            name,
            name=name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_unit="USD",
            limit_amount=str(budget["limit"]),
            cost_filters=[{"name": "Region", "values": budget["regions"]}] if "regions" in budget else [],
            cost_types={"include_credit": False, "include_refund": False},
            tags=settings.tags("budgets"),
            opts=opts,
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": [OWNER],
                }
                for kind, percent in notifications
            ],
        )
