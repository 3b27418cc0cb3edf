"""The resources of a CloudFormation template, with inputs as the Pulumi type of the same resource names them.

Templates are YAML with tags of their own, or JSON
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html, 2026-10).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.preview.values import UNKNOWN
from teei_finops.costing.prices.price_book import FOLDER
from teei_finops.costing.resource_types import free_types

if TYPE_CHECKING:
    from yaml import Node

NESTED = {"LaunchTemplateId": "id", "LaunchTemplateName": "name"}
FREE_BESIDES = frozenset({"aws::cdk::metadata", "aws::cloudformation::waitconditionhandle"})


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """`name` is its logical id, `type` its CloudFormation type; unknown properties are those of a preview.

    `conditional` when a condition of the template decides whether it is created.
    """

    name: str
    type: str
    properties: dict[str, Any]
    conditional: bool


def template_resources(template: str, parameters: Mapping[str, Any]) -> Iterator[TemplateResource]:
    """Each resource of the template; references to `parameters` and to defaults are resolved, others unknown.

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
    for name, node in _entries(root.get("Resources")).items():
        resource = _entries(node)
        kind = resource.get("Type")
        if kind is None or not isinstance(kind.value, str):
            continue
        properties = _plain(resource["Properties"], known) if "Properties" in resource else {}
        yield TemplateResource(
            name, kind.value, properties if isinstance(properties, dict) else {}, "Condition" in resource
        )


def pulumi_resource(resource: TemplateResource) -> tuple[str, dict[str, Any]] | None:
    """The Pulumi type and inputs, None for a type that cannot be priced from its template."""
    entry = _pulumi_types().get(resource.type)
    if entry is None:
        return None
    token, renames = entry
    inputs = {renames.get(name, _camel(name)): _inputs(value) for name, value in resource.properties.items()}
    return token, inputs


def is_free(cloudformation_type: str) -> bool:
    """Whether the type bills nothing, by the table of free types."""
    return cloudformation_type.lower() in _free_types()


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
    if len(entries) == 1 and next(iter(entries)).startswith("Fn::"):
        return UNKNOWN
    return {name: _plain(value, parameters) for name, value in entries.items()}


def _inputs(value: Any) -> Any:
    """Camel-case names; a block device has its `Ebs` settings beside its name, as Pulumi's has."""
    if isinstance(value, list):
        return [_inputs(item) for item in value]
    if not isinstance(value, dict):
        return value
    inputs = {NESTED.get(name, _camel(name)): _inputs(item) for name, item in value.items()}
    volume = inputs.pop("ebs", None)
    return {**inputs, **volume} if isinstance(volume, dict) else inputs


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
