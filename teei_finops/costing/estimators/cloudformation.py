"""Resources that AWS creates from a template or by type name, which a preview does not show as its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from teei_finops.costing.amounts import TYPE_NOT_PRICED, UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.resource_types import free_types

if TYPE_CHECKING:
    from yaml import Node


@estimates("aws:cloudformation/stack:Stack")
def stack(ctx: EstimationContext) -> None:
    """Free where all resources of its template are; otherwise unpriced, with the types that it creates."""
    if not ctx.has("templateBody"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "templateBody is not set: the resources of its template")
    types = Counter(_types(ctx.text("templateBody")))
    billed = [f"{count} {name}" for name, count in sorted(types.items()) if name.lower() not in _free()]
    if billed or not types:
        raise Unpriced(
            TYPE_NOT_PRICED, f"its template creates {', '.join(billed) or 'no resource that is read'}"
        )
    ctx.note(f"its template creates {sum(types.values())} resources that are free")


@estimates("aws:cloudcontrol/resource:Resource")
def cloud_control(ctx: EstimationContext) -> None:
    """Free where its type is; otherwise unpriced by name."""
    name = ctx.text("typeName")
    if name.lower() not in _free():
        raise Unpriced(TYPE_NOT_PRICED, f"it creates {name}")


def _types(template: str) -> Iterator[str]:
    """The type of each resource in a template, which is YAML with tags of its own, or JSON."""
    import yaml

    try:
        root = yaml.compose(template, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "templateBody is neither YAML nor JSON") from None
    for _, resource in _entries(_value(root, "Resources")):
        kind = _value(resource, "Type")
        if kind is not None and isinstance(kind.value, str):
            yield kind.value


def _value(node: Node | None, name: str) -> Node | None:
    return next((value for key, value in _entries(node) if key.value == name), None)


def _entries(node: Node | None) -> list[tuple[Node, Node]]:
    """The keys and values of a mapping; none of another node."""
    return node.value if node is not None and node.tag == "tag:yaml.org,2002:map" else []


@cache
def _free() -> frozenset[str]:
    """CloudFormation names of free types, lower case: `aws::iam::role` for `aws:iam/role:Role`."""
    names = (token.removeprefix("aws:").partition(":")[0].split("/") for token in free_types())
    return frozenset(f"aws::{service}::{name}".lower() for service, name in names) | {
        "aws::cdk::metadata",
        "aws::cloudformation::waitconditionhandle",
    }
