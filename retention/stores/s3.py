"""S3: the lifecycle, the versioning, the incomplete uploads and the storage classes of each bucket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from components.settings.storage import Bucket
from retention.findings import Findings, ResourceFindings
from retention.stores.aws import Aws
from retention.stores.bucket_sizes import BucketSize, bucket_size

RUNBOOK = "storage-retention-s3"
# Lifecycle actions run once a day, and an age counts from the next midnight UTC.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html, 2026-11.
LATENESS = timedelta(days=2)
_PARTIAL = ("Prefix", "Tag", "And", "ObjectSizeGreaterThan", "ObjectSizeLessThan")


@dataclass
class Lifecycle:
    """What the rules of a bucket do to all of its objects; days are None where no rule has the action.

    `noncurrent_days` is the age at which every noncurrent version expires, `noncurrent_count` how many newer
    ones are kept. `partial` are the ids of rules that apply to a part of the bucket only.
    """

    transitions: dict[str, int] = field(default_factory=dict)
    expiration_days: int | None = None
    noncurrent_days: int | None = None
    noncurrent_count: int | None = None
    abort_days: int | None = None
    noncurrent_transitions: dict[str, int] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)


def verify(aws: Aws, buckets: Mapping[str, Bucket], now: datetime) -> Findings:
    """The buckets by the key of their settings, such as `storage.exports`. Raises RetentionError."""
    findings = Findings("s3", RUNBOOK)
    for key, bucket in buckets.items():
        resource = findings.of(bucket.name)
        answer = aws.find(
            "s3",
            "get_bucket_lifecycle_configuration",
            ("NoSuchLifecycleConfiguration", "NoSuchBucket"),
            Bucket=bucket.name,
        )
        if answer is None and aws.find("s3", "head_bucket", ("404",), Bucket=bucket.name) is None:
            resource.check(False, f"{key}.name", "the bucket does not exist", bucket.name, None)
            continue
        lifecycle = effective_lifecycle((answer or {}).get("Rules", []))
        compare_lifecycle(resource, key, declared_lifecycle(bucket), lifecycle)
        status = aws.call("s3", "get_bucket_versioning", Bucket=bucket.name).get("Status")
        resource.equal(f"{key}.noncurrent_versions", "versioning", "Enabled", status)
        uploads = _incomplete_uploads(aws, resource, key, bucket, now)
        size = bucket_size(aws, bucket.name, now)
        _check_classes(resource, key, bucket, size)
        findings.measured[bucket.name] = {
            "role": key.rsplit(".", 1)[-1],
            "expiration_days": lifecycle.expiration_days,
            "bytes_by_class": size.bytes_by_class,
            "objects": size.objects,
            **uploads,
        }
    return findings


def declared_lifecycle(bucket: Bucket) -> Lifecycle:
    """What the settings declare."""
    return Lifecycle(
        transitions={item.storage_class: item.days for item in bucket.transitions},
        expiration_days=bucket.expiration_days,
        noncurrent_days=bucket.noncurrent_versions.days,
        noncurrent_count=bucket.noncurrent_versions.max_count,
        abort_days=bucket.abort_incomplete_upload_days,
    )


def effective_lifecycle(rules: list[dict[str, Any]]) -> Lifecycle:
    """What S3 does with these rules of GetBucketLifecycleConfiguration: the earliest action applies."""
    lifecycle = Lifecycle()
    for rule in rules:
        if rule["Status"] != "Enabled":
            continue
        chosen = {**rule.get("Filter", {}), **({"Prefix": rule["Prefix"]} if "Prefix" in rule else {})}
        if any(chosen.get(name) not in (None, "") for name in _PARTIAL):
            lifecycle.partial.append(rule.get("ID", ""))
            continue
        for item in rule.get("Transitions", []):
            _keep_earlier(lifecycle.transitions, item["StorageClass"], item.get("Days"))
        for item in rule.get("NoncurrentVersionTransitions", []):
            _keep_earlier(lifecycle.noncurrent_transitions, item["StorageClass"], item.get("NoncurrentDays"))
        lifecycle.expiration_days = _earlier(
            lifecycle.expiration_days, rule.get("Expiration", {}).get("Days")
        )
        noncurrent = rule.get("NoncurrentVersionExpiration", {})
        if noncurrent.get("NewerNoncurrentVersions"):
            lifecycle.noncurrent_count = _earlier(
                lifecycle.noncurrent_count, noncurrent["NewerNoncurrentVersions"]
            )
        else:
            lifecycle.noncurrent_days = _earlier(lifecycle.noncurrent_days, noncurrent.get("NoncurrentDays"))
        abort = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
        lifecycle.abort_days = _earlier(lifecycle.abort_days, abort)
    return lifecycle


def compare_lifecycle(resource: ResourceFindings, key: str, declared: Lifecycle, actual: Lifecycle) -> None:
    properties = (
        ("expiration_days", "the age at which objects expire", "expiration_days", "days"),
        (
            "noncurrent_versions.days",
            "the age at which noncurrent versions expire",
            "noncurrent_days",
            "days",
        ),
        ("noncurrent_versions.max_count", "the most noncurrent versions", "noncurrent_count", "versions"),
        (
            "abort_incomplete_upload_days",
            "the age at which incomplete uploads are aborted",
            "abort_days",
            "days",
        ),
    )
    for setting, what, attribute, unit in properties:
        resource.equal(
            f"{key}.{setting}", what, getattr(declared, attribute), getattr(actual, attribute), unit
        )
    resource.equal(
        f"{key}.transitions",
        "the day of each transition",
        dict(sorted(declared.transitions.items())),
        dict(sorted(actual.transitions.items())),
    )
    resource.equal(
        f"{key}.transitions",
        "the day of each transition of noncurrent versions",
        declared.noncurrent_transitions,
        actual.noncurrent_transitions,
    )
    text = f"rules that apply to a part of the bucket: {', '.join(actual.partial)}; none is declared"
    resource.check(not actual.partial, key, text, [], actual.partial)


def _incomplete_uploads(
    aws: Aws, resource: ResourceFindings, key: str, bucket: Bucket, now: datetime
) -> dict[str, Any]:
    started = [
        upload["Initiated"]
        for page in aws.pages("s3", "list_multipart_uploads", Bucket=bucket.name)
        for upload in page.get("Uploads", [])
    ]
    limit = now - timedelta(days=bucket.abort_incomplete_upload_days) - LATENESS
    overdue = sorted(time for time in started if time < limit)
    text = ""
    if overdue:
        text = (
            f"incomplete uploads older than {bucket.abort_incomplete_upload_days} days: {len(overdue)},"
            f" the oldest of {overdue[0]:%Y-%m-%d}"
        )
    resource.check(not overdue, f"{key}.abort_incomplete_upload_days", text, 0, len(overdue))
    return {"incomplete_uploads": len(started), "overdue_uploads": len(overdue)}


def _check_classes(resource: ResourceFindings, key: str, bucket: Bucket, size: BucketSize) -> None:
    declared = ["STANDARD", *(transition.storage_class for transition in bucket.transitions)]
    other = {name: count for name, count in size.bytes_by_class.items() if count and name not in declared}
    text = "; ".join(
        f"{count / 1e9:.1f} GB are in {name}, which no transition leads to" for name, count in other.items()
    )
    resource.check(not other, f"{key}.transitions", text, declared, sorted(other))


def _keep_earlier(days_by_class: dict[str, int], name: str, days: int | None) -> None:
    earlier = _earlier(days_by_class.get(name), days)
    if earlier is not None:
        days_by_class[name] = earlier


def _earlier(first: int | None, second: int | None) -> int | None:
    return min((value for value in (first, second) if value is not None), default=None)
