"""The inputs of Pulumi types from CloudFormation properties of another shape.

Property names are those of the CloudFormation template reference
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/, 2026-10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from teei_finops.costing.preview.values import is_unknown, value_at

Properties = dict[str, Any]

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
_RENAMED = {"LaunchTemplateId": "id", "LaunchTemplateName": "name"}


def camel_case(value: Any) -> Any:
    """The value with camel-case names at every depth."""
    if isinstance(value, list):
        return [camel_case(item) for item in value]
    if isinstance(value, dict):
        return {_RENAMED.get(name, name[:1].lower() + name[1:]): camel_case(v) for name, v in value.items()}
    return value


def adapted(cloudformation_type: str, inputs: Properties) -> Properties:
    """Inputs in the shape of the Pulumi type; `inputs` are the properties in camel case."""
    adapter = _ADAPTERS.get(cloudformation_type)
    return adapter(inputs) if adapter else inputs


def settings_of_bucket(name: str, inputs: Properties) -> Iterator[tuple[str, Properties]]:
    """What a bucket of a template states itself and a program in resources of their own, by type token."""
    if "lifecycleConfiguration" in inputs:
        minimum = "lifecycleConfiguration.transitionDefaultMinimumObjectSize"
        lifecycle = inputs["lifecycleConfiguration"]
        rules = _mapped(lifecycle, "rules", _lifecycle_rule) if isinstance(lifecycle, dict) else lifecycle
        yield (
            LIFECYCLE,
            {
                "bucket": name,
                "transitionDefaultMinimumObjectSize": value_at(inputs, minimum),
                "rules": rules,
            },
        )
    if "versioningConfiguration" in inputs:
        yield VERSIONING, {"bucket": name, "versioningConfiguration": inputs["versioningConfiguration"]}


def _lifecycle_rule(rule: Properties) -> Properties:
    days, versions = rule.get("expirationInDays"), rule.get("noncurrentVersionExpirationInDays")
    return {
        "id": rule.get("id"),
        "status": rule.get("status"),
        "filter": {
            "prefix": rule.get("prefix"),
            "tags": rule.get("tagFilters"),
            "objectSizeGreaterThan": rule.get("objectSizeGreaterThan"),
            "objectSizeLessThan": rule.get("objectSizeLessThan"),
        },
        "transitions": _mapped(rule, "transitions", _transition) or _mapped(rule, "transition", _transition),
        "expiration": None if days is None else {"days": days},
        "noncurrentVersionTransitions": _mapped(rule, "noncurrentVersionTransitions", _transition),
        "noncurrentVersionExpiration": rule.get("noncurrentVersionExpiration")
        or (None if versions is None else {"noncurrentDays": versions}),
    }


def _transition(transition: Properties) -> Properties:
    return {"days": transition.get("transitionInDays"), "storageClass": transition.get("storageClass")}


def _instance(inputs: Properties) -> Properties:
    public = value_at(inputs, "networkInterfaces.0.associatePublicIpAddress")
    return {**inputs, "ebsBlockDevices": _block_devices(inputs), "associatePublicIpAddress": public}


def _launch_configuration(inputs: Properties) -> Properties:
    return {
        **inputs,
        "ebsBlockDevices": _block_devices(inputs),
        "enableMonitoring": inputs.get("instanceMonitoring"),
    }


def _launch_template(inputs: Properties) -> Properties:
    data = inputs.get("launchTemplateData")
    return {**(data if isinstance(data, dict) else {"instanceType": data}), "name": inputs.get("name")}


def _block_devices(inputs: Properties) -> Any:
    """With the settings of the volume beside the name of the device."""

    def device(mapping: Properties) -> Properties:
        volume = mapping.get("ebs")
        return {**mapping, **volume} if isinstance(volume, dict) else mapping

    devices = _mapped(inputs, "blockDeviceMappings", device)
    if not isinstance(devices, list):
        return devices
    return [item for item in devices if not isinstance(item, dict) or "ebs" in item]


def _table(inputs: Properties) -> Properties:
    def index(values: Properties) -> Properties:
        return {"name": values.get("indexName"), **_throughput(values)}

    recovery = "pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled"
    return {
        **inputs,
        **_throughput(inputs),
        "name": inputs.get("tableName"),
        "globalSecondaryIndexes": _mapped(inputs, "globalSecondaryIndexes", index),
        "pointInTimeRecovery": {"enabled": value_at(inputs, recovery)},
        "streamEnabled": "streamSpecification" in inputs,
    }


def _throughput(inputs: Properties) -> Properties:
    return {
        "readCapacity": value_at(inputs, "provisionedThroughput.readCapacityUnits"),
        "writeCapacity": value_at(inputs, "provisionedThroughput.writeCapacityUnits"),
    }


def _load_balancer(inputs: Properties) -> Properties:
    scheme = inputs.get("scheme")
    internal = scheme if is_unknown(scheme) else scheme == "internal"
    return {**inputs, "loadBalancerType": inputs.get("type"), "internal": internal}


def _alarm(inputs: Properties) -> Properties:
    def query(values: Properties) -> Properties:
        statistic = values.get("metricStat")
        metric = {"period": value_at(statistic, "period")} if statistic else None
        return {"id": values.get("id"), "expression": values.get("expression"), "metric": metric}

    return {**inputs, "metricQueries": _mapped(inputs, "metrics", query)}


def _mapped(inputs: Properties, name: str, function: Callable[[Properties], Properties]) -> Any:
    """The objects of a list, changed by `function`; what is unknown, in the list or as a whole, is kept."""
    value = inputs.get(name)
    if isinstance(value, dict):
        return [function(value)]
    if isinstance(value, list):
        return [function(item) if isinstance(item, dict) else item for item in value]
    return value


_ADAPTERS: dict[str, Callable[[Properties], Properties]] = {
    "AWS::AutoScaling::LaunchConfiguration": _launch_configuration,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::LaunchTemplate": _launch_template,
    "AWS::ElasticLoadBalancing::LoadBalancer": _load_balancer,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
}
