"""AWS Lambda functions and their provisioned concurrency."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated

SERVICE = "AWSLambda"
FUNCTION = "aws:lambda/function:Function"
# Without a profile: an idle function, a small one, and a busy one that takes AWS's default timeout.
REQUESTS = (0, 1_000_000, 10_000_000)
DURATION_MS = (50, 250, 3_000)
# What AWS takes where the program is silent; Lambda API reference, 2026-10.
MEMORY_MB, EPHEMERAL_MB, TIMEOUT_S = 128, 512, 3
# Runtimes whose snapshots are billed (Java's are not); Lambda pricing page, 2026-10.
BILLED_SNAPSHOTS = ("python", "dotnet")


@estimates(FUNCTION)
def function(r: Subject) -> None:
    """Requests, GB-seconds and ephemeral storage above the 512 MB that are included.

    The timeout bounds an assumed duration. The first 6 MB of each streamed response are free, which
    `monthly_response_streaming_gb` leaves out by its definition.
    """
    family = architecture(r)
    requests = r.usage("monthly_requests", *REQUESTS)
    seconds = requests * _duration(r, r) / 1000
    r.charge("Requests", SERVICE, family, "requests", requests, allowance="requests")
    r.charge(
        f"Duration, {family}",
        SERVICE,
        family,
        "gb-second",
        seconds * memory_gb(r),
        allowance="gb-seconds",
    )
    extra_gb = max(r.number("ephemeralStorage.size", EPHEMERAL_MB) - EPHEMERAL_MB, Decimal(0)) / 1024
    r.charge("Ephemeral storage", SERVICE, family, "ephemeral-storage", seconds * extra_gb)
    charge_stated(
        r, "monthly_response_streaming_gb", "Response streaming", SERVICE, family, "response-streaming"
    )
    snapshots = r.text("snapStart.applyOn", "None") == "PublishedVersions"
    if snapshots and r.text("runtime", "").startswith(BILLED_SNAPSHOTS):
        r.charge("Cached snapshots", SERVICE, family, "snapshot-cache", HOURS)
    if r.has("durableConfig"):
        r.charge("Durable operations", SERVICE, family, "durable-operations", requests)
    if r.has("capacityProviderConfig"):
        r.charge("Managed instances", SERVICE, family, "managed-instances", HOURS)


@estimates("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
def provisioned_concurrency(r: Subject) -> None:
    """GB-seconds of the concurrency kept ready, and of the requests that the profile says it serves.

    Requests of a function are billed where they are stated: those served by provisioned concurrency have a
    lower duration rate and no free allowance.
    """
    target = r.related("functionName", FUNCTION)
    if target is None:
        r.note("its function is not in the plan: 128 MB on x86_64 assumed")
    family = architecture(target) if target else "x86"
    memory = memory_gb(target) if target else Decimal(MEMORY_MB) / 1024
    ready = r.number("provisionedConcurrentExecutions") * memory * 3600
    r.charge("Provisioned concurrency", SERVICE, family, "provisioned-concurrency", r.hours() * ready)
    requests = r.stated("monthly_requests")
    if requests is None:
        r.note("its requests are counted on the function; state monthly_requests for the provisioned rate")
        return
    r.charge("Requests", SERVICE, family, "requests", requests)
    served = requests * _duration(r, target) / 1000 * memory
    r.charge(f"Duration, {family}, provisioned", SERVICE, family, "provisioned-duration", served)


def architecture(r: Subject) -> str:
    return "arm64" if "arm64" in r.texts("architectures") else "x86"


def memory_gb(r: Subject) -> Decimal:
    return r.number("memorySize", MEMORY_MB) / 1024


def _duration(r: Subject, function: Subject | None) -> Range:
    """Milliseconds of one request; an assumed one is bounded by the function's timeout."""
    stated = r.stated("request_duration_ms")
    if stated is not None:
        return stated
    assumed = r.usage("request_duration_ms", *DURATION_MS)
    if function is None:
        return assumed
    timeout = function.number("timeout", TIMEOUT_S) * 1000
    return assumed.map(lambda value: min(value, timeout))
