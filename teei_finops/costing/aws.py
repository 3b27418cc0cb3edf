"""Calls to AWS of `usage from` and `prices refresh`, with the credentials of the environment.

Cost Explorer bills $0.01 a request; the Price List and CloudWatch's `GetMetricData` up to $0.01 per 1,000
metrics (list prices of 2026-10).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from teei_finops.errors import UserError

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    raise UserError("boto3 is not installed; run pip install 'teei-finops[aws]'") from None

QUERIES_A_CALL = 500  # GetMetricData takes at most 500 queries; CloudWatch API reference, 2026-10


class AwsError(UserError):
    """A call to AWS failed; the message is one line with the service and the cause."""


def client(service: str, region: str) -> Any:
    create: Any = boto3.client  # its stubs require a literal service name
    try:
        return create(service, region_name=region)
    except BotoCoreError as error:
        raise AwsError(_line(service, error)) from None


def products(pricing: Any, service: str, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Products of the Price List with their terms; `pricing` is a client in us-east-1."""
    matches = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()]
    arguments: dict[str, Any] = {"ServiceCode": service, "Filters": matches, "FormatVersion": "aws_v1"}
    while True:
        response = _call("pricing", pricing.get_products, arguments)
        yield from (json.loads(product) for product in response.get("PriceList", ()))
        if not response.get("NextToken"):
            return
        arguments["NextToken"] = response["NextToken"]


def metric_values(
    cloudwatch: Any, queries: list[dict[str, Any]], start: datetime, end: datetime
) -> dict[str, list[float]]:
    """Values by query id, as `GetMetricData` returns them."""
    values: dict[str, list[float]] = {}
    for first in range(0, len(queries), QUERIES_A_CALL):
        arguments: dict[str, Any] = {
            "MetricDataQueries": queries[first : first + QUERIES_A_CALL],
            "StartTime": start,
            "EndTime": end,
        }
        while True:
            response = _call("cloudwatch", cloudwatch.get_metric_data, arguments)
            for result in response.get("MetricDataResults", ()):
                values.setdefault(result["Id"], []).extend(result.get("Values", ()))
            if not response.get("NextToken"):
                break
            arguments["NextToken"] = response["NextToken"]
    return values


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
        response = _call("ce", explorer.get_cost_and_usage_with_resources, arguments)
        for day in response.get("ResultsByTime", ()):
            for group in day.get("Groups", ()):
                resource, kind = group["Keys"]
                yield resource, kind, group["Metrics"]["UsageQuantity"]["Amount"]
        if not response.get("NextPageToken"):
            return
        arguments["NextPageToken"] = response["NextPageToken"]


def pages(service: str, call: Any, arguments: dict[str, Any], items: str, token: str) -> Iterator[Any]:
    """What is listed under `items` on every page of an answer; `token` is the key of the next page."""
    arguments = dict(arguments)
    while True:
        response = _call(service, call, arguments)
        yield from response.get(items, ())
        if not response.get(token):
            return
        arguments[token] = response[token]


def _call(service: str, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return call(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise AwsError(_line(service, error)) from None


def _line(service: str, error: Exception) -> str:
    hint = "" if isinstance(error, ClientError) else "; set AWS credentials (for example AWS_PROFILE)"
    return f"AWS {service}: {' '.join(str(error).split())}{hint}"
