"""The Lambda functions: `collect` on a schedule, `metrics` behind the internal load balancer.

Their environment is that of functions/cost_data/settings.py, with COST_DATA_DATABASE_HOST, _PORT and _NAME.
"""

import gzip
import os
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger

from functions.cost_data.app import STATEMENT_SECONDS, TEXT, Answer, answer
from functions.cost_data.metrics import Page
from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError, connection_urls
from functions.cost_data.store import Store

USER = "cost_data"  # the role of functions/ai_budget/sql/roles.sql
logger = Logger(service="cost-data")


def collect(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Reads what is due, or for `{"task": "migrate"}` only creates what is missing of the schema.

    Raises CostDataError if costs that were due could not be read, for a retry.
    """
    from functions.cost_data.collect import collect as collect_due

    settings = Settings.from_environment(os.environ)
    store = Store(database_url(settings))
    if event.get("task") == "migrate":
        store.create_schema()
        return {}
    outcome = collect_due(store, Aws(settings.regions), settings, datetime.now(UTC))
    if outcome.failed:
        logger.error("reads failed", extra={"failed": outcome.failed})
    if not outcome.costs_stored:
        raise CostDataError("; ".join(outcome.failed))
    logger.info("costs are up to date", extra={"done": outcome.done})
    return {"done": outcome.done, "failed": outcome.failed}


def metrics(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answers a request of an Application Load Balancer.

    The body is compressed if the client accepts it: a load balancer allows 1 MB for the whole response
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html, 2026-11).
    """
    try:
        page = _page(Settings.from_environment(os.environ))
        result = answer(page, event.get("httpMethod", "GET"), event.get("path", ""), datetime.now(UTC))
    except AwsError as error:
        result = Answer(503, "Service Unavailable", TEXT, f"{error}\n".encode())
    headers = {"Content-Type": result.content_type}
    compressed = "gzip" in event.get("headers", {}).get("accept-encoding", "")
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return {
        "statusCode": result.status,
        "statusDescription": f"{result.status} {result.reason}",
        "isBase64Encoded": compressed,
        "headers": headers,
        "body": (b64encode(gzip.compress(result.body)) if compressed else result.body).decode(),
    }


@lru_cache(maxsize=1)
def _page(settings: Settings) -> Page:
    return Page(Store(database_url(settings), STATEMENT_SECONDS), settings)


def database_url(settings: Settings) -> Callable[[], str]:
    """Connection URLs, each with a new password. The function raises AwsError."""
    return connection_urls(settings.database_host, settings.database_port, settings.database_name, USER)
