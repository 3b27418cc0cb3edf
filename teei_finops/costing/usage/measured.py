"""What the sources of measured usage share: rules, deployed resources, and the text of the profile."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal

from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.prices.price_book import FOLDER
from teei_finops.costing.yaml_file import plain_number

UsageByUrn = dict[str, dict[str, Decimal]]
Deployed = list[tuple[Plan, Resource, State]]


def deployed_resources(plans: Sequence[Plan]) -> Deployed:
    """The resources that exist before the change, with their old states."""
    return [(plan, resource, resource.old) for plan in plans for resource in plan.resources if resource.old]


def matches_usage_type(usage_type: str, name: str) -> bool:
    """Whether it is `name`, with or without the prefix of a Region (`EUC1-Requests-Tier1`)."""
    prefix = usage_type.removesuffix(name)
    return usage_type.endswith(name) and (prefix == "" or (prefix.endswith("-") and prefix[:-1].isalnum()))


def usage_rules(name: str, key: str = "type") -> dict[str, list[dict[str, str]]]:
    """The rows of a CSV file in `prices/`, by their column `key`."""
    rules: dict[str, list[dict[str, str]]] = {}
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rules.setdefault(row[key], []).append(row)
    return rules


def profile_text(usage: UsageByUrn, origin: str, deployed: Deployed) -> str:
    """The text of a `usage.yaml`; comments name the origin, and the resources without data."""
    import yaml

    known = {*usage_rules("usage_metrics.csv"), *usage_rules("usage_types.csv")}
    without_data = [
        resource.urn for _, resource, _ in deployed if resource.type in known and resource.urn not in usage
    ]
    resources = {
        urn: {key: plain_number(amount) for key, amount in sorted(keys.items())}
        for urn, keys in sorted(usage.items())
    }
    lines = [f"# From {origin}, scaled to a month of 730 hours."]
    lines += [f"# No data: {urn}" for urn in without_data]
    document = {"version": 1, "resources": resources}
    return "\n".join(lines) + "\n" + yaml.safe_dump(document, sort_keys=False, width=200)
