"""`teei-finops usage template`: a `usage.yaml` for the resources of a preview, without any account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, localcontext

from teei_finops.costing.amounts import Range
from teei_finops.costing.costs import EXACT, CostOptions, costs_of
from teei_finops.costing.preview.plan import Plan, Resource
from teei_finops.costing.resource_types import class_of
from teei_finops.costing.usage.profile import OPERATING_SYSTEM

Assumptions = dict[str, dict[str, Range | None]]

HEAD = """\
# The usage that the review assumes. Remove the # before a key and set your own value: a number, or a range
# {low: …, expected: …, high: …}. Resources and keys without a value keep the assumption.
version: 1
resources:
"""


def usage_template(plans: Sequence[Plan], at: date, region: str | None) -> str:
    """Every key that a resource has, commented out, with the value that is assumed without it."""
    resources: list[Resource] = []
    pricing = CostOptions(at=at, region=region).pricing()
    with localcontext(EXACT):
        for plan in plans:
            resources += [
                item.resource for item in costs_of(plan, pricing) if _usage_keys(item.resource.type)
            ]
    names = [resource.name for resource in resources]
    lines: list[str] = []
    for resource in resources:
        entry = resource.urn if names.count(resource.name) > 1 else resource.name
        lines.append(f"  {json.dumps(entry, ensure_ascii=False)}:  # {resource.type}")
        lines += _key_lines(resource, pricing.assumptions.get(resource.urn, {}))
    return HEAD + ("\n".join(lines) + "\n" if lines else "  {}\n")


def _key_lines(resource: Resource, assumed: dict[str, Range | None]) -> Iterator[str]:
    for key, value in assumed.items():
        if value is None:
            yield f"    # {key}: 0  # required: the resource has no price without it"
        else:
            low, expected, high = (_number(end) for end in (value.low, value.expected, value.high))
            yield f"    # {key}: {{low: {low}, expected: {expected}, high: {high}}}"
    for key in sorted(_usage_keys(resource.type) - set(assumed)):
        example = {"monthly_hours": "730", OPERATING_SYSTEM: "linux"}.get(key, "0")
        yield f"    # {key}: {example}"


def _usage_keys(token: str) -> frozenset[str]:
    type_class = class_of(token)
    return type_class.usage_keys if type_class else frozenset()


def _number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
