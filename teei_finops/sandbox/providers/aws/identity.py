"""Names, ids and ARNs as AWS forms them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pulumi import _types as sdk_types

from teei_finops.sandbox.providers.aws.schema import Schema, schema_of
from teei_finops.sandbox.providers.property_values import UNKNOWN, Unknown

ACCOUNT = "123456789012"
# The property that holds the name of a type; `name` where the type is not listed.
_NAMED_BY = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketV2:BucketV2": "bucket",
    "aws:rds/instance:Instance": "identifier",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/clusterInstance:ClusterInstance": "identifier",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
    "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
}
_LONGEST = {"aws:lb/loadBalancer:LoadBalancer": 32, "aws:lb/targetGroup:TargetGroup": 32}
_BEGINS_WITH = {"aws:kms/alias:Alias": "alias/"}
_LOWER_CASE = ("aws:s3/", "aws:rds/", "aws:elasticache/", "aws:redshift/")
_GLOBAL = frozenset({"iam", "budgets", "cloudfront", "route53", "ce", "organizations"})
_ARN_SERVICE = {
    "lb": "elasticloadbalancing",
    "alb": "elasticloadbalancing",
    "ebs": "ec2",
    "vpc": "ec2",
    "costexplorer": "ce",
    "sesv2": "ses",
    "appautoscaling": "application-autoscaling",
    "efs": "elasticfilesystem",
    "mq": "mq",
}
# The prefix of the id that EC2 gives.
_ID_PREFIX = {
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/instance:Instance": "i",
    "aws:ebs/volume:Volume": "vol",
    "aws:ebs/snapshot:Snapshot": "snap",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
    "aws:ec2/networkInterface:NetworkInterface": "eni",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "aws:efs/fileSystem:FileSystem": "fs",
}


def name_property(token: str) -> str | None:
    """The property that names resources of a type, if the provider can choose the name."""
    schema = schema_of(token)
    name = _NAMED_BY.get(token, "name")
    return name if schema and name in schema.inputs and name not in schema.required else None


def automatic_name(token: str, logical: str, seed: bytes, inputs: Mapping[str, Any]) -> str:
    """The logical name and seven characters that differ by resource, as the provider makes it."""
    suffix = f"-{hashlib.sha256(seed).hexdigest()[:7]}"
    ending = ".fifo" if inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True else ""
    longest = _LONGEST.get(token, 255) - len(suffix) - len(ending)
    name = f"{_BEGINS_WITH.get(token, '')}{logical[:longest]}{suffix}{ending}"
    return name.lower() if token.startswith(_LOWER_CASE) else name


def new_id(token: str, inputs: Mapping[str, Any], seed: str) -> str:
    """An id in the form of the type: its name, or letters and digits behind the type's prefix."""
    digits = hashlib.sha256(f"{token}{seed}".encode()).hexdigest()
    if token in _ID_PREFIX:
        return f"{_ID_PREFIX[token]}-{digits[:17]}"
    for name in (_NAMED_BY.get(token, "name"), "bucket"):
        if isinstance(inputs.get(name), str):
            return inputs[name]
    return digits[:20]


def arn(token: str, resource_id: str, region: str, account: str = ACCOUNT) -> str:
    """The ARN of a resource: partition, service, region (none for a global service), account, kind and id."""
    module, _, rest = token.removeprefix("aws:").partition("/")
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", rest.partition(":")[2]).lower()
    service = _ARN_SERVICE.get(module, module)
    partition = (
        "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    )
    region_part = "" if service in _GLOBAL else region
    return f"arn:{partition}:{service}:{region_part}:{account}:{kind}/{resource_id}"


def plausible_outputs(
    schema: Schema, token: str, resource_id: str, region: str, account: str, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """A value of the right kind for each output that only AWS would know."""
    result: dict[str, Any] = {}
    for name, annotation in schema.outputs.items():
        if name in inputs or name == "tagsAll":
            continue
        if name == "arn":
            result[name] = arn(token, resource_id, region, account)
        elif name == "region":
            result[name] = region
        elif name in ("accountId", "ownerId"):
            result[name] = account
        elif name not in schema.inputs:
            result[name] = _plausible(name, annotation, resource_id, region, account, token)
    return result


def _plausible(name: str, annotation: Any, resource_id: str, region: str, account: str, token: str) -> Any:
    kind = getattr(annotation, "__origin__", annotation)
    if name.lower().endswith("arn"):
        return arn(token, resource_id, region, account)
    if re.search(r"(dnsName|domainName|endpoint|address|hostname)$", name, re.IGNORECASE):
        return f"{re.sub('[^a-z0-9-]+', '-', resource_id.lower())}.{region}.sandbox.amazonaws.com"
    if re.search(r"(^ip|Ip|ipAddress)$", name):
        number = int(hashlib.sha256(f"{resource_id}{name}".encode()).hexdigest()[:4], 16)
        return f"10.0.{number >> 8}.{number & 255}"
    if isinstance(kind, type):
        for expected, value in ((bool, False), (int | float, 0), (str, f"{name}-{resource_id}")):
            if issubclass(kind, expected):
                return value
        if sdk_types.is_input_type(kind):
            return {}
        if issubclass(kind, dict) or kind.__name__ == "Mapping":
            return {}
        if kind.__name__ in ("Sequence", "list"):
            return []
    return None


def merged_tags(defaults: Mapping[str, Any], own: Any) -> Any:
    """The resource's tags over the provider's default tags; unknown while the resource's tags are."""
    if isinstance(own, Unknown):
        return UNKNOWN
    return {**defaults, **(own or {})}
