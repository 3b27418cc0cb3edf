"""The Lambda functions: `collect` on a schedule, `metrics` behind the internal load balancer."""

import json
import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from functions.cost_data.app import STATEMENT_SECONDS, TEXT, Answer, answer
from functions.cost_data.metrics import Page
from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError, secret
from functions.cost_data.store import Store


def collect(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Reads what is due. Raises CostDataError if costs that were due could not be read, for a retry."""
    from functions.cost_data.collect import collect as collect_due

    settings = Settings.from_environment(os.environ)
    store = Store(database_url(settings))
    store.create_schema()
    outcome = collect_due(store, Aws(settings.regions), settings, datetime.now(UTC))
    if not outcome.costs_stored:
        raise CostDataError("; ".join(outcome.failed))
    return {"done": outcome.done, "failed": outcome.failed}


def metrics(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answers a request of an Application Load Balancer."""
    try:
        settings = Settings.from_environment(os.environ)
        result = answer(
            _page(database_url(settings), settings),
            event.get("httpMethod", "GET"),
            event.get("path", ""),
            datetime.now(UTC),
        )
    except AwsError as error:
        result = Answer(503, "Service Unavailable", TEXT, f"{error}\n".encode())
    return {
        "statusCode": result.status,
        "statusDescription": f"{result.status} {result.reason}",
        "isBase64Encoded": False,
        "headers": {"Content-Type": result.content_type},
        "body": result.body.decode(),
    }


@lru_cache(maxsize=1)
def _page(url: str, settings: Settings) -> Page:
    return Page(Store(url, STATEMENT_SECONDS), settings)


def database_url(settings: Settings) -> str:
    """The connection URL, with the user of the secret, which is JSON as RDS writes it."""
    user = json.loads(secret(settings.database_secret_arn))
    return (
        f"postgresql://{quote(user['username'], safe='')}:{quote(user['password'], safe='')}"
        f"@{settings.database_host}:{settings.database_port}/{settings.database_name}?sslmode=require"
    )
