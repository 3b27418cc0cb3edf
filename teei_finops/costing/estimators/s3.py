"""Amazon S3 buckets: storage and requests, and what their lifecycle rules cost and save."""

from __future__ import annotations

from teei_finops.costing.amounts import MONTH_DAYS, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators import s3_lifecycle as lifecycle
from teei_finops.costing.estimators.compute import charge_transfer
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.prices.storage_classes import StorageClass, storage_classes

SERVICE = "AmazonS3"
# Without a profile: a bucket in its first year, from one that is hardly used to a busy one.
UPLOADED_GB = (1, 10, 100)
OBJECT_KB = (256, 1024, 8192)
READS = (1_000, 10_000, 1_000_000)
BUCKET_OBJECTS = (1_000, 100_000, 1_000_000)
TRANSITIONS = "Lifecycle transitions to"
KEPT_MONTHS = 12  # of data that a class holds when no rule removes it

# Usage keys that are billed only when the profile sets them → price family, key.
ONLY_FROM_USAGE = {
    "intelligent_tiering_frequent_storage_gb": ("intelligent-tiering", "frequent"),
    "intelligent_tiering_infrequent_storage_gb": ("intelligent-tiering", "infrequent"),
    "intelligent_tiering_archive_instant_storage_gb": ("intelligent-tiering", "archive-instant"),
    "intelligent_tiering_archive_storage_gb": ("intelligent-tiering", "archive"),
    "intelligent_tiering_deep_archive_storage_gb": ("intelligent-tiering", "deep-archive"),
    "intelligent_tiering_monitored_objects": ("intelligent-tiering", "monitoring"),
    "monthly_standard_ia_retrieval_gb": ("standard-ia", "retrieval"),
    "monthly_onezone_ia_retrieval_gb": ("onezone-ia", "retrieval"),
    "monthly_glacier_ir_retrieval_gb": ("glacier-ir", "retrieval"),
    "monthly_glacier_flexible_standard_retrieval_gb": ("glacier-flexible", "retrieval-standard"),
    "monthly_glacier_flexible_standard_restore_requests": ("glacier-flexible", "restore-requests-standard"),
    "monthly_glacier_flexible_bulk_retrieval_gb": ("glacier-flexible", "retrieval-bulk"),
    "monthly_glacier_flexible_bulk_restore_requests": ("glacier-flexible", "restore-requests-bulk"),
    "monthly_glacier_flexible_expedited_retrieval_gb": ("glacier-flexible", "retrieval-expedited"),
    "monthly_glacier_flexible_expedited_restore_requests": (
        "glacier-flexible",
        "restore-requests-expedited",
    ),
    "monthly_deep_archive_standard_retrieval_gb": ("deep-archive", "retrieval-standard"),
    "monthly_deep_archive_standard_restore_requests": ("deep-archive", "restore-requests-standard"),
    "monthly_deep_archive_bulk_retrieval_gb": ("deep-archive", "retrieval-bulk"),
    "monthly_deep_archive_bulk_restore_requests": ("deep-archive", "restore-requests-bulk"),
    "glacier_staging_storage_gb": ("glacier-flexible", "staging-storage"),
}


@estimates("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
def bucket(ctx: EstimationContext) -> None:
    size = ctx.usage("average_object_kb", *OBJECT_KB)
    stays = lifecycle.stays(ctx, size)
    uploaded = _uploaded(ctx, stays)
    objects = lifecycle.objects(uploaded, size)
    for stay in stays:
        _stored(ctx, stay, uploaded, size, objects)
    if stays[0].span.stop is not None or stays[0].family != "standard":
        _note_savings(ctx, uploaded)
    _requests(ctx, storage_classes()["STANDARD"], objects)
    if ctx.usage_profile:
        _only_from_usage(ctx, {stay.storage_class.name for stay in stays}, objects)
    charge_transfer(ctx, "monthly_internet_egress_gb", "monthly_inter_region_gb")


@estimates("aws:s3/directoryBucket:DirectoryBucket")
def directory_bucket(ctx: EstimationContext) -> None:
    """S3 Express One Zone; data of requests above 512 KB is billed when the profile sets it."""
    family = "express-onezone"
    stored = ctx.usage("express_onezone_storage_gb", 1, 10, 100)
    ctx.charge("Storage in express-onezone", SERVICE, family, "storage", stored)
    writes = ctx.usage("monthly_express_onezone_tier1_requests", *READS)
    ctx.charge("PUT, COPY, POST, LIST in express-onezone", SERVICE, family, "requests-tier1", writes)
    reads = ctx.usage("monthly_express_onezone_tier2_requests", *READS)
    ctx.charge("GET and other requests in express-onezone", SERVICE, family, "requests-tier2", reads)
    charge_from_usage(ctx, "monthly_uploaded_gb", "Data uploaded", SERVICE, family, "data-upload")
    charge_from_usage(ctx, "monthly_retrieval_gb", "Data retrieved", SERVICE, family, "data-retrieval")


@estimates("aws:s3/inventory:Inventory")
def inventory(ctx: EstimationContext) -> None:
    """Objects listed, on each day or week of the schedule."""
    listed = ctx.from_usage("monthly_objects_listed")
    if listed is None:
        lists = MONTH_DAYS if ctx.text("schedule.frequency", "Daily") == "Daily" else MONTH_DAYS / 7
        listed = ctx.usage("monthly_objects_listed", *BUCKET_OBJECTS) * lists
        if not ctx.flag("enabled", True):
            listed = listed * 0
    ctx.charge("Objects listed", SERVICE, "management", "inventory", listed)


@estimates("aws:s3/analyticsConfiguration:AnalyticsConfiguration")
def analytics_configuration(ctx: EstimationContext) -> None:
    monitored = ctx.usage("monitored_objects", *BUCKET_OBJECTS)
    ctx.charge("Objects analysed", SERVICE, "management", "storage-class-analytics", monitored)


def _uploaded(ctx: EstimationContext, stays: list[lifecycle.Stay]) -> Range:
    """New data a month: from usage, or what keeps the profile's standard storage at its level, or assumed."""
    uploaded, standard = ctx.from_usage("monthly_uploaded_gb"), ctx.from_usage("standard_storage_gb")
    days = stays[0].billed_days
    if uploaded is None and standard is not None and days and stays[0].usage_name == "standard":
        ctx.note("new data is derived from the profile's standard storage and the days it stays there")
        low, expected, high = (
            end * MONTH_DAYS / days for end in (standard.low, standard.expected, standard.high)
        )
        return Range(low, expected, high, assumed=True)
    return ctx.usage("monthly_uploaded_gb", *UPLOADED_GB)


def _note_savings(ctx: EstimationContext, uploaded: Range) -> None:
    """Notes the difference between the storage billed so far and the same data, kept in Standard."""
    moves = sum(line.amount.expected for line in ctx.lines if line.what.startswith(TRANSITIONS))
    storage = sum(line.amount.expected for line in ctx.lines) - moves
    billed = len(ctx.lines)
    ctx.charge("All in standard", SERVICE, "standard", "storage", uploaded * KEPT_MONTHS)
    without = sum(line.amount.expected for line in ctx.lines[billed:])
    del ctx.lines[billed:]
    change = without - storage - moves
    verb = "saves" if change >= 0 else "costs"
    ctx.note(
        f"lifecycle: {verb} {abs(change):.2f} USD a month compared with {KEPT_MONTHS} months in Standard "
        f"({without:.2f} USD), including its transitions ({moves:.2f} USD)"
    )


def _stored(
    ctx: EstimationContext, stay: lifecycle.Stay, uploaded: Range, size: Range, objects: Range
) -> None:
    """The storage of one class that objects pass through, and their transition into it."""
    months = KEPT_MONTHS if stay.billed_days is None else stay.billed_days / MONTH_DAYS
    stored = uploaded * months
    count = objects * months
    family = stay.family
    if stay.usage_name == "intelligent_tiering":
        if not any(ctx.from_usage(key) for key in ONLY_FROM_USAGE if key.startswith("intelligent_tiering_")):
            for tier, span in stay.tiers():
                gb = uploaded * (span.days(KEPT_MONTHS * MONTH_DAYS) / MONTH_DAYS)
                ctx.charge(f"Intelligent-Tiering {tier}, {span.period}", SERVICE, family, tier, gb)
            ctx.charge("Intelligent-Tiering monitoring", SERVICE, family, "monitoring", count)
    elif (storage := ctx.from_usage(f"{stay.usage_name}_storage_gb")) is not None:
        ctx.charge(f"Storage in {family}", SERVICE, family, "storage", storage)
    else:
        padded = stored * lifecycle.padding(stay.storage_class, size)
        ctx.charge(f"Storage in {family}, {stay.span.period}", SERVICE, family, "storage", padded)
        at_class, at_standard = lifecycle.overhead_gb(stay.storage_class, count)
        ctx.charge(f"Object overhead in {family}", SERVICE, family, "storage", at_class)
        ctx.charge(f"Object overhead of {family} in standard", SERVICE, "standard", "storage", at_standard)
    if stay.family != "standard":  # with a transition on day 0, too, objects are uploaded to Standard
        transitions = ctx.from_usage(f"monthly_{stay.usage_name}_transitions")
        moved = objects if transitions is None else transitions
        ctx.charge(f"{TRANSITIONS} {family}", SERVICE, family, "lifecycle-transition", moved)


def _only_from_usage(ctx: EstimationContext, reached: set[str], objects: Range) -> None:
    """What is billed only when the profile sets it; `reached` are the classes that objects pass through."""
    for storage_class in storage_classes().values():
        if storage_class.name != "STANDARD":
            _requests(ctx, storage_class, objects)
    for storage_class in storage_classes().values():
        if storage_class.name not in reached:
            _other_class(ctx, storage_class)
    for key, (family, price) in ONLY_FROM_USAGE.items():
        charge_from_usage(ctx, key, f"{family}: {price}", SERVICE, family, price)


def _other_class(ctx: EstimationContext, storage_class: StorageClass) -> None:
    """Storage and transitions that the profile sets in a class that no lifecycle rule leads to."""
    name, family = storage_class.usage_name, storage_class.price_family
    if name != "intelligent_tiering":
        charge_from_usage(ctx, f"{name}_storage_gb", f"Storage in {family}", SERVICE, family, "storage")
    if name != "standard":
        key = f"monthly_{name}_transitions"
        charge_from_usage(ctx, key, f"{TRANSITIONS} {family}", SERVICE, family, "lifecycle-transition")


def _requests(ctx: EstimationContext, storage_class: StorageClass, objects: Range) -> None:
    name, family = storage_class.usage_name, storage_class.price_family
    put = "requests-put" if family == "glacier-flexible" else "requests-tier1"
    writes, reads = (
        ctx.from_usage(f"monthly_{name}_tier1_requests"),
        ctx.from_usage(f"monthly_{name}_tier2_requests"),
    )
    if name == "standard":
        writes = objects if writes is None else writes
        reads = ctx.usage("monthly_standard_tier2_requests", *READS)
    if writes is not None:
        ctx.charge(f"PUT, COPY, POST, LIST in {family}", SERVICE, family, put, writes)
    if reads is not None:
        ctx.charge(f"GET and other requests in {family}", SERVICE, family, "requests-tier2", reads)
