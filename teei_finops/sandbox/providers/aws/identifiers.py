"""Resource names, ids and ARNs in the form that AWS and the provider give them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.schema import schema_of

ACCOUNT = "123456789012"
# The property that holds the resource's name, for types where it is not `name`.
_NAME_PROPERTIES = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketV2:BucketV2": "bucket",
    "aws:rds/instance:Instance": "identifier",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/clusterInstance:ClusterInstance": "identifier",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
    "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
}
_MAX_NAME_LENGTH = {"aws:lb/loadBalancer:LoadBalancer": 32, "aws:lb/targetGroup:TargetGroup": 32}
_NAME_PREFIX = {"aws:kms/alias:Alias": "alias/"}
_LOWER_CASE_NAMES = ("aws:s3/", "aws:rds/", "aws:elasticache/", "aws:redshift/")
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
    "mq": "mq",
}
# The prefix of the ids that EC2 assigns.
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


def new_id(token: str, inputs: Mapping[str, Any], seed: str) -> str:
    """An id for a type without a handler: its name, or hexadecimal digits after the type's prefix."""
    digits = hashlib.sha256(f"{token}{seed}".encode()).hexdigest()
    if token in _ID_PREFIX:
        return f"{_ID_PREFIX[token]}-{digits[:17]}"
    for name in (_NAME_PROPERTIES.get(token, "name"), "bucket"):
        if isinstance(inputs.get(name), str):
            return inputs[name]
    return digits[:20]


def arn(token: str, resource_id: str, region: str, account: str = ACCOUNT) -> str:
    """The ARN of a resource; it has no region for a global service."""
    module, _, rest = token.removeprefix("aws:").partition("/")
    resource_type = re.sub(r"(?<!^)(?=[A-Z])", "-", rest.partition(":")[2]).lower()
    service = _ARN_SERVICE.get(module, module)
    region_part = "" if service in _GLOBAL_SERVICES else region
    return f"arn:{partition_of(region)}:{service}:{region_part}:{account}:{resource_type}/{resource_id}"


def partition_of(region: str) -> str:
    """The AWS partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def digest(text: str, region: str) -> str:
    """17 hexadecimal digits, as in the ids of EC2; the same for the same text and region."""
    return hashlib.sha256(f"{text}|{region}".encode()).hexdigest()[:17]
