"""The results of the AWS provider's most used functions (Terraform's data sources), without an account."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.identifiers import digest, partition_of
from teei_finops.sandbox.providers.aws.policy_document import PolicyDocumentError, policy_document

_ZONE_LETTERS = {"us-east-1": "abcdef", "us-west-2": "abcd", "sa-east-1": "abc"}
_REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
}

Function = Callable[[Mapping[str, Any], str, str], Mapping[str, Any]]


class DataSourceError(Exception):
    """The sandbox does not support a function, or its arguments are wrong."""


def read_data_source(token: str, arguments: Mapping[str, Any], region: str, account: str) -> dict[str, Any]:
    """The result of a function such as `aws:ec2/getVpc:getVpc`; raises DataSourceError."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise DataSourceError(
            f"the sandbox does not support {token}; "
            "add it to teei_finops/sandbox/providers/aws/data_sources.py"
        )
    result = function(arguments, region, account)
    given = {key: value for key, value in arguments.items() if value is not None}
    return {**given, "region": region, **result}


def _caller_identity(_: Mapping[str, Any], _region: str, account: str) -> Mapping[str, Any]:
    arn = f"arn:aws:iam::{account}:user/sandbox"
    return {"accountId": account, "arn": arn, "userId": "AIDASANDBOX", "id": account}


def _region(arguments: Mapping[str, Any], region: str, _: str) -> Mapping[str, Any]:
    name = arguments.get("name") or region
    return {
        "name": name,
        "region": name,
        "id": name,
        "description": _REGION_NAMES.get(name, name),
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def _partition(_: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    partition = partition_of(region)
    reverse = ".".join(reversed(suffix.split(".")))
    return {"partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse, "id": partition}


def _availability_zones(_: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    letters = _ZONE_LETTERS.get(region, "abc")
    names = [f"{region}{letter}" for letter in letters]
    zone_ids = [f"{_zone_id_prefix(region)}-az{number}" for number in range(1, len(letters) + 1)]
    return {"names": names, "zoneIds": zone_ids, "groupNames": [region], "id": region}


def _zone_id_prefix(region: str) -> str:
    area, direction, number = region.rsplit("-", 2)
    return f"{area}{direction[0]}{direction[5:6] if len(direction) > 5 else ''}{number}"


def _vpc(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    vpc_id = arguments.get("id") or f"vpc-{digest('vpc', region)}"
    return {
        "id": vpc_id,
        "arn": f"arn:aws:ec2:{region}:{account}:vpc/{vpc_id}",
        "cidrBlock": arguments.get("cidrBlock") or "10.0.0.0/16",
        "default": bool(arguments.get("default")),
        "ownerId": account,
        "state": "available",
        "tags": arguments.get("tags") or {},
        "enableDnsHostnames": True,
        "enableDnsSupport": True,
        "instanceTenancy": "default",
        "mainRouteTableId": f"rtb-{digest('rtb', region)}",
    }


def _subnets(_: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    letters = _ZONE_LETTERS.get(region, "abc")[:3]
    return {"ids": [f"subnet-{digest(letter, region)}" for letter in letters], "id": region}


def _subnet(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    subnet_id = arguments.get("id") or f"subnet-{digest('a', region)}"
    return {
        "id": subnet_id,
        "arn": f"arn:aws:ec2:{region}:{account}:subnet/{subnet_id}",
        "vpcId": arguments.get("vpcId") or f"vpc-{digest('vpc', region)}",
        "availabilityZone": arguments.get("availabilityZone") or f"{region}a",
        "cidrBlock": arguments.get("cidrBlock") or "10.0.0.0/24",
        "tags": arguments.get("tags") or {},
        "ownerId": account,
        "state": "available",
    }


def _security_group(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    name = arguments.get("name") or "default"
    group_id = arguments.get("id") or f"sg-{digest(name, region)}"
    return {
        "id": group_id,
        "name": name,
        "arn": f"arn:aws:ec2:{region}:{account}:security-group/{group_id}",
        "description": name,
        "vpcId": arguments.get("vpcId") or f"vpc-{digest('vpc', region)}",
        "tags": arguments.get("tags") or {},
    }


def _ami(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    image_id = f"ami-{digest(json.dumps(arguments, sort_keys=True, default=str), region)}"
    return {
        "id": image_id,
        "imageId": image_id,
        "arn": f"arn:aws:ec2:{region}::image/{image_id}",
        "name": f"sandbox-{image_id}",
        "architecture": "x86_64",
        "ownerId": account,
        "rootDeviceName": "/dev/xvda",
        "rootDeviceType": "ebs",
        "virtualizationType": "hvm",
        "state": "available",
        "tags": {},
    }


def _ssm_parameter(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    name = arguments["name"]
    image = "/ami" in name or "image" in name
    value = (
        f"ami-{digest(name, region)}" if image else f"sandbox{name if name.startswith('/') else '/' + name}"
    )
    return {
        "arn": f"arn:aws:ssm:{region}:{account}:parameter/{name.lstrip('/')}",
        "id": name,
        "name": name,
        "type": "String",
        "value": value,
        "insecureValue": value,
        "version": 1,
    }


def _secret(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    name = arguments.get("name") or str(arguments.get("arn", "")).rsplit(":", 1)[-1] or "secret"
    arn = arguments.get("arn") or f"arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf"
    return {"arn": arn, "id": arn, "name": name, "description": "", "kmsKeyId": "", "policy": "", "tags": {}}


def _bucket(arguments: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    name = arguments["bucket"]
    return {
        "arn": f"arn:aws:s3:::{name}",
        "id": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "bucketRegion": region,
    }


def _role(arguments: Mapping[str, Any], _region: str, account: str) -> Mapping[str, Any]:
    name = arguments["name"]
    return {
        "arn": f"arn:aws:iam::{account}:role/{name}",
        "id": name,
        "path": "/",
        "uniqueId": f"AROA{digest(name, '')}",
    }


def _managed_policy(arguments: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    arn = arguments.get("arn") or f"arn:aws:iam::aws:policy/{arguments.get('name')}"
    return {"arn": arn, "id": arn, "name": arn.rsplit("/", 1)[-1], "path": "/", "policy": "{}"}


def _kms_key(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    key = arguments["keyId"].rsplit("/", 1)[-1]
    return {
        "arn": f"arn:aws:kms:{region}:{account}:key/{key}",
        "id": key,
        "enabled": True,
        "keyState": "Enabled",
    }


def _kms_alias(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    name = arguments["name"]
    key = digest(name, region)
    return {
        "arn": f"arn:aws:kms:{region}:{account}:{name}",
        "id": name,
        "targetKeyId": key,
        "targetKeyArn": f"arn:aws:kms:{region}:{account}:key/{key}",
    }


def _eks_cluster(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    name = arguments["name"]
    return {
        "id": name,
        "arn": f"arn:aws:eks:{region}:{account}:cluster/{name}",
        "endpoint": f"https://{digest(name, region)}.gr7.{region}.eks.amazonaws.com",
        "certificateAuthorities": [{"data": "c2FuZGJveA=="}],
        "identities": [
            {"oidcs": [{"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{digest(name, region)}"}]}
        ],
        "status": "ACTIVE",
        "version": "1.33",
        "tags": {},
    }


def _zone(arguments: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    zone_id = arguments.get("zoneId") or f"Z{digest(str(arguments.get('name')), region).upper()}"
    return {
        "id": zone_id,
        "zoneId": zone_id,
        "name": arguments.get("name", ""),
        "nameServers": [],
        "tags": {},
    }


def _default_tags(_: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    return {"id": "default-tags", "tags": {}}


def _policy_document(arguments: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    try:
        return policy_document(arguments)
    except PolicyDocumentError as error:
        raise DataSourceError(f"aws:iam/getPolicyDocument:getPolicyDocument: {error}") from None


_FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getDefaultTags:getDefaultTags": _default_tags,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:iam/getRole:getRole": _role,
    "aws:iam/getPolicy:getPolicy": _managed_policy,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getSecurityGroup:getSecurityGroup": _security_group,
    "aws:ec2/getAmi:getAmi": _ami,
    "aws:ssm/getParameter:getParameter": _ssm_parameter,
    "aws:secretsmanager/getSecret:getSecret": _secret,
    "aws:s3/getBucket:getBucket": _bucket,
    "aws:kms/getKey:getKey": _kms_key,
    "aws:kms/getAlias:getAlias": _kms_alias,
    "aws:eks/getCluster:getCluster": _eks_cluster,
    "aws:route53/getZone:getZone": _zone,
}
