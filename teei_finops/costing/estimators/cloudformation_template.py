"""The resources of a CloudFormation template, with inputs as the Pulumi type of the same resource names them.

Templates are YAML with tags of their own, or JSON
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html, 2026-10).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimators.cloudformation_inputs import (
    Properties,
    adapted,
    camel_case,
    settings_of_bucket,
)
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.steps import Step
from teei_finops.costing.preview.values import UNKNOWN
from teei_finops.costing.prices.price_book import FOLDER
from teei_finops.costing.resource_types import FREE, class_of, free_types

if TYPE_CHECKING:
    from yaml import Node

BUCKET = "AWS::S3::Bucket"
FREE_BESIDES = frozenset({"aws::cdk::metadata", "aws::cloudformation::waitconditionhandle"})


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """`name` is its logical id, `type` its CloudFormation type; unknown properties are those of a preview.

    `conditional` when a condition of the template decides whether it is created.
    """

    name: str
    type: str
    properties: Properties
    conditional: bool


def template_resources(template: str, parameters: Mapping[str, Any]) -> Iterator[TemplateResource]:
    """Each resource of the template; references to `parameters`, to defaults and to other resources (as their
    logical ids) are resolved, other values unknown.

    Raises `Unpriced` when the text is neither YAML nor JSON.
    """
    import yaml

    try:
        root = _entries(yaml.compose(template, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "templateBody is neither YAML nor JSON") from None
    known = dict(parameters)
    for name, parameter in _entries(root.get("Parameters")).items():
        default = _entries(parameter).get("Default")
        if default is not None:
            known.setdefault(name, default.value)
    nodes = _entries(root.get("Resources"))
    known = {**{name: name for name in nodes}, **known}
    for name, node in nodes.items():
        resource = _entries(node)
        kind = resource.get("Type")
        if kind is None or not isinstance(kind.value, str):
            continue
        properties = _plain(resource["Properties"], known) if "Properties" in resource else {}
        yield TemplateResource(
            name, kind.value, properties if isinstance(properties, dict) else {}, "Condition" in resource
        )


def template_plan(resources: Iterable[TemplateResource], region: str | None) -> Plan:
    """A plan of the resources that have a Pulumi type, each with its logical id as id and name."""
    planned: list[Resource] = []
    for resource in resources:
        entry = _pulumi_types().get(resource.type)
        if entry is None:
            continue
        token, renames = entry
        properties = {renames.get(name, name): value for name, value in resource.properties.items()}
        inputs = adapted(resource.type, camel_case(properties))
        planned.append(_planned(token, resource.name, inputs))
        if resource.type == BUCKET:
            settings = settings_of_bucket(resource.name, inputs)
            planned += [_planned(kind, f"{resource.name} settings", values) for kind, values in settings]
    return Plan(
        name="template",
        stack="template",
        project="template",
        config={"aws:region": region} if region else {},
        resources=tuple(planned),
        policy=(),
        not_applicable=(),
        errors=(),
        complete=True,
        totals_of="stack",
        packs={},
    )


def _planned(token: str, name: str, inputs: Properties) -> Resource:
    """A resource that is the same before and after the change, as each snapshot reads one of the two."""
    urn = f"urn:pulumi:template::template::{token}::{name}"
    raw = {"urn": urn, "type": token, "id": name, "inputs": inputs}
    step = Step("same", urn, token, "", raw, raw, None, (), ())
    state = State(raw)
    return Resource(urn, name, token, "same", state, state, parent="", provider="", custom=True, step=step)


def is_free(cloudformation_type: str) -> bool:
    """Whether the type bills nothing, by the tables of free types and of CloudFormation types."""
    if cloudformation_type.lower() in _free_types():
        return True
    entry = _pulumi_types().get(cloudformation_type)
    type_class = class_of(entry[0]) if entry else None
    return type_class is not None and type_class.name == FREE


@cache
def _free_types() -> frozenset[str]:
    """Lower-case CloudFormation names of free types: `aws::iam::role` for `aws:iam/role:Role`."""
    names = (token.removeprefix("aws:").partition(":")[0].split("/") for token in free_types())
    return frozenset(f"aws::{service}::{name}".lower() for service, name in names) | FREE_BESIDES


@cache
def _pulumi_types() -> dict[str, tuple[str, dict[str, str]]]:
    """By CloudFormation type, from `cloudformation_types.csv`: the type token, and inputs of another name."""
    with (FOLDER / "cloudformation_types.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["cloudformation"]: (
                row["type"],
                dict(rename.split("=", 1) for rename in row["renames"].split()),
            )
            for row in csv.DictReader(file)
        }


def _entries(node: Node | None) -> dict[str, Node]:
    """The values of a mapping by key; none of another node."""
    if node is None or node.tag != "tag:yaml.org,2002:map":
        return {}
    return {key.value: value for key, value in node.value if isinstance(key.value, str)}


def _plain(node: Node, parameters: Mapping[str, Any]) -> Any:
    """Text, lists and objects; the value of an intrinsic function other than a known reference is unknown."""
    if node.tag == "!Ref":
        return parameters.get(node.value, UNKNOWN)
    if node.tag == "!GetAtt":
        return _attribute(node, parameters)
    if node.tag.startswith("!"):
        return UNKNOWN
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if node.tag == "tag:yaml.org,2002:seq":
        return [_plain(item, parameters) for item in node.value]
    if node.tag != "tag:yaml.org,2002:map":
        return node.value
    entries = _entries(node)
    if list(entries) == ["Ref"]:
        return parameters.get(entries["Ref"].value, UNKNOWN)
    if list(entries) == ["Fn::GetAtt"]:
        return _attribute(entries["Fn::GetAtt"], parameters)
    if len(entries) == 1 and next(iter(entries)).startswith("Fn::"):
        return UNKNOWN
    return {name: _plain(value, parameters) for name, value in entries.items()}


def _attribute(node: Node, parameters: Mapping[str, Any]) -> Any:
    """Of an ARN the logical id of the resource, which identifies it in the template; others are unknown."""
    parts = [part.value for part in node.value] if isinstance(node.value, list) else node.value.split(".", 1)
    return parameters.get(parts[0], UNKNOWN) if parts[1:] == ["Arn"] else UNKNOWN
