"""The Lambda: the load balancer's requests, the queue's tracked calls and the scheduled tasks.

Events: of an ALB; of SQS; `{"task": "tidy"}`; `{"task": "outbox"}`; `{"task": "migrate"}`, which a
`"phase"` (pre or post) makes one half of the migrations.

Environment: AI_BUDGET_DATABASE_SECRET_ARN (JSON with username and password; host, port and dbname in it or in
AI_BUDGET_DATABASE_HOST, _PORT and _NAME), AI_BUDGET_DATABASE_SSLMODE (default require),
AI_BUDGET_ADMIN_TOKEN_SECRET_ARN (tokens, comma-separated), AI_BUDGET_TRACK_QUEUE_URL, AI_BUDGET_CONFIG (the
text of the configuration file, optional).
"""

import asyncio
import base64
import json
import os
import time
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import utils
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes import ALBEvent
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.ai_budget import aws, bodies, outbox
from functions.ai_budget.answers import Refusal
from functions.ai_budget.api import Api, Request
from functions.ai_budget.config import Config, parse_config
from functions.ai_budget.ledger import Ledger, connection_string
from functions.ai_budget.migrate import PHASES, migrate
from functions.ai_budget.service import ANSWERS_KEPT, Service

QUEUED = bodies.TRACK | {"tracked_at": (bodies.moment, bodies.REQUIRED)}


def _conninfo() -> str:
    found = json.loads(aws.secret(os.environ["AI_BUDGET_DATABASE_SECRET_ARN"]))
    return connection_string(
        host=os.environ.get("AI_BUDGET_DATABASE_HOST") or found["host"],
        port=os.environ.get("AI_BUDGET_DATABASE_PORT") or found.get("port", 5432),
        dbname=os.environ.get("AI_BUDGET_DATABASE_NAME") or found.get("dbname", "postgres"),
        user=found["username"],
        password=found["password"],
        sslmode=os.environ.get("AI_BUDGET_DATABASE_SSLMODE", "require"),
    )


def _admin_tokens() -> tuple[str, ...]:
    tokens = aws.secret_or_nothing(os.environ["AI_BUDGET_ADMIN_TOKEN_SECRET_ARN"]).split(",")
    return tuple(token.strip() for token in tokens if token.strip())


class Runtime:
    """What one execution environment keeps between invocations: an event loop, a connection, prices."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        text = os.environ.get("AI_BUDGET_CONFIG")
        self.config = parse_config(text, name="AI_BUDGET_CONFIG") if text else Config()
        self.ledger = Ledger(_conninfo, self.config.rules(), size=1)
        queue = os.environ.get("AI_BUDGET_TRACK_QUEUE_URL")
        self.service = Service(self.ledger, self.config, aws.TrackQueue(queue) if queue else None)
        self.api = Api(self.service, _admin_tokens)
        self.processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def run(self, coroutine: Any) -> Any:
        """Runs to the end, background work included: the environment freezes between invocations."""

        async def whole() -> Any:
            try:
                return await coroutine
            finally:
                await self.service.idle()

        return self.loop.run_until_complete(whole())

    def book(self, record: SQSRecord) -> None:
        """Books a queued call; an error leaves it in the queue, and at last in the dead-letter queue."""
        body = bodies.read(record.body.encode(), QUEUED)
        at = body.pop("tracked_at")
        try:
            self.run(self.service.book(body, at))
        except Refusal as refusal:
            raise ValueError(f"{refusal.answer.status}: {refusal}") from None


@cache
def _runtime() -> Runtime:
    utils.copy_config_to_registered_loggers(source_logger=Logger(service="ai-budget"))
    return Runtime()


def _respond(runtime: Runtime, event: dict[str, Any]) -> dict[str, Any]:
    began = time.perf_counter()
    asked = ALBEvent(event)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    headers |= {name.lower(): values[-1] for name, values in (event.get("multiValueHeaders") or {}).items()}
    pairs = [(k, v) for k, v in (event.get("queryStringParameters") or {}).items()]
    pairs += [
        (k, v) for k, values in (event.get("multiValueQueryStringParameters") or {}).items() for v in values
    ]
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
    query = "&".join(f"{name}={value}" for name, value in pairs)
    request = Request(asked.http_method, asked.path, query, headers, body)
    response = runtime.run(runtime.api.handle(request, began))
    answer: dict[str, Any] = {
        "statusCode": response.status,
        "statusDescription": f"{response.status} {HTTPStatus(response.status).phrase}",
        "isBase64Encoded": False,
        "body": response.body.decode(),
    }
    if "multiValueHeaders" in event:
        answer["multiValueHeaders"] = {name: [value] for name, value in response.headers}
    else:
        answer["headers"] = dict(response.headers)
    return answer


def _task(runtime: Runtime, event: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    if event["task"] == "tidy":
        closed, expired, forgotten = runtime.run(runtime.ledger.tidy(now, ANSWERS_KEPT))
        return {"closed": closed, "expired": expired, "forgotten": forgotten}
    if event["task"] == "outbox":
        done = runtime.run(outbox.deliver(runtime.ledger, aws.Mailer(), runtime.config.notifications, now))
        if done["failed"]:
            raise RuntimeError(f"outbox: {done['failed']} notices were not sent, {done['sent']} were")
        return done
    if event["task"] == "migrate":
        phases = (event["phase"],) if "phase" in event else PHASES
        return {"applied": migrate(_conninfo(), phases)}
    raise ValueError(f"task: {event['task']!r} is none of tidy, outbox, migrate")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers an event. A failed task or an unbookable message raises, so that its alarm can see it."""
    runtime = _runtime()
    if "task" in event:
        return _task(runtime, event)
    if "Records" in event:
        return dict(process_partial_response(event, runtime.book, runtime.processor, context))
    return _respond(runtime, event)
