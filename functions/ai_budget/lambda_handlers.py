"""The Lambda: the load balancer's requests, the queue's tracked calls and the scheduled tasks.

Events: of an ALB; of SQS; `{"task": "tidy"}`; `{"task": "outbox"}`; `{"task": "migrate"}`, which a `"phase"`
(pre or post) makes one half of the migrations.

The environment is that of functions/ai_budget/aws/environment.py.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Tracer, single_metric
from aws_lambda_powertools.logging import correlation_paths, utils
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from mangum import Mangum

from functions.ai_budget import notifications
from functions.ai_budget.aws import environment
from functions.ai_budget.aws.api import Mailer, fill_caller_secrets
from functions.ai_budget.errors import ApiError
from functions.ai_budget.ledger import API, OWNER, Ledger, create_roles, migrate
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.schemas import QueuedTrack
from functions.ai_budget.service import REQUESTS_KEPT

NAMESPACE = "AiBudget"  # of the metrics that components/ai_budget/alarms.py watches
SERVICE = "ai-budget"
logger = Logger(service=SERVICE)
tracer = Tracer(service=SERVICE, auto_patch=False)


class _Runtime:
    """What an execution environment keeps between invocations."""

    def __init__(self) -> None:
        utils.copy_config_to_registered_loggers(source_logger=logger, exclude={"psycopg.pool"})
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)  # the one that Mangum runs the application on
        # A connection may have died while the environment was frozen, so each is tested before use.
        self.ledger = Ledger(environment.login(API), size=2, kept_open=0, tested=True)
        self.service = environment.service(self.ledger)
        self.config = self.service.config
        self.http = Mangum(environment.application(self.service, RequestMetrics()), lifespan="off")
        self.processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        self.loop.run_until_complete(self.ledger.open())

    def book(self, record: SQSRecord) -> None:
        """Books a queued call. Raises what returns it to the queue."""
        body = QueuedTrack.model_validate_json(record.body)
        try:
            self.loop.run_until_complete(self.service.book(body, at=body.tracked_at))
        except ApiError as error:
            raise ValueError(str(error)) from None

    async def tidy(self, function: str) -> dict[str, Any]:
        """One round of tidying, and how many calls wait for a price.

        The metric counts those of the last day: one call that never gets a price ends its alarm after a day.
        """
        warning = self.config.thresholds.warning_percent
        (row,) = await self.ledger.fetch("tidy", warning_percent=warning, keep=REQUESTS_KEPT)
        counts = await self.ledger.fetch("unpriced_counts")
        _count("UnpricedCalls", sum(count.last_day for count in counts), function)
        return {"forgotten": row.forgotten, "unpriced": sum(count.calls for count in counts)}

    async def outbox(self, function: str) -> dict[str, int]:
        """Sends the notices that are due."""
        async with notifications.http_client() as http:
            settings, now = self.config.notifications, datetime.now(UTC)
            done = await notifications.deliver(self.ledger, Mailer(), http, settings, now)
        _count("NoticesFailed", done["failed"], function)
        return done


@cache
def _runtime() -> _Runtime:
    return _Runtime()


def _count(name: str, value: float, function: str) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE) as metric:
        metric.add_dimension("FunctionName", function)


def _migrate(phases: Sequence[str]) -> dict[str, Any]:
    """Migrates the database as its owner; `pre` also creates the roles, and the tokens of new callers."""
    owner = environment.login(OWNER)
    if "pre" not in phases:
        return {"applied": migrate(owner(), phases)}
    create_roles(owner(), _master)
    applied = migrate(owner(), phases)
    callers = [caller.name for caller in environment.config().callers]
    return {"applied": applied, "new_tokens": fill_caller_secrets(os.environ[environment.CALLERS], callers)}


def _master() -> str:
    """The connection string of the database's master user, whose password RDS keeps and rotates."""
    secret = parameters.get_secret(os.environ["AI_BUDGET_DATABASE_SECRET_ARN"], transform="json")
    return environment.conninfo(secret["username"], secret["password"])


@logger.inject_lambda_context(correlation_id_path=correlation_paths.APPLICATION_LOAD_BALANCER)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers an event. A failed task or a message that cannot be booked raises, which its alarm sees."""
    if event.get("task") == "migrate":
        return _migrate((event["phase"],) if "phase" in event else ("pre", "post"))
    runtime = _runtime()
    if "task" in event:
        tasks = {"tidy": runtime.tidy, "outbox": runtime.outbox}
        if event["task"] not in tasks:
            raise ValueError(f"task: {event['task']!r} is none of tidy, outbox, migrate")
        return runtime.loop.run_until_complete(tasks[event["task"]](context.function_name))
    if "Records" in event:
        return dict(process_partial_response(event, runtime.book, runtime.processor, context))
    return runtime.http(event, context)
