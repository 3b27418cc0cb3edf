"""`teei-finops usage commitments`: the Savings Plans and reserved instances of an account.

Savings Plans come from their API; what they save, and the reserved instances, from Cost Explorer for the last
whole month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from teei_finops.costing import aws
from teei_finops.costing.budgets.commitments import COMPUTE, EC2_INSTANCE, RESERVED, SAGEMAKER
from teei_finops.costing.yaml_file import plain_number

_KINDS = {"Compute": COMPUTE, "EC2Instance": EC2_INSTANCE, "SageMaker": SAGEMAKER}
# The services that sell reserved instances, by their Cost Explorer names.
_RESERVED = {
    "Amazon Elastic Compute Cloud - Compute": "AmazonEC2",
    "Amazon Relational Database Service": "AmazonRDS",
    "Amazon ElastiCache": "AmazonElastiCache",
    "Amazon OpenSearch Service": "AmazonES",
    "Amazon Redshift": "AmazonRedshift",
}
_YEAR_SECONDS = 31_536_000


def commitments_of_account(at: date) -> str:
    """The section `commitments` of `budgets.yaml`, in YAML. Raises `AwsError`."""
    import yaml

    end = at.replace(day=1)
    start = (end - timedelta(days=1)).replace(day=1)
    explorer = aws.client("ce", "us-east-1")
    period = {"Start": start.isoformat(), "End": end.isoformat()}
    entries = [*_savings_plans(explorer, period), *_reserved_instances(explorer, period)]
    head = f"# From Cost Explorer, {start} to {end}; put it into budgets.yaml.\n"
    return head + yaml.safe_dump({"commitments": entries}, sort_keys=False, width=200)


def _savings_plans(explorer: Any, period: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Entries of the active Savings Plans; one without usage in the period has a discount of 0."""
    discounts = {
        item["SavingsPlanArn"]: _discount(item)
        for item in aws.pages(
            "ce",
            explorer.get_savings_plans_utilization_details,
            {"TimePeriod": period},
            "SavingsPlansUtilizationDetails",
            "NextToken",
        )
    }
    client = aws.client("savingsplans", "us-east-1")
    for plan in aws.pages(
        "savingsplans", client.describe_savings_plans, {"states": ["active"]}, "savingsPlans", "nextToken"
    ):
        kind = _KINDS.get(plan["savingsPlanType"])
        if kind is None:
            continue
        entry: dict[str, Any] = {
            "type": kind,
            "term": _term(plan["termDurationInSeconds"]),
            "payment": _payment(plan["paymentOption"]),
            "usd_per_hour": plain_number(Decimal(plan["commitment"])),
            "discount_percent": plain_number(discounts.get(plan["savingsPlanArn"], Decimal(0))),
        }
        if kind == EC2_INSTANCE:
            entry |= {"family": plan["ec2InstanceFamily"], "region": plan["region"]}
        yield entry | {"until": _day(plan["end"])}


def _discount(item: dict[str, Any]) -> Decimal:
    """Percent of the on-demand cost that the used part of the commitment saved."""
    used = Decimal(item["Utilization"]["UsedCommitment"])
    on_demand = Decimal(item["Savings"]["OnDemandCostEquivalent"])
    return max((1 - used / on_demand) * 100, Decimal(0)) if on_demand else Decimal(0)


def _reserved_instances(explorer: Any, period: dict[str, str]) -> Iterator[dict[str, Any]]:
    for name, code in _RESERVED.items():
        arguments = {
            "TimePeriod": period,
            "GroupBy": [{"Type": "DIMENSION", "Key": "SUBSCRIPTION_ID"}],
            "Filter": {"Dimensions": {"Key": "SERVICE", "Values": [name]}},
        }
        for result in aws.pages(
            "ce",
            explorer.get_reservation_utilization,
            arguments,
            "UtilizationsByTime",
            "NextPageToken",
        ):
            for group in result.get("Groups", ()):
                # The names of the attributes differ in case between the documentation and the API.
                attributes = {key.lower(): value for key, value in group["Attributes"].items()}
                hours = Decimal(group["Utilization"]["PurchasedHours"])
                fee = Decimal(group["Utilization"]["TotalAmortizedFee"])
                if not hours:
                    continue
                start, end = attributes["startdatetime"], attributes["enddatetime"]
                yield {
                    "type": RESERVED,
                    "term": _term((_time(end) - _time(start)).total_seconds()),
                    "payment": _payment(attributes["subscriptiontype"]),
                    "usd_per_hour": plain_number(fee / hours),
                    "service": code,
                    "instance": attributes["instancetype"],
                    "region": attributes["region"],
                    "count": int(attributes["numberofinstances"]),
                    "until": _day(end),
                }


def _term(seconds: float) -> str:
    return "3-years" if seconds > 2 * _YEAR_SECONDS else "1-year"


def _payment(option: str) -> str:
    return option.lower().replace(" ", "-")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _day(text: str) -> str:
    return _time(text).date().isoformat()
