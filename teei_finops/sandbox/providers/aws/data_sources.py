"""The results of the AWS provider's functions (Terraform's data sources), without an account."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from teei_finops.sandbox.providers.aws.fake_outputs import form_of
from teei_finops.sandbox.providers.aws.identifiers import (
    Identity,
    existing_identity,
    new_identity,
    partition_of,
)
from teei_finops.sandbox.providers.aws.policy_document import PolicyDocumentError, policy_document
from teei_finops.sandbox.providers.aws.ssm_parameters import parameter_value
from teei_finops.sandbox.providers.lookups import LookupResult, StatedResult, lookup
from teei_finops.sandbox.providers.plausible_values import Subject
from teei_finops.sandbox.providers.sdk_schema import function_result, schema_of

_PARAMETER = "aws:ssm/getParameter:getParameter"
_ZONE_LETTERS = {"us-east-1": "abcdef", "us-west-2": "abcd", "sa-east-1": "abc"}
_REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
}
# Programs decode the token of a container registry to get the user and the password.
_REGISTRY_LOGIN = {
    "authorizationToken": base64.b64encode(b"AWS:sandbox").decode(),
    "userName": "AWS",
    "password": "sandbox",
}
# Invented like the rest of their results, but in the form that programs expect.
_EXPECTED: Mapping[str, Mapping[str, Any]] = {
    "getCluster": {"version": "1.33", "status": "ACTIVE"},
    "getSecretVersion": {"secretString": json.dumps({"username": "sandbox", "password": "sandbox"})},
    "getAuthorizationToken": _REGISTRY_LOGIN,
    "getInvocation": {"result": "{}"},
    "getCredentials": _REGISTRY_LOGIN,
}

Function = Callable[[Mapping[str, Any], str, str], Mapping[str, Any]]


class DataSourceError(Exception):
    """The SDK has no such function, or its arguments are wrong."""


def read_data_source(
    token: str,
    arguments: Mapping[str, Any],
    region: str,
    account: str,
    stated: Sequence[StatedResult] = (),
) -> LookupResult:
    """The result of a function such as `aws:ec2/getVpc:getVpc`; raises DataSourceError."""
    function = _FUNCTIONS.get(token)
    if function is None and function_result(token) is None:
        raise DataSourceError(f"the installed pulumi-aws has no function {token}; check its name and version")
    computed = {"region": region, **(function(arguments, region, account) if function else {})}
    if token in _COMPLETE:
        given = {name: value for name, value in arguments.items() if value is not None}
        return LookupResult({**given, **computed}, ())
    seed = json.dumps(arguments, sort_keys=True, default=str)
    known = _expected_values(token, arguments, seed, region, account)
    subject = Subject.identified_by(known["id"], region, account, known["arn"])
    resource_type = _resource_type(token, token.rsplit(":", 1)[-1].removeprefix("get"))[1]
    known |= {name: make(subject, arguments) for name, make in form_of(resource_type).items()}
    return lookup(token, arguments, subject, stated=stated, computed=computed, invent=known.get)


def _expected_values(
    token: str, arguments: Mapping[str, Any], seed: str, region: str, account: str
) -> dict[str, Any]:
    """The identifiers of what a function looks up, by the name of the property, and other expected values."""
    name = token.rsplit(":", 1)[-1]
    thing, resource_type = _resource_type(token, name.removeprefix("get"))
    identities = [
        _identity(resource_type, arguments, f"{seed}{number}", region, account) for number in ("", "2", "3")
    ]
    return {
        "id": identities[0].id,
        f"{thing}Id": identities[0].id,
        "imageId": identities[0].id,
        "arn": identities[0].arn,
        "ids": [identity.id for identity in identities],
        "arns": [identity.arn for identity in identities],
        **_EXPECTED.get(name, {}),
        **_public_parameter(token, arguments, region),
    }


def _public_parameter(token: str, arguments: Mapping[str, Any], region: str) -> Mapping[str, str]:
    name = str(arguments.get("name"))
    if token != _PARAMETER or not name.startswith("/aws/service/"):
        return {}
    value = parameter_value(name, region)
    return {"value": value, "insecureValue": value}


def _resource_type(token: str, thing: str) -> tuple[str, str]:
    """The camel-case name of what a function looks up, and its resource type where the SDK has it."""
    module = token.split(":")[1].split("/")[0]
    for name in (thing, re.sub(r"s$", "", thing)):
        camel = name[:1].lower() + name[1:]
        candidate = f"aws:{module}/{camel}:{name}"
        if schema_of(candidate) is not None:
            return camel, candidate
    return thing[:1].lower() + thing[1:], token


def _identity(token: str, arguments: Mapping[str, Any], seed: str, region: str, account: str) -> Identity:
    for name in ("arn", "id"):
        if isinstance(arguments.get(name), str):
            return existing_identity(token, arguments[name], region, account)
    return new_identity(token, arguments, seed, region, account)


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


def _default_tags(_: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    return {"id": "default-tags", "tags": {}}


def _parsed_arn(arguments: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    parts = str(arguments["arn"]).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise DataSourceError(f"aws:index/getArn:getArn: {arguments['arn']!r} is not an ARN")
    names = ("partition", "service", "region", "account", "resource")
    return {**dict(zip(names, parts[1:], strict=True)), "id": arguments["arn"]}


def _policy_document(arguments: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    try:
        return policy_document(arguments)
    except PolicyDocumentError as error:
        raise DataSourceError(f"aws:iam/getPolicyDocument:getPolicyDocument: {error}") from None


def _ssm_parameter(arguments: Mapping[str, Any], _region: str, _account: str) -> Mapping[str, Any]:
    return {"type": "String", "version": 1, "id": arguments["name"]}


_FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getArn:getArn": _parsed_arn,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getDefaultTags:getDefaultTags": _default_tags,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    _PARAMETER: _ssm_parameter,
}
# Their results have no other properties than their arguments.
_COMPLETE = frozenset(_FUNCTIONS) - {_PARAMETER}
