"""Resource names, ids and ARNs in the form that AWS and the provider give them."""

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from teei_finops.sandbox.providers.sdk_schema import schema_of

ACCOUNT = "123456789012"
# The property that holds the resource's name, for types where it is not `name`.
_NAME_PROPERTIES = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketV2:BucketV2": "bucket",
    "aws:rds/instance:Instance": "identifier",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/clusterInstance:ClusterInstance": "identifier",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
    "aws:ec2/keyPair:KeyPair": "keyName",
    "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
}
_MAX_NAME_LENGTH = {"aws:lb/loadBalancer:LoadBalancer": 32, "aws:lb/targetGroup:TargetGroup": 32}
_NAME_PREFIX = {"aws:kms/alias:Alias": "alias/"}
_LOWER_CASE_NAMES = ("aws:s3/", "aws:rds/", "aws:elasticache/", "aws:redshift/")
# The other inputs that hold a name, when the type has none of the above.
_NAMING_INPUTS = (
    "name", "bucket", "family", "functionName", "layerName", "identifier", "clusterIdentifier", "clusterId",
    "replicationGroupId", "clusterName", "nodeGroupName", "domainName", "userName", "keyName", "url",
)  # fmt: skip
_GLOBAL_SERVICES = frozenset({"iam", "budgets", "cloudfront", "route53", "ce", "organizations"})
_ARN_SERVICE = {
    "lb": "elasticloadbalancing",
    "alb": "elasticloadbalancing",
    "ebs": "ec2",
    "vpc": "ec2",
    "costexplorer": "ce",
    "sesv2": "ses",
    "appautoscaling": "application-autoscaling",
    "efs": "elasticfilesystem",
}
# The form of ids and ARNs by type, which may be a glob:
# https://docs.aws.amazon.com/service-authorization/latest/reference/ (2026-11)
_TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class Identity:
    """The id and the ARN of a resource."""

    id: str
    arn: str


def name_property(token: str) -> str | None:
    """The property that holds a resource's name; None when the type has none or the program must set it."""
    schema = schema_of(token)
    name = _NAME_PROPERTIES.get(token, "name")
    return name if schema and name in schema.inputs and name not in schema.required else None


def automatic_name(token: str, logical: str, seed: bytes, inputs: Mapping[str, Any]) -> str:
    """The logical name with a suffix of seven characters from `seed`, as the provider names resources."""
    suffix = f"-{hashlib.sha256(seed).hexdigest()[:7]}"
    ending = ".fifo" if inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True else ""
    length = _MAX_NAME_LENGTH.get(token, 255) - len(suffix) - len(ending)
    name = f"{_NAME_PREFIX.get(token, '')}{logical[:length]}{suffix}{ending}"
    return name.lower() if token.startswith(_LOWER_CASE_NAMES) else name


def new_identity(
    token: str, inputs: Mapping[str, Any], seed: str, region: str, account: str = ACCOUNT
) -> Identity:
    """The id and the ARN that a new resource gets; both depend on the arguments only."""
    name = next((inputs[key] for key in _naming_inputs(token) if isinstance(inputs.get(key), str)), None)
    return _identity(token, name, seed, region, account)


def existing_identity(token: str, resource_id: str, region: str, account: str = ACCOUNT) -> Identity:
    """The identity of a resource of which only the id is known."""
    if resource_id.startswith("arn:"):
        return Identity(resource_id, resource_id)
    name = resource_id.rsplit("/", 1)[-1] if resource_id.startswith("https:") else resource_id
    row = _row(token)
    values = _values(token, name, resource_id, region, account)
    return Identity(resource_id, _arn(token, row[1] if row else None, {**values, "id": resource_id}, region))


def arn(token: str, resource_id: str, region: str, account: str = ACCOUNT) -> str:
    """The ARN of the resource with an id."""
    return existing_identity(token, resource_id, region, account).arn


def _identity(token: str, name: str | None, seed: str, region: str, account: str) -> Identity:
    row = _row(token)
    values = _values(token, name or _hexadecimal(f"{token}{seed}")[:20], f"{token}{seed}", region, account)
    if row is None:
        return Identity(values["name"], _arn(token, None, {**values, "id": values["name"]}, region))
    template, arn_template = row
    if template == "{arn}":
        resource_arn = _arn(token, arn_template, values, region)
        return Identity(resource_arn, resource_arn)
    resource_id = template.format(**values)
    return Identity(resource_id, _arn(token, arn_template, {**values, "id": resource_id}, region))


def _naming_inputs(token: str) -> tuple[str, ...]:
    return (_NAME_PROPERTIES.get(token, "name"), *_NAMING_INPUTS)


@cache
def _rows() -> Sequence[tuple[str, str, str]]:
    """The table, types before globs."""
    with _TABLE.open(newline="") as file:
        rows = [(row["type"], row["id"], row["arn"]) for row in csv.DictReader(file)]
    return sorted(rows, key=lambda row: "*" in row[0])


@cache
def _row(token: str) -> tuple[str, str] | None:
    return next(((form, arn_form) for glob, form, arn_form in _rows() if fnmatchcase(token, glob)), None)


def _values(token: str, name: str, seed: str, region: str, account: str) -> dict[str, str]:
    digits = _hexadecimal(f"{seed}|{region}")
    values = {"name": name, "region": region, "account": account, "type": _type_in_arn(token)}
    for count in (6, 9, 10, 13, 16, 17, 20, 26):
        values[f"hex{count}"], values[f"HEX{count}"] = digits[:count], digits[:count].upper()
    values["uuid"] = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
    return values


def _arn(token: str, template: str | None, values: Mapping[str, str], region: str) -> str:
    if template is not None:
        name = values["name"].removeprefix("https://").lstrip("/")
        text = template.format(**{**values, "name": name})
        return f"arn:{partition_of(region)}:{text}"
    module = token.removeprefix("aws:").partition("/")[0]
    service = _ARN_SERVICE.get(module, module)
    region_part = "" if service in _GLOBAL_SERVICES else region
    tail = f"{values['account']}:{values['type']}/{values['id']}"
    return f"arn:{partition_of(region)}:{service}:{region_part}:{tail}"


def _type_in_arn(token: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", token.partition("/")[2].partition(":")[2]).lower()


def _hexadecimal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def partition_of(region: str) -> str:
    """The AWS partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def digest(text: str, region: str) -> str:
    """17 hexadecimal digits, as in the ids of EC2; the same for the same text and region."""
    return hashlib.sha256(f"{text}|{region}".encode()).hexdigest()[:17]
