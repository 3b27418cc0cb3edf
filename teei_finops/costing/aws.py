"""Everything that costing asks of AWS; the only boto3 user here. Needs credentials; costs cents at most.

Cost Explorer bills $0.01 a request; the Price List and CloudWatch's `GetMetricData` up to $0.01 per 1,000
metrics (list prices of 2026-10).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from teei_finops.errors import UserError

QUERIES_A_CALL = 500  # GetMetricData takes at most 500 queries; CloudWatch API reference, 2026-10


class AwsError(UserError):
    """AWS did not answer; the message is one line that says what to do."""


def client(service: str, region: str) -> Any:
    make: Any = boto3.client  # its stubs list every service name; ours come from data
    try:
        return make(service, region_name=region)
    except BotoCoreError as error:
        raise AwsError(_line(service, error)) from None


def products(pricing: Any, service: str, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Products of the Price List with their terms; `pricing` is a client in us-east-1."""
    wanted = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()]
    arguments: dict[str, Any] = {"ServiceCode": service, "Filters": wanted, "FormatVersion": "aws_v1"}
    while True:
        answer = _ask("pricing", pricing.get_products, arguments)
        yield from (json.loads(product) for product in answer.get("PriceList", ()))
        if not answer.get("NextToken"):
            return
        arguments["NextToken"] = answer["NextToken"]


def metric_values(
    cloudwatch: Any, queries: list[dict[str, Any]], start: datetime, end: datetime
) -> dict[str, list[float]]:
    """Values by query id, as `GetMetricData` returns them."""
    found: dict[str, list[float]] = {}
    for first in range(0, len(queries), QUERIES_A_CALL):
        arguments: dict[str, Any] = {
            "MetricDataQueries": queries[first : first + QUERIES_A_CALL],
            "StartTime": start,
            "EndTime": end,
        }
        while True:
            answer = _ask("cloudwatch", cloudwatch.get_metric_data, arguments)
            for result in answer.get("MetricDataResults", ()):
                found.setdefault(result["Id"], []).extend(result.get("Values", ()))
            if not answer.get("NextToken"):
                break
            arguments["NextToken"] = answer["NextToken"]
    return found


def usage_by_resource(explorer: Any, start: str, end: str, service: str) -> Iterator[tuple[str, str, str]]:
    """(resource id or ARN, usage type, quantity) of each day; needs resource-level data to be switched on."""
    arguments: dict[str, Any] = {
        "TimePeriod": {"Start": start, "End": end},
        "Granularity": "DAILY",
        "Metrics": ["UsageQuantity"],
        "Filter": {"Dimensions": {"Key": "SERVICE", "Values": [service]}},
        "GroupBy": [
            {"Type": "DIMENSION", "Key": "RESOURCE_ID"},
            {"Type": "DIMENSION", "Key": "USAGE_TYPE"},
        ],
    }
    while True:
        answer = _ask("ce", explorer.get_cost_and_usage_with_resources, arguments)
        for day in answer.get("ResultsByTime", ()):
            for group in day.get("Groups", ()):
                resource, kind = group["Keys"]
                yield resource, kind, group["Metrics"]["UsageQuantity"]["Amount"]
        if not answer.get("NextPageToken"):
            return
        arguments["NextPageToken"] = answer["NextPageToken"]


def _ask(service: str, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return call(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise AwsError(_line(service, error)) from None


def _line(service: str, error: Exception) -> str:
    hint = "" if isinstance(error, ClientError) else "; set AWS credentials (for example AWS_PROFILE)"
    return f"AWS {service}: {' '.join(str(error).split())}{hint}"
