"""`usage-from`: writes a usage profile from what deployed resources really used.

CloudWatch gives metrics by resource, Cost Explorer billed quantities by resource (of the last 14 days, where
resource-level data is switched on). Both are scaled to a month of 730 hours.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from teei_finops.costing import aws
from teei_finops.costing.amounts import HOURS, Unpriced
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.prices.price_book import FOLDER
from teei_finops.costing.regions import region_of
from teei_finops.costing.yaml_file import SettingError

DAY_SECONDS = 86_400
EXPLORER_DAYS = 14
Found = dict[str, dict[str, Decimal]]


def usage_from(source: str, plans: Sequence[Plan], *, at: date, days: int, region: str | None) -> str:
    """The text of a `usage.yaml`; resources without data are named in a comment. Raises `AwsError`."""
    if not 1 <= days <= 455:
        raise SettingError(f"usage-from: --days must be 1 to 455 (what CloudWatch keeps), not {days}")
    if source == "cost-explorer":
        days = min(days, EXPLORER_DAYS)
    deployed = [
        (plan, resource, resource.old) for plan in plans for resource in plan.resources if resource.old
    ]
    if source == "cloudwatch":
        found = _from_metrics(deployed, at, days, region)
    else:
        found = _from_bills(deployed, at, days)
    return _profile(found, f"{source}, {days} days before {at}", deployed)


Deployed = list[tuple[Plan, Resource, State]]


def _from_metrics(deployed: Deployed, at: date, days: int, region: str | None) -> Found:
    end = datetime.combine(at, time(), UTC)
    start = end - timedelta(days=days)
    by_region: dict[str, list[tuple[str, dict[str, str], list[dict[str, Any]]]]] = {}
    rules = _rules("usage_metrics.csv")
    for plan, resource, state in deployed:
        for rule in rules.get(resource.type, ()):
            identity = _identity(state, rule["identity"])
            where = _region(plan, resource, state, region)
            if identity and where:
                queries = _queries(rule, identity)
                by_region.setdefault(where, []).append((resource.urn, rule, queries))
    found: Found = {}
    for where, wanted in by_region.items():
        numbered = []
        for index, (_, _, queries) in enumerate(wanted):
            for place, query in enumerate(queries):
                numbered.append({"Id": f"q{index}_{place}", **query})
        values = aws.metric_values(aws.client("cloudwatch", where), numbered, start, end)
        for index, (urn, rule, queries) in enumerate(wanted):
            series = [values.get(f"q{index}_{place}", []) for place in range(len(queries))]
            if any(series):
                amount = _monthly(rule, series, days)
                found.setdefault(urn, {})[rule["usage_key"]] = amount
    return found


def _queries(rule: dict[str, str], identity: str) -> list[dict[str, Any]]:
    dimensions = [{"Name": rule["dimension"], "Value": identity}]
    for more in filter(None, rule["more_dimensions"].split(";")):
        name, _, value = more.partition("=")
        dimensions.append({"Name": name, "Value": value})
    return [
        {
            "MetricStat": {
                "Metric": {"Namespace": rule["namespace"], "MetricName": metric, "Dimensions": dimensions},
                "Period": DAY_SECONDS,
                "Stat": rule["statistic"],
            },
            "ReturnData": True,
        }
        for metric in rule["metrics"].split()
    ]


def _monthly(rule: dict[str, str], series: list[list[float]], days: int) -> Decimal:
    """Sums are scaled to 730 hours, averages are averaged over the days that have data."""
    scale = Decimal(rule["scale"])
    if rule["statistic"] == "Sum":
        amount = sum((Decimal(str(value)) for values in series for value in values), Decimal(0))
        return amount * scale * HOURS / (24 * days)
    values = [Decimal(str(value)) for each in series for value in each]
    return sum(values, Decimal(0)) / len(values) * scale


def _from_bills(deployed: Deployed, at: date, days: int) -> Found:
    names: dict[str, tuple[str, str]] = {}
    for _, resource, state in deployed:
        for name in (state.id, state.outputs.get("arn")):
            if isinstance(name, str) and name:
                names[name] = (resource.urn, resource.type)
    explorer = aws.client("ce", "us-east-1")
    start, end = (at - timedelta(days=days)).isoformat(), at.isoformat()
    found: Found = {}
    for service, rules in _rules("usage_types.csv", "service").items():
        tokens = {rule["type"] for rule in rules}
        if not any(resource.type in tokens for _, resource, _ in deployed):
            continue
        for name, kind, quantity in aws.usage_by_resource(explorer, start, end, service):
            urn, token = names.get(name, ("", ""))
            for rule in rules:
                if rule["type"] == token and _is_usage_type(kind, rule["usage_type"]):
                    amount = Decimal(quantity) * Decimal(rule["scale"]) * HOURS / (24 * days)
                    stated = found.setdefault(urn, {})
                    stated[rule["usage_key"]] = stated.get(rule["usage_key"], Decimal(0)) + amount
    return found


def _is_usage_type(kind: str, wanted: str) -> bool:
    """`EUC1-Requests-Tier1` is `Requests-Tier1` in Frankfurt."""
    prefix = kind.removesuffix(wanted)
    return kind.endswith(wanted) and (prefix == "" or (prefix.endswith("-") and prefix[:-1].isalnum()))


def _rules(name: str, key: str = "type") -> dict[str, list[dict[str, str]]]:
    rules: dict[str, list[dict[str, str]]] = {}
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rules.setdefault(row[key], []).append(row)
    return rules


def _identity(state: State, name: str) -> str:
    value = state.id if name == "id" else state.outputs.get(name) or state.inputs.get(name)
    return value if isinstance(value, str) else ""


def _region(plan: Plan, resource: Resource, state: State, fallback: str | None) -> str:
    try:
        return region_of(plan, resource, state, fallback)
    except Unpriced:
        return ""


def _profile(found: Found, origin: str, deployed: Deployed) -> str:
    import yaml

    known = {*_rules("usage_metrics.csv"), *(r["type"] for r in _flat("usage_types.csv"))}
    silent = [
        resource.urn for _, resource, _ in deployed if resource.type in known and resource.urn not in found
    ]
    stated = {
        urn: {key: _number(amount) for key, amount in sorted(keys.items())}
        for urn, keys in sorted(found.items())
    }
    lines = [f"# From {origin}, scaled to a month of 730 hours."]
    lines += [f"# No data: {urn}" for urn in silent]
    document = {"version": 1, "resources": stated}
    return "\n".join(lines) + "\n" + yaml.safe_dump(document, sort_keys=False, width=200)


def _flat(name: str) -> Iterator[dict[str, str]]:
    for rows in _rules(name).values():
        yield from rows


def _number(amount: Decimal) -> int | float:
    """Six digits after the point are finer than any of these meters."""
    rounded = round(amount, 6)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)
