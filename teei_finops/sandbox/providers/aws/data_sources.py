"""The provider functions that programs call most, invoke_response without an account."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_ZONE_LETTERS = {"us-east-1": "abcdef", "us-west-2": "abcd", "sa-east-1": "abc"}
_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
}

Function = Callable[[Mapping[str, Any], str, str], Mapping[str, Any]]


class UnansweredError(Exception):
    """A function the stand-in does not know, or cannot answer with these arguments."""


def answer(token: str, arguments: Mapping[str, Any], region: str, account: str) -> dict[str, Any]:
    """What AWS could answer; raises UnansweredError."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise UnansweredError(
            f"the sandbox does not answer {token}; add it to sandbox/providers/aws/data_sources.py"
        )
    found = function(arguments, region, account)
    given = {key: value for key, value in arguments.items() if value is not None}
    return {**given, "region": region, **found}


def _caller_identity(_: Mapping[str, Any], _region: str, account: str) -> Mapping[str, Any]:
    arn = f"arn:aws:iam::{account}:user/sandbox"
    return {"accountId": account, "arn": arn, "userId": "AIDASANDBOX", "id": account}


def _region(arguments: Mapping[str, Any], region: str, _: str) -> Mapping[str, Any]:
    name = arguments.get("name") or region
    return {
        "name": name,
        "region": name,
        "id": name,
        "description": _NAMES.get(name, name),
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def _partition(_: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    partition = (
        "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    )
    reverse = ".".join(reversed(suffix.split(".")))
    return {"partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse, "id": partition}


def _availability_zones(_: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    letters = _ZONE_LETTERS.get(region, "abc")
    names = [f"{region}{letter}" for letter in letters]
    zone_ids = [f"{_short(region)}-az{number}" for number in range(1, len(letters) + 1)]
    return {"names": names, "zoneIds": zone_ids, "groupNames": [region], "id": region}


def _short(region: str) -> str:
    area, direction, number = region.rsplit("-", 2)
    return f"{area}{direction[0]}{direction[5:6] if len(direction) > 5 else ''}{number}"


def _vpc(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    vpc_id = arguments.get("id") or f"vpc-{_digits('vpc', region)}"
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
        "mainRouteTableId": f"rtb-{_digits('rtb', region)}",
    }


def _subnets(_: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    letters = _ZONE_LETTERS.get(region, "abc")[:3]
    return {"ids": [f"subnet-{_digits(letter, region)}" for letter in letters], "id": region}


def _subnet(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    subnet_id = arguments.get("id") or f"subnet-{_digits('a', region)}"
    return {
        "id": subnet_id,
        "arn": f"arn:aws:ec2:{region}:{account}:subnet/{subnet_id}",
        "vpcId": arguments.get("vpcId") or f"vpc-{_digits('vpc', region)}",
        "availabilityZone": arguments.get("availabilityZone") or f"{region}a",
        "cidrBlock": arguments.get("cidrBlock") or "10.0.0.0/24",
        "tags": arguments.get("tags") or {},
        "ownerId": account,
        "state": "available",
    }


def _security_group(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    name = arguments.get("name") or "default"
    group_id = arguments.get("id") or f"sg-{_digits(name, region)}"
    return {
        "id": group_id,
        "name": name,
        "arn": f"arn:aws:ec2:{region}:{account}:security-group/{group_id}",
        "description": name,
        "vpcId": arguments.get("vpcId") or f"vpc-{_digits('vpc', region)}",
        "tags": arguments.get("tags") or {},
    }


def _ami(arguments: Mapping[str, Any], region: str, account: str) -> Mapping[str, Any]:
    image_id = f"ami-{_digits(json.dumps(arguments, sort_keys=True, default=str), region)}"
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
        f"ami-{_digits(name, region)}" if image else f"sandbox{name if name.startswith('/') else '/' + name}"
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
        "uniqueId": f"AROA{_digits(name, '')}",
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
    key = _digits(name, region)
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
        "endpoint": f"https://{_digits(name, region)}.gr7.{region}.eks.amazonaws.com",
        "certificateAuthorities": [{"data": "c2FuZGJveA=="}],
        "identities": [
            {"oidcs": [{"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{_digits(name, region)}"}]}
        ],
        "status": "ACTIVE",
        "version": "1.33",
        "tags": {},
    }


def _zone(arguments: Mapping[str, Any], region: str, _account: str) -> Mapping[str, Any]:
    zone_id = arguments.get("zoneId") or f"Z{_digits(str(arguments.get('name')), region).upper()}"
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
    """The document as the provider writes it: one value as a text, several as a list (IAM JSON grammar)."""
    statements: list[dict[str, Any]] = []
    for text in arguments.get("sourcePolicyDocuments") or []:
        statements.extend(_as_list(json.loads(text).get("Statement")))
    statements.extend(_statement(item) for item in arguments.get("statements") or [])
    for text in arguments.get("overridePolicyDocuments") or []:
        overriding = _as_list(json.loads(text).get("Statement"))
        ids = {item.get("Sid") for item in overriding if item.get("Sid")}
        statements = [item for item in statements if item.get("Sid") not in ids] + overriding
    ids = [item["Sid"] for item in statements if item.get("Sid")]
    if len(ids) != len(set(ids)):
        raise UnansweredError("duplicate Sid in the statements of a policy document")
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = statements
    text = json.dumps(document, indent=2)
    return {
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        "id": _digits(text, ""),
    }


def _statement(item: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if item.get("sid"):
        result["Sid"] = item["sid"]
    result["Effect"] = item.get("effect") or "Allow"
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if item.get(key):
            result[name] = _one_or_list([_variables(value) for value in item[key]])
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(key):
            result[name] = _principals(item[key])
    if item.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for condition in item["conditions"]:
            values = [_variables(value) for value in condition["values"]]
            conditions.setdefault(condition["test"], {})[_variables(condition["variable"])] = _one_or_list(
                values
            )
        result["Condition"] = conditions
    return result


def _principals(principals: Sequence[Mapping[str, Any]]) -> Any:
    if any(item["type"] == "*" and item["identifiers"] == ["*"] for item in principals):
        return "*"
    found: dict[str, list[str]] = {}
    for item in principals:
        found.setdefault(item["type"], []).extend(item["identifiers"])
    return {kind: _one_or_list(sorted(names, reverse=True)) for kind, names in sorted(found.items())}


def _variables(text: Any) -> Any:
    """Policy variables are written `&{aws:username}` where `${…}` would be taken as interpolation."""
    return text.replace("&{", "${") if isinstance(text, str) else text


def _one_or_list(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _digits(text: str, region: str) -> str:
    return hashlib.sha256(f"{text}|{region}".encode()).hexdigest()[:17]


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
