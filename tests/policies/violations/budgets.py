"""Violations of the policies on budgets; rows as in `stack`."""

from typing import Any

Row = tuple[str, str, Any, str]

BUDGETING: list[Row] = [
    ("bucket", "tags.budget", "cloud-s4", "budget-tag-names-a-budget"),
    ("bucket", "tags.budget", "cloud-S3", "budget-tag-names-a-budget allowed-tag-values"),
    ("bucket", "tags.budget", None, "budget-tag-names-a-budget required-tags"),
    ("scaling_group", "tags.4.value", "cloud-ec2", "budget-tag-names-a-budget"),
    ("budget", "notifications", None, "budget-notifies-somebody"),
    ("budget", "notifications", [], "budget-notifies-somebody"),
    (
        "budget",
        "notifications",
        [{"notificationType": "FORECASTED", "threshold": 100}],
        "budget-notifies-somebody",
    ),
    (
        "budget",
        "notifications",
        [{"notificationType": "FORECASTED", "subscriberEmailAddresses": [" "]}],
        "budget-notifies-somebody",
    ),
    ("budget", "notifications.1", None, "budget-alerts-on-forecast"),
    ("budget", "notifications.1.notificationType", "ACTUAL", "budget-alerts-on-forecast"),
    ("budget", "notifications.1.subscriberSnsTopicArns", [], "budget-alerts-on-forecast"),
]


def _service(name: str, **more: Any) -> dict[str, Any]:
    return {"dimensions": {"key": "SERVICE", "values": [name], **more}}


_NOT_CREDIT = {"not": {"dimensions": {"key": "RECORD_TYPE", "values": ["Credit"]}}}
_NOT_REFUND = {"not": {"dimensions": {"key": "RECORD_TYPE", "values": ["Refund"]}}}
BUDGET_COSTS: list[Row] = [
    ("budget", "costTypes", None, "budget-excludes-credits-and-refunds"),
    ("budget", "costTypes.includeCredit", None, "budget-excludes-credits-and-refunds"),
    ("budget", "costTypes.includeRefund", True, "budget-excludes-credits-and-refunds"),
    ("budget", "costTypes.includeTax", True, ""),
    ("budget", "filterExpression", {"ands": [_NOT_CREDIT, _NOT_REFUND]}, ""),
    ("budget", "filterExpression", {"ands": [_NOT_CREDIT]}, "budget-excludes-credits-and-refunds"),
    ("budget", "filterExpression", {"ors": [_NOT_CREDIT]}, "budget-excludes-credits-and-refunds"),
    *(
        ("budget", "filterExpression", {"ands": [_NOT_CREDIT, _NOT_REFUND, part]}, policy)
        for part, policy in (
            (_service("Amazon Simple Storage Service"), ""),
            (_service("Amazon S3"), "budget-filters-match"),
            ({"ors": [_service("Amazon S3"), _service("AWS Lambda")]}, "budget-filters-match"),
            ({"not": _service("Amazon S3")}, "budget-filters-match"),
            (_service("Amazon S3", matchOptions=["CONTAINS"]), ""),
            (_service("Amazon S3", matchOptions=["EQUALS"]), "budget-filters-match"),
            (
                {"dimensions": {"key": "USAGE_TYPE_GROUP", "values": ["EC2: running hours"]}},
                "budget-filters-match",
            ),
            ({"dimensions": {"key": "REGION", "values": ["us-east-1"]}}, ""),
            ({"dimensions": {"key": "REGION", "values": ["us-east1"]}}, "budget-filters-match"),
            ({"dimensions": {"key": "LINKED_ACCOUNT", "values": ["123456789012"]}}, ""),
            ({"dimensions": {"key": "LINKED_ACCOUNT", "values": ["prod"]}}, "budget-filters-match"),
        )
    ),
    ("budget", "costFilters.0.values.0", "Amazon S3", "budget-filters-match"),
    ("budget", "costFilters.0.values.0", "amazon simple storage service", "budget-filters-match"),
    ("budget", "costFilters.1.values.0", "team$platform", "budget-filters-match"),
    ("budget", "costFilters.1.values.0", "user:team", "budget-filters-match"),
    ("budget", "costFilters.1.values.0", "aws:createdBy$Root", ""),
    (
        "budget",
        "costFilters.0",
        {"name": "UsageTypeGroup", "values": ["EC2 Running Hours"]},
        "budget-filters-match",
    ),
    ("budget", "costFilters.0", {"name": "UsageTypeGroup", "values": ["EC2: Running Hours"]}, ""),
    ("budget", "costFilters.0", {"name": "Region", "values": ["us-east-1", "global", "NoRegion"]}, ""),
    ("budget", "costFilters.0", {"name": "Region", "values": ["US-East-1"]}, "budget-filters-match"),
    ("budget", "costFilters.0", {"name": "LinkedAccount", "values": ["123456789012"]}, ""),
    (
        "budget",
        "costFilters.0",
        {"name": "LinkedAccount", "values": ["1234-5678"]},
        "budget-filters-match",
    ),
    ("budget", "costFilters.0", {"name": "LinkedAccount", "values": ["12345678901"]}, "budget-filters-match"),
]
