# ruff: noqa: ARG002 every handler method takes the same arguments
"""AWS Budgets and Cost Explorer: anomaly detection, cost categories and cost allocation tags."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.api import AwsError, Clients, pascal_case, tag_list, without_none
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_EXPRESSION_MEMBERS = {"dimension": "Dimensions", "costCategory": "CostCategories"}


@handles("aws:budgets/budget:Budget")
class Budget(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name = inputs["name"]
        aws.call(
            "budgets",
            "CreateBudget",
            AccountId=_account(aws, inputs),
            Budget=_budget(inputs),
            NotificationsWithSubscribers=[_notification(item) for item in inputs.get("notifications", [])],
            ResourceTags=tag_list(inputs.get("tags")) or None,
        )
        return ResourceState(
            id=f"{_account(aws, inputs)}:{name}",
            outputs={"arn": f"arn:aws:budgets::{_account(aws, inputs)}:budget/{name}"},
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        """Create the budget anew: moto has no UpdateBudget."""
        aws.validate("budgets", "UpdateBudget", AccountId=_account(aws, inputs), NewBudget=_budget(inputs))
        self.delete(aws, resource_id, inputs)
        return self.create(aws, inputs)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        account, _, name = resource_id.partition(":")
        aws.call_if_exists(
            "budgets", "DeleteBudget", not_found=["NotFoundException"], AccountId=account, BudgetName=name
        )


def _account(aws: Clients, inputs: Inputs) -> str:
    return inputs.get("accountId") or aws.account


def _notification(notification: Mapping[str, Any]) -> dict[str, Any]:
    inputs_by_type = (("EMAIL", "subscriberEmailAddresses"), ("SNS", "subscriberSnsTopicArns"))
    subscribers = [
        {"SubscriptionType": subscription_type, "Address": address}
        for subscription_type, key in inputs_by_type
        for address in notification.get(key) or []
    ]
    if not subscribers:
        raise AwsError("InvalidParameterException: a notification requires at least one subscriber")
    names = ("notificationType", "comparisonOperator", "thresholdType")
    return {
        "Notification": {
            **pascal_case({name: notification[name] for name in names}),
            "Threshold": float(notification["threshold"]),
        },
        "Subscribers": subscribers,
    }


def _budget(inputs: Inputs) -> dict[str, Any]:
    result: dict[str, Any] = {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
    }
    if inputs.get("limitAmount") is not None:
        _check_positive(inputs["limitAmount"])
        result["BudgetLimit"] = {"Amount": str(inputs["limitAmount"]), "Unit": inputs.get("limitUnit", "USD")}
    if inputs.get("costFilters"):
        result["CostFilters"] = {item["name"]: item["values"] for item in inputs["costFilters"]}
    if inputs.get("costTypes"):
        result["CostTypes"] = pascal_case(inputs["costTypes"])
    if inputs.get("filterExpression"):
        result["FilterExpression"] = _expression(inputs["filterExpression"])
    if inputs.get("metrics"):
        result["Metrics"] = [inputs["metrics"]]
    return result


def _check_positive(amount: Any) -> None:
    try:
        positive = float(amount) > 0
    except ValueError:
        positive = False
    if not positive:
        raise AwsError(f"InvalidParameterException: BudgetLimit.Amount: {amount!r} is not a positive number")


def _expression(value: Mapping[str, Any]) -> dict[str, Any]:
    """A filter expression in the API's form; the provider's names are plural (`ands`, `nots`)."""
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key in ("ands", "ors"):
            result[{"ands": "And", "ors": "Or"}[key]] = [_expression(entry) for entry in item]
            continue
        single = item[0] if isinstance(item, list) else item
        if key in ("not", "nots"):
            result["Not"] = _expression(single)
        else:
            member = _EXPRESSION_MEMBERS.get(key, key[:1].upper() + key[1:])
            result[member] = pascal_case(single)
    return result


@handles("aws:costexplorer/anomalyMonitor:AnomalyMonitor")
class AnomalyMonitor(ResourceHandler):
    """Only checked against the service's model: moto has no anomaly detection."""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        specification = inputs.get("monitorSpecification")
        monitor = {
            "MonitorName": inputs["name"],
            "MonitorType": inputs["monitorType"],
            "MonitorDimension": inputs.get("monitorDimension"),
            "MonitorSpecification": _specification(specification) if specification else None,
        }
        aws.validate(
            "ce",
            "CreateAnomalyMonitor",
            AnomalyMonitor=without_none(monitor),
            ResourceTags=tag_list(inputs.get("tags")) or None,
        )
        if (inputs["monitorType"] == "DIMENSIONAL") != bool(inputs.get("monitorDimension")):
            raise AwsError(
                "ValidationException: MonitorDimension is required for a DIMENSIONAL monitor, and only then"
            )
        arn = f"arn:aws:ce::{aws.account}:anomalymonitor/{_uuid(inputs['name'])}"
        return ResourceState(id=arn, outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.validate("ce", "DeleteAnomalyMonitor", MonitorArn=resource_id)


@handles("aws:costexplorer/anomalySubscription:AnomalySubscription")
class AnomalySubscription(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        subscribers = [{"Type": item["type"], "Address": item["address"]} for item in inputs["subscribers"]]
        subscriber_types = {item["Type"] for item in subscribers}
        if inputs["frequency"] == "IMMEDIATE" and subscriber_types != {"SNS"}:
            raise AwsError("ValidationException: Frequency IMMEDIATE takes SNS subscribers only")
        if inputs["frequency"] in ("DAILY", "WEEKLY") and "SNS" in subscriber_types:
            raise AwsError(
                f"ValidationException: Frequency {inputs['frequency']} takes EMAIL subscribers only"
            )
        threshold = inputs.get("thresholdExpression")
        aws.validate(
            "ce",
            "CreateAnomalySubscription",
            AnomalySubscription={
                "SubscriptionName": inputs["name"],
                "MonitorArnList": inputs["monitorArnLists"],
                "Frequency": inputs["frequency"],
                "Subscribers": subscribers,
                **({"ThresholdExpression": _expression(threshold)} if threshold else {}),
            },
            ResourceTags=tag_list(inputs.get("tags")) or None,
        )
        arn = f"arn:aws:ce::{aws.account}:anomalysubscription/{_uuid(inputs['name'])}"
        return ResourceState(id=arn, outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.validate("ce", "DeleteAnomalySubscription", SubscriptionArn=resource_id)


@handles("aws:costexplorer/costAllocationTag:CostAllocationTag")
class CostAllocationTag(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        self._set_status(aws, inputs["tagKey"], inputs["status"])
        return ResourceState(id=inputs["tagKey"], outputs={"type": "UserDefined"})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        self._set_status(aws, resource_id, "Inactive")

    def _set_status(self, aws: Clients, key: str, status: str) -> None:
        entries = [{"TagKey": key, "Status": status}]
        aws.validate("ce", "UpdateCostAllocationTagsStatus", CostAllocationTagsStatus=entries)


@handles("aws:costexplorer/costCategory:CostCategory")
class CostCategory(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        created = aws.call(
            "ce",
            "CreateCostCategoryDefinition",
            Name=inputs["name"],
            RuleVersion=inputs["ruleVersion"],
            Rules=_rules(inputs),
            DefaultValue=inputs.get("defaultValue"),
            ResourceTags=tag_list(inputs.get("tags")) or None,
        )
        arn = created["CostCategoryArn"]
        return ResourceState(id=arn, outputs={"arn": arn, "effectiveStart": created["EffectiveStart"]})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call(
            "ce",
            "UpdateCostCategoryDefinition",
            CostCategoryArn=resource_id,
            RuleVersion=inputs["ruleVersion"],
            Rules=_rules(inputs),
            DefaultValue=inputs.get("defaultValue"),
        )
        return ResourceState(id=resource_id, outputs={"arn": resource_id})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call("ce", "DeleteCostCategoryDefinition", CostCategoryArn=resource_id)


def _rules(inputs: Inputs) -> list[dict[str, Any]]:
    result = []
    for rule in inputs["rules"]:
        entry: dict[str, Any] = {
            key: rule[name] for name, key in (("value", "Value"), ("type", "Type")) if rule.get(name)
        }
        if rule.get("rule"):
            entry["Rule"] = _expression(rule["rule"])
        if rule.get("inheritedValue"):
            entry["InheritedValue"] = pascal_case(rule["inheritedValue"])
        result.append(entry)
    return result


def _specification(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise AwsError(f"ValidationException: MonitorSpecification is not JSON: {error}") from error


def _uuid(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
