"""`teei-finops usage from`: writes a usage profile from the measured usage of deployed resources.

CloudWatch has metrics by resource, Cost Explorer billed quantities by resource (of the last 14 days, where
resource-level data is enabled). Both are scaled to a month of 730 hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from teei_finops.costing import aws
from teei_finops.costing.amounts import HOURS, Unpriced
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.regions import region_of
from teei_finops.costing.usage.measured import (
    Deployed,
    UsageByUrn,
    deployed_resources,
    matches_usage_type,
    profile_text,
    usage_rules,
)
from teei_finops.costing.yaml_file import SettingError

DAY_SECONDS = 86_400
EXPLORER_DAYS = 14


def usage_from(source: str, plans: Sequence[Plan], *, at: date, days: int, region: str | None) -> str:
    """The text of a `usage.yaml` with the usage of the `days` days before `at`.

    Comments list resources without data. Raises `AwsError`, and `SettingError` for more days than CloudWatch
    keeps.
    """
    if not 1 <= days <= 455:
        raise SettingError(
            f"usage from: --days must be 1 to 455 (the retention of CloudWatch metrics), not {days}"
        )
    if source == "cost-explorer":
        days = min(days, EXPLORER_DAYS)
    deployed = deployed_resources(plans)
    if source == "cloudwatch":
        usage = _from_metrics(deployed, at, days, region)
    else:
        usage = _from_bills(deployed, at, days)
    return profile_text(usage, f"{source}, {days} days before {at}", deployed)


def _from_metrics(deployed: Deployed, at: date, days: int, region: str | None) -> UsageByUrn:
    end = datetime.combine(at, time(), UTC)
    start = end - timedelta(days=days)
    by_region: dict[str, list[tuple[str, dict[str, str], list[dict[str, Any]]]]] = {}
    rules = usage_rules("usage_metrics.csv")
    for plan, resource, state in deployed:
        for rule in rules.get(resource.type, ()):
            identity = _identity(state, rule["identity"])
            where = _region(plan, resource, state, region)
            if identity and where:
                queries = _queries(rule, identity)
                by_region.setdefault(where, []).append((resource.urn, rule, queries))
    usage: UsageByUrn = {}
    for where, queries_by_urn in by_region.items():
        numbered = []
        for index, (_, _, queries) in enumerate(queries_by_urn):
            for place, query in enumerate(queries):
                numbered.append({"Id": f"q{index}_{place}", **query})
        values = aws.metric_values(aws.client("cloudwatch", where), numbered, start, end)
        for index, (urn, rule, queries) in enumerate(queries_by_urn):
            series = [values.get(f"q{index}_{place}", []) for place in range(len(queries))]
            if any(series):
                amount = _monthly(rule, series, days)
                usage.setdefault(urn, {})[rule["usage_key"]] = amount
    return usage


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
    values = [Decimal(str(value)) for metric in series for value in metric]
    return sum(values, Decimal(0)) / len(values) * scale


def _from_bills(deployed: Deployed, at: date, days: int) -> UsageByUrn:
    names: dict[str, tuple[str, str]] = {}
    for _, resource, state in deployed:
        for name in (state.id, state.outputs.get("arn")):
            if isinstance(name, str) and name:
                names[name] = (resource.urn, resource.type)
    explorer = aws.client("ce", "us-east-1")
    start, end = (at - timedelta(days=days)).isoformat(), at.isoformat()
    usage: UsageByUrn = {}
    for service, rules in usage_rules("usage_types.csv", "service").items():
        tokens = {rule["type"] for rule in rules}
        if not any(resource.type in tokens for _, resource, _ in deployed):
            continue
        for name, usage_type, quantity in aws.usage_by_resource(explorer, start, end, service):
            urn, token = names.get(name, ("", ""))
            for rule in rules:
                if rule["type"] == token and matches_usage_type(usage_type, rule["usage_type"]):
                    amount = Decimal(quantity) * Decimal(rule["scale"]) * HOURS / (24 * days)
                    values, key = usage.setdefault(urn, {}), rule["usage_key"]
                    values[key] = values.get(key, Decimal(0)) + amount
    return usage


def _identity(state: State, name: str) -> str:
    value = state.id if name == "id" else state.outputs.get(name) or state.inputs.get(name)
    return value if isinstance(value, str) else ""


def _region(plan: Plan, resource: Resource, state: State, fallback: str | None) -> str:
    try:
        return region_of(plan, resource, state, fallback)
    except Unpriced:
        return ""
