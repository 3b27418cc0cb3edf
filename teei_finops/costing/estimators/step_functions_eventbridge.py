"""Step Functions, EventBridge buses, targets, schedules and pipes."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.estimators.schedules import monthly_runs

CALLS = (0, 1_000_000, 10_000_000)
CHUNK_KB = 64  # each 64 KB of an event or a batch is one; EventBridge pricing page, 2026-10
# Express executions are billed in steps of 64 MB and 100 ms; Step Functions pricing page, 2026-10.
EXPRESS_MB, EXPRESS_MS = 64, 100
API_DESTINATION = "aws:cloudwatch/eventApiDestination:EventApiDestination"


@estimates("aws:sfn/stateMachine:StateMachine")
def state_machine(ctx: EstimationContext) -> None:
    """State transitions of a standard workflow; requests and GB-hours of an express one."""
    if ctx.text("type", "STANDARD") != "EXPRESS":
        transitions = ctx.usage("monthly_transitions", 0, 100_000, 1_000_000)
        ctx.charge("State transitions", "AmazonStates", "standard", "transitions", transitions)
        return
    requests = ctx.usage("monthly_requests", *CALLS)
    milliseconds = ctx.usage("request_duration_ms", 100, 1_000, 5_000)
    memory = ctx.usage("average_memory_mb", EXPRESS_MB, EXPRESS_MB, 256)
    hours = requests * milliseconds.chunks(EXPRESS_MS) * EXPRESS_MS / 3_600_000
    gb_hours = hours * memory.chunks(EXPRESS_MB) * EXPRESS_MB / 1024
    ctx.charge("Express requests", "AmazonStates", "express", "requests", requests)
    ctx.charge("Express duration", "AmazonStates", "express", "duration", gb_hours)
    if gb_hours.high > 1_000 and len(ctx.rate("AmazonStates", "express", "duration").tiers) == 1:
        ctx.note("express duration above 1,000 GB-hours costs less than the only price of the Region")


@estimates("aws:cloudwatch/eventBus:EventBus")
def event_bus(ctx: EstimationContext) -> None:
    """Custom events; an archive and replays when the profile sets them. Events of AWS services are free."""
    events = ctx.usage("monthly_custom_events", *CALLS)
    size = ctx.usage("event_size_kb", 1, 1, CHUNK_KB)
    ctx.charge("Custom events", "AWSEvents", "event-bus", "custom-events", events * size.chunks(CHUNK_KB))
    for usage_key, what, key in (
        ("monthly_archive_processed_gb", "Events archived", "archive-processing"),
        ("archive_storage_gb", "Archive storage", "archive-storage"),
        ("monthly_replayed_events", "Events replayed", "replayed-events"),
    ):
        charge_from_usage(ctx, usage_key, what, "AWSEvents", "event-bus", key)


@estimates("aws:cloudwatch/eventTarget:EventTarget")
def event_target(ctx: EstimationContext) -> None:
    """Calls of an API destination; other targets are free."""
    calls = ctx.from_usage("monthly_api_destination_invocations")
    if calls is None and _is_api_destination(ctx):
        calls = ctx.usage("monthly_api_destination_invocations", *CALLS)
    if calls is not None:
        ctx.charge("API destination calls", "AWSEvents", "api-destinations", "invocations", calls)


def _is_api_destination(ctx: EstimationContext) -> bool:
    try:
        return ctx.related("arn", API_DESTINATION) is not None or ":api-destination/" in ctx.text("arn", "")
    except Unpriced:
        ctx.note("assumed not to be an API destination; set monthly_api_destination_invocations if it is one")
        return False


@estimates("aws:scheduler/schedule:Schedule")
def schedule(ctx: EstimationContext) -> None:
    """The invocations of its schedule expression."""
    calls = ctx.from_usage("monthly_invocations")
    if calls is None:
        expression = ctx.text("scheduleExpression")
        runs = monthly_runs(expression)
        if runs is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"scheduleExpression {expression!r} cannot be read")
        calls = Range.of(runs if ctx.text("state", "ENABLED") == "ENABLED" else Decimal(0))
    ctx.charge("Invocations", "AWSEvents", "scheduler", "invocations", calls)


@estimates("aws:pipes/pipe:Pipe")
def pipe(ctx: EstimationContext) -> None:
    requests = ctx.usage("monthly_requests", *CALLS)
    size = ctx.usage("request_size_kb", 1, 1, CHUNK_KB)
    ctx.charge("Requests", "AWSEvents", "pipes", "requests", requests * size.chunks(CHUNK_KB))
