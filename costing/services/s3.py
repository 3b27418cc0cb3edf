"""Amazon S3 buckets: what is stored and asked for, and what their lifecycle rules cost and save."""

from __future__ import annotations

from decimal import Decimal

from costing.estimate import estimates
from costing.model import Range
from costing.services import s3_lifecycle as lifecycle
from costing.services.compute import charge_transfer
from costing.subject import Subject

SERVICE = "AmazonS3"
MONTH_DAYS = Decimal(365) / 12
# Without a profile: a bucket of its first year, from a log bucket that is hardly used to a busy one.
UPLOADED_GB = (1, 10, 100)
OBJECT_KB = (256, 1024, 8192)
READS = (1_000, 10_000, 1_000_000)
KEPT_MONTHS = 12  # what a class accumulates when nothing removes it

# Usage key prefix of each class → its price family and the key of a PUT.
CLASSES = {
    "standard": ("standard", "requests-tier1"),
    "intelligent_tiering": ("intelligent-tiering", "requests-tier1"),
    "standard_ia": ("standard-ia", "requests-tier1"),
    "onezone_ia": ("onezone-ia", "requests-tier1"),
    "glacier_ir": ("glacier-ir", "requests-tier1"),
    "glacier_flexible": ("glacier-flexible", "requests-put"),
    "deep_archive": ("deep-archive", "requests-tier1"),
}
# Usage keys that are billed only when stated → price family, key, line.
STATED = {
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
def bucket(r: Subject) -> None:
    uploaded = r.usage("monthly_uploaded_gb", *UPLOADED_GB)
    size = r.usage("average_object_kb", *OBJECT_KB)
    objects = lifecycle.objects(uploaded, size)
    stays = lifecycle.stays(r, size)
    for stay in stays:
        _stored(r, stay, uploaded, size, objects)
    for name, (family, put) in CLASSES.items():
        _requests(r, name, family, put, objects)
    reached = {stay.usage_name for stay in stays}
    for name, (family, _) in CLASSES.items():
        key = f"{name}_storage_gb"
        if name not in reached and name != "intelligent_tiering" and (stated := r.stated(key)) is not None:
            r.charge(f"Storage in {family}", SERVICE, family, "storage", stated)
    for key, (family, price) in STATED.items():
        if (stated := r.stated(key)) is not None:
            r.charge(f"{family}: {price}", SERVICE, family, price, stated)
    charge_transfer(r, "monthly_internet_egress_gb", "monthly_inter_region_gb")


def _stored(r: Subject, stay: lifecycle.Stay, uploaded: Range, size: Range, objects: Range) -> None:
    """The storage of one class on the way of an object, and its move into it."""
    months = KEPT_MONTHS if stay.billed_days is None else stay.billed_days / MONTH_DAYS
    stored = uploaded * months
    count = objects * months
    family = stay.family
    if stay.usage_name == "intelligent_tiering":
        if not any(r.stated(key) for key in STATED if key.startswith("intelligent_tiering_")):
            for tier, share in stay.tiers():
                days = (
                    f"days {share.start:f} on"
                    if share.stop is None
                    else f"days {share.start:f} to {share.stop:f}"
                )
                gb = uploaded * (share.days(KEPT_MONTHS * MONTH_DAYS) / MONTH_DAYS)
                r.charge(f"Intelligent-Tiering {tier}, {days}", SERVICE, family, tier, gb)
            r.charge("Intelligent-Tiering monitoring", SERVICE, family, "monitoring", count)
    elif (stated := r.stated(f"{stay.usage_name}_storage_gb")) is not None:
        r.charge(f"Storage in {family}", SERVICE, family, "storage", stated)
    else:
        padded = stored * lifecycle.padding(family, size)
        r.charge(f"Storage in {family}, {stay.words}", SERVICE, family, "storage", padded)
        at_class, at_standard = lifecycle.overhead_gb(family, count)
        r.charge(f"Object overhead in {family}", SERVICE, family, "storage", at_class)
        r.charge(f"Object overhead of {family} in standard", SERVICE, "standard", "storage", at_standard)
    if stay.start > 0:
        moved = r.stated(f"monthly_{stay.usage_name}_transitions")
        r.charge(
            f"Lifecycle transitions to {family}",
            SERVICE,
            family,
            "lifecycle-transition",
            objects if moved is None else moved,
        )


def _requests(r: Subject, name: str, family: str, put: str, objects: Range) -> None:
    writes, reads = r.stated(f"monthly_{name}_tier1_requests"), r.stated(f"monthly_{name}_tier2_requests")
    if name == "standard":
        writes = objects if writes is None else writes
        reads = r.usage("monthly_standard_tier2_requests", *READS)
    if writes is not None:
        r.charge(f"PUT, COPY, POST, LIST in {family}", SERVICE, family, put, writes)
    if reads is not None:
        r.charge(f"GET and other requests in {family}", SERVICE, family, "requests-tier2", reads)
