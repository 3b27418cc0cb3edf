"""AWS Lambda functions and their provisioned concurrency."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

SERVICE = "AWSLambda"
FUNCTION = "aws:lambda/function:Function"
# Without a profile: an idle function, a small one, and a busy one that runs for AWS's default timeout.
REQUESTS = (0, 1_000_000, 10_000_000)
DURATION_MS = (50, 250, 3_000)
# Of the provisioned mode of event source mappings; Lambda API reference, ProvisionedPollerConfig, 2026-10.
LEAST_SQS_POLLERS, MOST_POLLERS = 2, 200
# An event poller unit of Kafka has 10 pollers, or 4 of the highest throughput
# (https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html, 2026-10).
POLLERS_PER_UNIT, BUSY_POLLERS_PER_UNIT = 10, 4
QUEUE = "aws:sqs/queue:Queue"
# AWS's defaults; Lambda API reference, 2026-10.
MEMORY_MB, EPHEMERAL_MB, TIMEOUT_S = 128, 512, 3
# Runtimes whose snapshots are billed (Java's are not); Lambda pricing page, 2026-10.
BILLED_SNAPSHOTS = ("python", "dotnet")


@estimates(FUNCTION)
def function(ctx: EstimationContext) -> None:
    """Requests, GB-seconds and ephemeral storage above the 512 MB that are included.

    The timeout bounds an assumed duration. The first 6 MB of each streamed response are free, which
    `monthly_response_streaming_gb` leaves out by its definition.
    """
    family = architecture(ctx)
    requests = ctx.usage("monthly_requests", *REQUESTS)
    seconds = requests * _duration(ctx, ctx) / 1000
    ctx.charge("Requests", SERVICE, family, "requests", requests, allowance="requests")
    ctx.charge(
        f"Duration, {family}",
        SERVICE,
        family,
        "gb-second",
        seconds * memory_gb(ctx),
        allowance="gb-seconds",
    )
    extra_gb = max(ctx.number("ephemeralStorage.size", EPHEMERAL_MB) - EPHEMERAL_MB, Decimal(0)) / 1024
    ctx.charge("Ephemeral storage", SERVICE, family, "ephemeral-storage", seconds * extra_gb)
    charge_from_usage(
        ctx, "monthly_response_streaming_gb", "Response streaming", SERVICE, family, "response-streaming"
    )
    snapshots = ctx.text("snapStart.applyOn", "None") == "PublishedVersions"
    if snapshots and ctx.text("runtime", "").startswith(BILLED_SNAPSHOTS):
        ctx.charge("Cached snapshots", SERVICE, family, "snapshot-cache", HOURS)
    if ctx.has("durableConfig"):
        ctx.charge("Durable operations", SERVICE, family, "durable-operations", requests)
    if ctx.has("capacityProviderConfig"):
        ctx.charge("Managed instances", SERVICE, family, "managed-instances", HOURS)


@estimates("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
def provisioned_concurrency(ctx: EstimationContext) -> None:
    """GB-seconds of provisioned concurrency, and of the requests that it serves according to usage.

    Requests of a function are billed where usage sets them: those served by provisioned concurrency have a
    lower duration rate and no free allowance.
    """
    target = ctx.related("functionName", FUNCTION)
    if target is None:
        ctx.note("its function is not in the plan: 128 MB on x86_64 assumed")
    family = architecture(target) if target else "x86"
    memory = memory_gb(target) if target else Decimal(MEMORY_MB) / 1024
    ready = ctx.number("provisionedConcurrentExecutions") * memory * 3600
    ctx.charge("Provisioned concurrency", SERVICE, family, "provisioned-concurrency", ctx.hours() * ready)
    requests = ctx.from_usage("monthly_requests")
    if requests is None:
        ctx.note("its requests are counted on the function; set monthly_requests for the provisioned rate")
        return
    ctx.charge("Requests", SERVICE, family, "requests", requests)
    served = requests * _duration(ctx, target) / 1000 * memory
    ctx.charge(f"Duration, {family}, provisioned", SERVICE, family, "provisioned-duration", served)


@estimates("aws:lambda/eventSourceMapping:EventSourceMapping")
def event_source_mapping(ctx: EstimationContext) -> None:
    """Free, except the event pollers of the provisioned mode, from their minimum to their maximum: of a queue
    by the poller, of Kafka by the event poller unit.
    """
    pollers = ctx.part("provisionedPollerConfig")
    if not ctx.has("provisionedPollerConfig") or not ctx.flag("enabled", True):
        return
    is_queue = _reads_queue(ctx)
    least = pollers.number("minimumPollers", LEAST_SQS_POLLERS if is_queue else 1)
    most = max(least, pollers.number("maximumPollers", MOST_POLLERS))
    family, hours = "event-source-mapping", ctx.hours()
    if is_queue:
        ctx.charge("Event pollers", SERVICE, family, "sqs-event-poller", hours * Range(least, least, most))
        return
    units = Range(least / POLLERS_PER_UNIT, least / POLLERS_PER_UNIT, most / BUSY_POLLERS_PER_UNIT).chunks(1)
    if pollers.has("pollerGroupName"):
        ctx.note("shares its event poller units with the others of its poller group; its own are counted")
    ctx.charge("Event poller units", SERVICE, family, "kafka-event-poller-unit", hours * units)


def _reads_queue(ctx: EstimationContext) -> bool:
    """Whether the source is an SQS queue; otherwise it is Kafka, as no other has the provisioned mode."""
    if ctx.has("selfManagedEventSource") or ctx.has("amazonManagedKafkaEventSourceConfig"):
        return False
    return ctx.related("eventSourceArn", QUEUE) is not None or ":sqs:" in ctx.text("eventSourceArn", "")


def architecture(ctx: EstimationContext) -> str:
    return "arm64" if "arm64" in ctx.texts("architectures") else "x86"


def memory_gb(ctx: EstimationContext) -> Decimal:
    return ctx.number("memorySize", MEMORY_MB) / 1024


def _duration(ctx: EstimationContext, function: EstimationContext | None) -> Range:
    """Milliseconds of one request; an assumed one is bounded by the function's timeout."""
    duration = ctx.from_usage("request_duration_ms")
    if duration is not None:
        return duration
    assumed = ctx.usage("request_duration_ms", *DURATION_MS)
    if function is None:
        return assumed
    timeout = function.number("timeout", TIMEOUT_S) * 1000
    return assumed.map(lambda value: min(value, timeout))
