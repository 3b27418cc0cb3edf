"""The outputs of a resource, computed from its inputs and the types of its properties."""

import re
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.plausible_values import Subject, plausible_value, value_by_name
from teei_finops.sandbox.providers.sdk_schema import Schema

# AWS chooses these inputs when the program does not; without a value here they stay empty.
_CHOSEN_BY_AWS = re.compile(
    r"^(availabilityZone|privateIp|vpcId|subnetId|cidrBlock|defaultSecurityGroupId|masterUserSecret.*"
    r"|.*Url|.*[eE]ndpoint)$"
)
_PORTS = {
    "mysql": 3306,
    "mariadb": 3306,
    "aurora-mysql": 3306,
    "redis": 6379,
    "valkey": 6379,
    "memcached": 11211,
}
_DATABASES = ("aws:rds/", "aws:elasticache/")


def fake_outputs(schema: Schema, token: str, subject: Subject, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each output of a new resource that its inputs do not give.

    An optional input that the program leaves out has no value unless AWS always chooses one: what is
    invented must not have a price.
    """
    outputs: dict[str, Any] = {}
    for name, annotation in schema.outputs.items():
        if name in inputs or name in ("tagsAll", "id", "urn"):
            continue
        if name.endswith("Actual"):
            outputs[name] = inputs.get(name.removesuffix("Actual"))
        elif name == "port" and token.startswith(_DATABASES):
            outputs[name] = _PORTS.get(str(inputs.get("engine")), 5432)
        elif name not in schema.inputs:
            outputs[name] = _output(token, name, annotation, subject, inputs)
        elif _CHOSEN_BY_AWS.search(name):
            outputs[name] = value_by_name(name, subject)
    return {name: value for name, value in outputs.items() if value is not None}


def existing_outputs(schema: Schema, subject: Subject, known: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each property of a resource outside the stack, with those that are known."""
    invented = {
        name: plausible_value(name, annotation, subject)
        for name, annotation in schema.outputs.items()
        if name not in known and name not in ("id", "urn")
    }
    return {**invented, **known}


def _output(token: str, name: str, annotation: Any, subject: Subject, inputs: Mapping[str, Any]) -> Any:
    if name == "endpoint" and token == "aws:rds/instance:Instance":
        return f"{subject.host()}:{inputs.get('port') or _PORTS.get(str(inputs.get('engine')), 5432)}"
    if name == "endpoint" and token == "aws:eks/cluster:Cluster":
        return f"https://{subject.host()}"
    return plausible_value(name, annotation, subject)
