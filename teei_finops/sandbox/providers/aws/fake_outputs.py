"""The outputs of a resource, computed from its inputs and the types of its properties."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import yaml

from teei_finops.sandbox.providers.plausible_values import Subject, plausible_value, value_by_name
from teei_finops.sandbox.providers.sdk_schema import Schema

# AWS chooses these inputs when the program does not; without a value here they stay empty.
_CHOSEN_BY_AWS = re.compile(
    r"^(arn|availabilityZone|privateIp|vpcId|subnetId|cidrBlock|defaultSecurityGroupId|masterUserSecret.*"
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
_Inputs: TypeAlias = Mapping[str, Any]


def _https(subject: Subject, _: _Inputs) -> str:
    return f"https://{subject.host()}"


def _validation_options(subject: Subject, inputs: _Inputs) -> Sequence[Mapping[str, str]]:
    """One for each domain of a certificate."""
    given = [inputs.get("domainName"), *(inputs.get("subjectAlternativeNames") or ())]
    domains = dict.fromkeys(domain for domain in given if isinstance(domain, str))
    return [
        {
            "domainName": domain,
            "resourceRecordName": f"_{subject.digits(domain, 32)}.{domain.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{subject.digits(f'{domain} value', 32)}.acm-validations.aws.",
        }
        for domain in domains or [subject.host()]
    ]


def _port(token: str, inputs: _Inputs) -> int:
    default = 6379 if token.startswith("aws:elasticache/") else 5432
    return _PORTS.get(str(inputs.get("engine")), default)


def _database_endpoint(subject: Subject, inputs: _Inputs) -> str:
    return f"{subject.host()}:{inputs.get('port') or _port('aws:rds/', inputs)}"


# The outputs whose form their name and type do not tell: maps with the keys that programs read, URLs with and
# without a scheme (pulumi-aws 7.51.1; the types in
# https://registry.terraform.io/providers/hashicorp/aws/latest/docs, 2026-11).
_FORMS: Mapping[tuple[str, str], Callable[[Subject, _Inputs], Any]] = {
    ("aws:acm/certificate:Certificate", "domainValidationOptions"): _validation_options,
    ("aws:apigatewayv2/api:Api", "apiEndpoint"): _https,
    ("aws:appsync/graphQLApi:GraphQLApi", "uris"): lambda subject, _: {
        "GRAPHQL": f"https://{subject.host()}/graphql",
        "REALTIME": f"wss://{subject.host()}/graphql",
    },
    ("aws:appsync/api:Api", "dns"): lambda subject, _: {"HTTP": subject.host(), "REALTIME": subject.host()},
    ("aws:ec2/eip:Eip", "allocationId"): lambda subject, _: subject.key,
    ("aws:ecr/repository:Repository", "repositoryUrl"): lambda subject, _: (
        f"{subject.account}.dkr.ecr.{subject.region}.amazonaws.com/{subject.arn.partition('/')[2]}"
    ),
    ("aws:eks/cluster:Cluster", "endpoint"): _https,
    ("aws:rds/instance:Instance", "endpoint"): _database_endpoint,
    ("aws:s3/accessPoint:AccessPoint", "endpoints"): lambda subject, _: dict.fromkeys(
        ("dualstack", "fips", "fips_dualstack"), subject.host()
    ),
    ("aws:servicecatalog/appregistryApplication:AppregistryApplication", "applicationTag"): (
        lambda subject, _: {"awsApplication": subject.arn}
    ),
}
_DATABASES = ("aws:rds/", "aws:elasticache/")


def form_of(token: str) -> Mapping[str, Callable[[Subject, _Inputs], Any]]:
    """How the outputs of a type are made whose form their name does not tell, by name."""
    return {name: make for (owner, name), make in _FORMS.items() if owner == token}


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
            outputs[name] = _port(token, inputs)
        elif name not in schema.inputs:
            outputs[name] = _output(token, name, annotation, subject, inputs)
        elif _CHOSEN_BY_AWS.search(name):
            outputs[name] = value_by_name(name, subject)
    return {name: value for name, value in outputs.items() if value is not None}


def existing_outputs(
    schema: Schema, token: str, subject: Subject, known: Mapping[str, Any]
) -> dict[str, Any]:
    """A value for each property of a resource outside the stack, with those that are known."""
    invented = {
        name: _output(token, name, annotation, subject, known)
        for name, annotation in schema.outputs.items()
        if name not in known and name not in ("id", "urn")
    }
    return {**invented, **known}


def _output(token: str, name: str, annotation: Any, subject: Subject, inputs: Mapping[str, Any]) -> Any:
    if (token, name) in _FORMS:
        return _FORMS[token, name](subject, inputs)
    if name == f"{token.partition('/')[2].partition(':')[0]}Id":  # the zoneId of a zone
        return subject.key
    if (token, name) == ("aws:cloudformation/stack:Stack", "outputs"):
        return _template_outputs(inputs.get("templateBody"), subject)
    return plausible_value(name, annotation, subject)


def _template_outputs(template: Any, subject: Subject) -> Mapping[str, str]:
    """A text for each output that a CloudFormation template declares; none without a template."""
    try:
        document = yaml.compose(template) if isinstance(template, str) else None
    except yaml.YAMLError:
        return {}
    section = _child(document, "Outputs")
    names = [key.value for key, _ in section.value] if isinstance(section, yaml.MappingNode) else []
    return {name: f"{name}-{subject.key}" for name in names}


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)
