# ruff: noqa: ARG002 every maker is called in the same way
"""Budgets, anomaly detection, cost categories and allocation tags: account-wide, served in us-east-1."""

import hashlib
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    makes,
    pascal,
    tag_list,
)


@makes("aws:budgets/budget:Budget")
class Budget(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        name = inputs["name"]
        aws.call(
            "budgets",
            "CreateBudget",
            AccountId=self._account(aws, inputs),
            Budget=_budget(inputs),
            NotificationsWithSubscribers=[_notification(item) for item in inputs.get("notifications", [])],
            ResourceTags=tag_list(inputs.get("tags")) or None,
        )
        return Made(
            id=f"{self._account(aws, inputs)}:{name}",
            outputs={"arn": f"arn:aws:budgets::{self._account(aws, inputs)}:budget/{name}"},
        )

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        """A budget is put as a whole, and moto has no UpdateBudget."""
        aws.only_validate(
            "budgets", "UpdateBudget", AccountId=self._account(aws, inputs), NewBudget=_budget(inputs)
        )
        self.delete(aws, resource_id, inputs)
        return self.create(aws, inputs)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        account, _, name = resource_id.partition(":")
        aws.attempt(
            "budgets", "DeleteBudget", absent=["NotFoundException"], AccountId=account, BudgetName=name
        )

    def _account(self, aws: Clients, inputs: Mapping[str, Any]) -> str:
        return inputs.get("accountId") or aws.account


def _notification(notification: Mapping[str, Any]) -> dict[str, Any]:
    kinds = (("EMAIL", "subscriberEmailAddresses"), ("SNS", "subscriberSnsTopicArns"))
    subscribers = [
        {"SubscriptionType": kind, "Address": address}
        for kind, key in kinds
        for address in notification.get(key) or []
    ]
    if not subscribers:
        raise RefusedError("InvalidParameterException: a notification needs at least one subscriber")
    names = ("notificationType", "comparisonOperator", "thresholdType")
    return {
        "Notification": {
            **pascal({name: notification[name] for name in names}),
            "Threshold": float(notification["threshold"]),
        },
        "Subscribers": subscribers,
    }


def _budget(inputs: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
    }
    if inputs.get("limitAmount") is not None:
        _require_positive(inputs["limitAmount"])
        result["BudgetLimit"] = {"Amount": str(inputs["limitAmount"]), "Unit": inputs.get("limitUnit", "USD")}
    if inputs.get("costFilters"):
        result["CostFilters"] = {item["name"]: item["values"] for item in inputs["costFilters"]}
    if inputs.get("costTypes"):
        result["CostTypes"] = pascal(inputs["costTypes"])
    if inputs.get("filterExpression"):
        result["FilterExpression"] = _expression(inputs["filterExpression"])
    if inputs.get("metrics"):
        result["Metrics"] = [inputs["metrics"]]
    return result


def _require_positive(amount: Any) -> None:
    try:
        positive = float(amount) > 0
    except ValueError:
        positive = False
    if not positive:
        raise RefusedError(
            f"InvalidParameterException: BudgetLimit.Amount: {amount!r} is not a positive number"
        )


def _expression(value: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's blocks are plural (`ands`, `dimensions`) where the API's members are not."""
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key in ("ands", "ors"):
            result[{"ands": "And", "ors": "Or"}[key]] = [_expression(entry) for entry in item]
        elif key in ("not", "nots"):
            result["Not"] = _expression(item[0] if isinstance(item, list) else item)
        else:
            single = item[0] if isinstance(item, list) else item
            result[
                {"dimension": "Dimensions", "costCategory": "CostCategories"}.get(
                    key, key[:1].upper() + key[1:]
                )
            ] = pascal(single)
    return result


@makes("aws:costexplorer/anomalyMonitor:AnomalyMonitor")
class AnomalyMonitor(Maker):
    """moto has no anomaly detection: the service's own model is the check."""

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        specification = inputs.get("monitorSpecification")
        monitor = {
            "MonitorName": inputs["name"],
            "MonitorType": inputs["monitorType"],
            "MonitorDimension": inputs.get("monitorDimension"),
            "MonitorSpecification": _specification(specification) if specification else None,
        }
        aws.only_validate(
            "ce",
            "CreateAnomalyMonitor",
            AnomalyMonitor={key: value for key, value in monitor.items() if value is not None},
            ResourceTags=tag_list(inputs.get("tags")) or None,
        )
        if (inputs["monitorType"] == "DIMENSIONAL") != bool(inputs.get("monitorDimension")):
            raise RefusedError(
                "ValidationException: MonitorDimension belongs to a DIMENSIONAL monitor, and only there"
            )
        arn = f"arn:aws:ce::{aws.account}:anomalymonitor/{_uuid(inputs['name'])}"
        return Made(id=arn, outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.only_validate("ce", "DeleteAnomalyMonitor", MonitorArn=resource_id)


@makes("aws:costexplorer/anomalySubscription:AnomalySubscription")
class AnomalySubscription(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        subscribers = [{"Type": item["type"], "Address": item["address"]} for item in inputs["subscribers"]]
        kinds = {item["Type"] for item in subscribers}
        if inputs["frequency"] == "IMMEDIATE" and kinds != {"SNS"}:
            raise RefusedError("ValidationException: Frequency IMMEDIATE takes SNS subscribers only")
        if inputs["frequency"] in ("DAILY", "WEEKLY") and "SNS" in kinds:
            raise RefusedError(
                f"ValidationException: Frequency {inputs['frequency']} takes EMAIL subscribers only"
            )
        threshold = inputs.get("thresholdExpression")
        aws.only_validate(
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
        return Made(id=arn, outputs={"arn": arn})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.only_validate("ce", "DeleteAnomalySubscription", SubscriptionArn=resource_id)


@makes("aws:costexplorer/costAllocationTag:CostAllocationTag")
class CostAllocationTag(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        self._set(aws, inputs["tagKey"], inputs["status"])
        return Made(id=inputs["tagKey"], outputs={"type": "UserDefined"})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        self._set(aws, resource_id, "Inactive")

    def _set(self, aws: Clients, key: str, status: str) -> None:
        entries = [{"TagKey": key, "Status": status}]
        aws.only_validate("ce", "UpdateCostAllocationTagsStatus", CostAllocationTagsStatus=entries)


@makes("aws:costexplorer/costCategory:CostCategory")
class CostCategory(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
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
        return Made(id=arn, outputs={"arn": arn, "effectiveStart": created["EffectiveStart"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call(
            "ce",
            "UpdateCostCategoryDefinition",
            CostCategoryArn=resource_id,
            RuleVersion=inputs["ruleVersion"],
            Rules=_rules(inputs),
            DefaultValue=inputs.get("defaultValue"),
        )
        return Made(id=resource_id, outputs={"arn": resource_id})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.call("ce", "DeleteCostCategoryDefinition", CostCategoryArn=resource_id)


def _rules(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = []
    for rule in inputs["rules"]:
        entry: dict[str, Any] = {
            key: rule[name] for name, key in (("value", "Value"), ("type", "Type")) if rule.get(name)
        }
        if rule.get("rule"):
            entry["Rule"] = _expression(rule["rule"])
        if rule.get("inheritedValue"):
            entry["InheritedValue"] = pascal(rule["inheritedValue"])
        result.append(entry)
    return result


def _specification(text: Any) -> Any:
    import json

    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise RefusedError(f"ValidationException: MonitorSpecification is not JSON: {error}") from error


def _uuid(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
