"""What AWS itself recommends: Cost Optimization Hub, and without it Compute Optimizer of each Region."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from functions.advisor.account.context import Account
from functions.advisor.findings import BillLine, Confidence, Finding, Risk
from functions.advisor.ownership import GENERATED_ID
from functions.cost_data.sources.aws import HOME_REGION

RULE = "aws-recommendation"
# Commitments are a decision of the quarterly review, not of a week.
_PURCHASES = ("PurchaseSavingsPlans", "PurchaseReservedInstances")
_RISKS = {
    "VeryLow": Risk.LOW,
    "Low": Risk.LOW,
    "Medium": Risk.MEDIUM,
    "High": Risk.HIGH,
    "VeryHigh": Risk.HIGH,
}


def hub_recommendations(account: Account) -> Iterator[Finding]:
    """All recommendations of Cost Optimization Hub, of every Region.

    Raises AwsError, also where it is not enabled.

    Its savings are after commitments if the account's preference is so:
    https://docs.aws.amazon.com/cost-management/latest/userguide/coh-preferences.html, 2026-11
    """
    for page in account.aws.pages("cost-optimization-hub", "list_recommendations", HOME_REGION):
        for item in page["items"]:
            if item.get("actionType") in _PURCHASES:
                continue
            arn = item.get("resourceArn") or item.get("resourceId") or item["recommendationId"]
            change = f"{item.get('actionType', 'change')} {item.get('currentResourceType', 'resource')}"
            target = item.get("recommendedResourceSummary")
            currency = item.get("currencyCode", "USD")
            cost = _usd(item.get("estimatedMonthlyCost"), currency)
            finding = account.finding(
                RULE,
                arn,
                evidence=f"Cost Optimization Hub ({item.get('source', 'AWS')}): "
                f"{item.get('currentResourceSummary', '')}"
                + (f", costs ${cost:.2f} a month" if cost is not None else ""),
                change=change + (f" to {target}" if target and target != "N/A" else ""),
                saving=_usd(item.get("estimatedMonthlySavings"), currency),
                confidence=Confidence.MEDIUM,
                tags={tag["key"]: tag["value"] for tag in item.get("tags", [])},
                bill=BillLine(""),
                ids=[item["resourceId"]] if GENERATED_ID.fullmatch(item.get("resourceId", "")) else [],
            )
            yield replace(finding, risk=_RISKS.get(item.get("implementationEffort", ""), finding.risk))


class _Kind(NamedTuple):
    """An operation of Compute Optimizer, and the keys of its answer."""

    operation: str
    items: str
    arn: str
    options: str
    current: str
    recommended: str


_KINDS = (
    _Kind(
        "get_ec2_instance_recommendations", "instanceRecommendations", "instanceArn", "recommendationOptions",
        "currentInstanceType", "instanceType",
    ),
    _Kind(
        "get_ebs_volume_recommendations", "volumeRecommendations", "volumeArn", "volumeRecommendationOptions",
        "currentConfiguration", "configuration",
    ),
    _Kind(
        "get_lambda_function_recommendations", "lambdaFunctionRecommendations", "functionArn",
        "memorySizeRecommendationOptions", "currentMemorySize", "memorySize",
    ),
    _Kind(
        "get_rds_database_recommendations", "rdsDBRecommendations", "resourceArn",
        "instanceRecommendationOptions", "currentDBInstanceClass", "dbInstanceClass",
    ),
)  # fmt: skip


def optimizer_recommendations(account: Account) -> Iterator[Finding]:
    """The first option of each recommendation in the Region that saves something. Raises AwsError."""
    for kind in _KINDS:
        for page in account.pages("compute-optimizer", kind.operation):
            for item in page.get(kind.items, []):
                option = min(
                    item.get(kind.options, []), key=lambda option: option.get("rank", 1), default=None
                )
                saving = _saving(option or {})
                if option is None or not saving:
                    continue
                arn = item[kind.arn]
                yield account.finding(
                    RULE,
                    arn,
                    evidence=f"Compute Optimizer: {_text(item.get(kind.current))} over "
                    f"{item.get('lookBackPeriodInDays', item.get('lookbackPeriodInDays', 14)):.0f} days",
                    change=f"change it to {_text(option.get(kind.recommended))}",
                    saving=saving,
                    confidence=Confidence.MEDIUM,
                    tags={tag["key"]: tag["value"] for tag in item.get("tags", [])},
                    bill=BillLine(""),
                )


def _saving(option: dict[str, Any]) -> Decimal | None:
    opportunity = option.get("savingsOpportunity") or {}
    saving = opportunity.get("estimatedMonthlySavings") or {}
    return _usd(saving.get("value"), saving.get("currency", "USD"))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in sorted(value.items()))
    return str(value)


def _usd(value: float | None, currency: str) -> Decimal | None:
    """US dollars; None if there is no value, or it is in another currency."""
    return None if value is None or currency != "USD" else Decimal(str(value))
