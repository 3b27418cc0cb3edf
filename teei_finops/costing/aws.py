"""Calls to AWS of `usage from` and `prices refresh`, with the credentials of the environment.

Cost Explorer bills $0.01 a request (https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/,
2026-10), CloudWatch $0.01 per 1,000 metrics of `GetMetricData` (https://aws.amazon.com/cloudwatch/pricing/,
2026-10). The Price List is free.
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
    from botocore.parsers import ResponseParserError
except ImportError:
    raise UserError("boto3 is not installed; run pip install 'teei-finops[aws]'") from None

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, 2026-10
QUERIES_A_CALL = 500


class AwsError(UserError):
    """A call to AWS failed; the message is one line with the service and the cause."""


def client(service: str, region: str) -> Any:
    create: Any = boto3.client  # its stubs require a literal service name
    try:
        return create(service, region_name=region)
    except BotoCoreError as error:
        raise AwsError(_line(service, error)) from None
    except ValueError as error:  # of an endpoint that is no URL, or of a name that no Region has
        raise AwsError(f"AWS {service}: {error}; correct AWS_ENDPOINT_URL or the Region") from None


def products(pricing: Any, service: str, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Products of the Price List with their terms; `pricing` is a client in us-east-1."""
    matches = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()]
    arguments = {"ServiceCode": service, "Filters": matches, "FormatVersion": "aws_v1"}
    listed = pages("pricing", pricing.get_products, arguments, "PriceList", "NextToken")
    return (json.loads(product) for product in listed)


def metric_values(
    cloudwatch: Any, queries: list[dict[str, Any]], start: datetime, end: datetime
) -> dict[str, list[float]]:
    """Values by query id, as `GetMetricData` returns them."""
    values: dict[str, list[float]] = {}
    for first in range(0, len(queries), QUERIES_A_CALL):
        arguments = {
            "MetricDataQueries": queries[first : first + QUERIES_A_CALL],
            "StartTime": start,
            "EndTime": end,
        }
        for result in pages(
            "cloudwatch", cloudwatch.get_metric_data, arguments, "MetricDataResults", "NextToken"
        ):
            values.setdefault(result["Id"], []).extend(result.get("Values", ()))
    return values


def usage_by_resource(explorer: Any, start: str, end: str, service: str) -> Iterator[tuple[str, str, str]]:
    """(resource id or ARN, usage type, quantity) of each day, where resource-level data is enabled."""
    arguments = {
        "TimePeriod": {"Start": start, "End": end},
        "Granularity": "DAILY",
        "Metrics": ["UsageQuantity"],
        "Filter": {"Dimensions": {"Key": "SERVICE", "Values": [service]}},
        "GroupBy": [
            {"Type": "DIMENSION", "Key": "RESOURCE_ID"},
            {"Type": "DIMENSION", "Key": "USAGE_TYPE"},
        ],
    }
    call = explorer.get_cost_and_usage_with_resources
    for day in pages("ce", call, arguments, "ResultsByTime", "NextPageToken"):
        for group in day.get("Groups", ()):
            resource, usage_type = group["Keys"]
            yield resource, usage_type, group["Metrics"]["UsageQuantity"]["Amount"]


def pages(service: str, call: Any, arguments: dict[str, Any], items: str, token: str) -> Iterator[Any]:
    """The items under the key `items` of every page; `token` is the key of the token of the next page."""
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
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise AwsError(_line(service, error)) from None


def _line(service: str, error: Exception) -> str:
    hint = "" if not isinstance(error, BotoCoreError) else "; set AWS credentials (for example AWS_PROFILE)"
    return f"AWS {service}: {' '.join(str(error).split())}{hint}"
