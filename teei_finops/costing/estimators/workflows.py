"""Step Functions, EventBridge buses, targets, schedules and pipes."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated
from teei_finops.costing.estimators.schedules import monthly_runs

CALLS = (0, 1_000_000, 10_000_000)
CHUNK_KB = 64  # each 64 KB of an event or a batch is one; EventBridge pricing page, 2026-10
# Express executions are billed in steps of 64 MB and 100 ms; Step Functions pricing page, 2026-10.
EXPRESS_MB, EXPRESS_MS = 64, 100
API_DESTINATION = "aws:cloudwatch/eventApiDestination:EventApiDestination"


@estimates("aws:sfn/stateMachine:StateMachine")
def state_machine(r: Subject) -> None:
    """State transitions of a standard workflow; requests and GB-hours of an express one."""
    if r.text("type", "STANDARD") != "EXPRESS":
        transitions = r.usage("monthly_transitions", 0, 100_000, 1_000_000)
        r.charge("State transitions", "AmazonStates", "standard", "transitions", transitions)
        return
    requests = r.usage("monthly_requests", *CALLS)
    milliseconds = r.usage("request_duration_ms", 100, 1_000, 5_000)
    memory = r.usage("average_memory_mb", EXPRESS_MB, EXPRESS_MB, 256)
    hours = requests * milliseconds.chunks(EXPRESS_MS) * EXPRESS_MS / 3_600_000
    gb_hours = hours * memory.chunks(EXPRESS_MB) * EXPRESS_MB / 1024
    r.charge("Express requests", "AmazonStates", "express", "requests", requests)
    r.charge("Express duration", "AmazonStates", "express", "duration", gb_hours)
    if gb_hours.high > 1_000 and len(r.rate("AmazonStates", "express", "duration").tiers) == 1:
        r.note("express duration above 1,000 GB-hours is cheaper than the only price on file")


@estimates("aws:cloudwatch/eventBus:EventBus")
def event_bus(r: Subject) -> None:
    """Custom events; an archive and replays when they are stated. Events of AWS services are free."""
    events = r.usage("monthly_custom_events", *CALLS)
    size = r.usage("event_size_kb", 1, 1, CHUNK_KB)
    r.charge("Custom events", "AWSEvents", "event-bus", "custom-events", events * size.chunks(CHUNK_KB))
    for usage_key, what, key in (
        ("monthly_archive_processed_gb", "Events archived", "archive-processing"),
        ("archive_storage_gb", "Archive storage", "archive-storage"),
        ("monthly_replayed_events", "Events replayed", "replayed-events"),
    ):
        charge_stated(r, usage_key, what, "AWSEvents", "event-bus", key)


@estimates("aws:cloudwatch/eventTarget:EventTarget")
def event_target(r: Subject) -> None:
    """Calls of an API destination; other targets cost nothing here."""
    calls = r.stated("monthly_api_destination_invocations")
    if calls is None and _is_api_destination(r):
        calls = r.usage("monthly_api_destination_invocations", *CALLS)
    if calls is not None:
        r.charge("API destination calls", "AWSEvents", "api-destinations", "invocations", calls)


def _is_api_destination(r: Subject) -> bool:
    try:
        return r.related("arn", API_DESTINATION) is not None or ":api-destination/" in r.text("arn", "")
    except Unpriced:
        r.note("taken not to be an API destination; state monthly_api_destination_invocations if it is one")
        return False


@estimates("aws:scheduler/schedule:Schedule")
def schedule(r: Subject) -> None:
    """Invocations as its expression gives them."""
    calls = r.stated("monthly_invocations")
    if calls is None:
        expression = r.text("scheduleExpression")
        runs = monthly_runs(expression)
        if runs is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"scheduleExpression {expression!r} cannot be read")
        calls = Range.of(runs if r.text("state", "ENABLED") == "ENABLED" else Decimal(0))
    r.charge("Invocations", "AWSEvents", "scheduler", "invocations", calls)


@estimates("aws:pipes/pipe:Pipe")
def pipe(r: Subject) -> None:
    requests = r.usage("monthly_requests", *CALLS)
    size = r.usage("request_size_kb", 1, 1, CHUNK_KB)
    r.charge("Requests", "AWSEvents", "pipes", "requests", requests * size.chunks(CHUNK_KB))
