"""Log groups without retention, and buckets without a lifecycle or with many noncurrent versions."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from functions.advisor.account.context import Account, Metric, tags_of
from functions.advisor.findings import BillLine, Confidence, Finding, percent
from functions.cost_data.sources.aws import AwsError

GIB = 1024**3
# Standard-IA bills 128 KB for each smaller object: https://aws.amazon.com/s3/pricing/, 2026-11
INFREQUENT_LEAST_BYTES = 128 * 1024
# How many versions of a bucket are listed to estimate its noncurrent bytes: five requests of $0.000005 each.
VERSION_PAGES = 5
LEAST_NONCURRENT_SHARE = Decimal("0.1")
_STORAGE = BillLine("Amazon Simple Storage Service", "TimedStorage")


def log_groups_without_retention(account: Account) -> Iterator[Finding]:
    """What a retention of the setting's days would delete, if the events came evenly."""
    days = account.settings.log_days
    price = account.prices.unit(account.region, "AmazonCloudWatch", "logs", "storage")
    for group in account.items("logs", "describe_log_groups", "logGroups"):
        if group.get("retentionInDays"):
            continue
        age = (account.now - datetime.fromtimestamp(group["creationTime"] / 1000, UTC)).days
        gib = Decimal(group.get("storedBytes", 0)) / GIB
        older = gib * max(1 - Decimal(days) / max(age, 1), Decimal(0))
        saving = None if price is None else older * price
        arn = group["arn"].removesuffix(":*")
        answer = account.aws.call("logs", "list_tags_for_resource", account.region, resourceArn=arn)
        yield account.finding(
            "log-group-has-retention",
            arn,
            evidence=f"keeps {gib:.1f} GiB of {age} days; about {older:.1f} GiB are older than {days} days",
            change=f"aws logs put-retention-policy --region {account.region} "
            f"--log-group-name {group['logGroupName']} --retention-in-days {days}",
            saving=saving,
            inputs=f"retention_in_days: {days}",
            confidence=Confidence.LOW,
            tags=answer.get("tags", {}),
            bill=BillLine("AmazonCloudWatch", "TimedStorage"),
        )


class Bucket(NamedTuple):
    """A bucket with its bytes in the Standard class and its number of objects, None if not measured."""

    name: str
    bytes: Decimal | None
    objects: Decimal | None
    lifecycle: list[dict[str, Any]]


def _buckets(account: Account) -> Iterator[Bucket]:
    names = [
        item["Name"] for item in account.items("s3", "list_buckets", "Buckets", BucketRegion=account.region)
    ]
    metrics = [
        Metric("AWS/S3", metric, "Average", {"BucketName": name, "StorageType": storage})
        for name in names
        for metric, storage in (
            ("BucketSizeBytes", "StandardStorage"),
            ("NumberOfObjects", "AllStorageTypes"),
        )
    ]
    # S3 reports once a day; three days are enough for the last value.
    values = account.values(metrics, days=3)
    for number, name in enumerate(names):
        size, objects = values[2 * number], values[2 * number + 1]
        yield Bucket(
            name,
            Decimal(str(max(size))) if size else None,
            Decimal(str(max(objects))) if objects else None,
            _lifecycle(account, name),
        )


def _lifecycle(account: Account, name: str) -> list[dict[str, Any]]:
    try:
        answer = account.aws.call("s3", "get_bucket_lifecycle_configuration", account.region, Bucket=name)
    except AwsError as error:
        if error.code == "NoSuchLifecycleConfiguration":
            return []
        raise
    return [rule for rule in answer["Rules"] if rule["Status"] == "Enabled"]


def buckets_without_lifecycle(account: Account) -> Iterator[Finding]:
    """Buckets without a rule.

    Priced as if all objects of 128 KB and more moved to Standard-IA, and noncurrent versions expired.
    """
    standard, infrequent = (
        account.prices.unit(account.region, "AmazonS3", family, "storage")
        for family in ("standard", "standard-ia")
    )
    for bucket in _buckets(account):
        if bucket.lifecycle:
            continue
        saving = None
        old = _noncurrent(account, bucket)
        if bucket.bytes is None or not bucket.objects:
            evidence = "its size is not measured yet"
        else:
            current = bucket.bytes / GIB - (old.gib if old else 0)
            evidence = f"{bucket.bytes / GIB:.1f} GiB in Standard, {bucket.objects:.0f} objects"
            if bucket.bytes / bucket.objects < INFREQUENT_LEAST_BYTES:
                evidence += ", too small for Standard-IA on average: let them expire"
            elif standard is not None and infrequent is not None:
                saving = max(current, Decimal(0)) * (standard - infrequent)
        actions = (
            "transition to STANDARD_IA after 30 days, expiration, abort of incomplete uploads after 7 days"
        )
        if old is not None and standard is not None:
            evidence += f"; {old.evidence}"
            actions += ", NoncurrentVersionExpiration after 30 days"
            saving = (saving or Decimal(0)) + old.gib * standard
        yield _bucket_finding(
            account,
            "bucket-has-a-lifecycle",
            bucket.name,
            evidence=f"no lifecycle rule; {evidence}",
            change=f"add a lifecycle configuration: {actions}",
            saving=saving,
        )


def buckets_with_noncurrent_versions(account: Account) -> Iterator[Finding]:
    """Versioned buckets with rules, none of which expires noncurrent versions; by their share of a sample."""
    price = account.prices.unit(account.region, "AmazonS3", "standard", "storage")
    for bucket in _buckets(account):
        if not bucket.lifecycle or any("NoncurrentVersionExpiration" in rule for rule in bucket.lifecycle):
            continue
        old = _noncurrent(account, bucket)
        if old is None:
            continue
        yield _bucket_finding(
            account,
            "bucket-expires-old-versions",
            bucket.name,
            evidence=f"{old.evidence}; no rule expires them",
            change="add a lifecycle rule without a filter: NoncurrentVersionExpiration after 30 days",
            saving=None if price is None else old.gib * price,
            confidence=Confidence.MEDIUM if old.complete else Confidence.LOW,
        )


class Noncurrent(NamedTuple):
    """The noncurrent versions of a bucket; `complete` is whether all versions were listed."""

    gib: Decimal
    complete: bool
    evidence: str


def _noncurrent(account: Account, bucket: Bucket) -> Noncurrent | None:
    """None for a bucket without versions, or with hardly any noncurrent ones."""
    versioning = account.aws.call("s3", "get_bucket_versioning", account.region, Bucket=bucket.name)
    if not versioning.get("Status"):
        return None
    noncurrent, total, complete = _noncurrent_bytes(account, bucket.name)
    share = noncurrent / max(total, Decimal(1))
    if share < LEAST_NONCURRENT_SHARE:
        return None
    gib = (noncurrent if complete or bucket.bytes is None else bucket.bytes * share) / GIB
    listed = "all" if complete else "the first"
    return Noncurrent(
        gib,
        complete,
        f"{percent(share)} of the bytes of {listed} versions are noncurrent, about {gib:.1f} GiB",
    )


def _noncurrent_bytes(account: Account, name: str) -> tuple[Decimal, Decimal, bool]:
    """The noncurrent bytes and all bytes of the first versions, and whether those were all."""
    noncurrent = total = Decimal(0)
    for number, page in enumerate(account.pages("s3", "list_object_versions", Bucket=name), 1):
        for version in page.get("Versions", []):
            total += version["Size"]
            noncurrent += 0 if version["IsLatest"] else version["Size"]
        if number == VERSION_PAGES and page.get("IsTruncated"):
            return noncurrent, total, False
    return noncurrent, total, True


def _bucket_finding(
    account: Account,
    rule: str,
    name: str,
    *,
    evidence: str,
    change: str,
    saving: Decimal | None,
    confidence: Confidence = Confidence.LOW,
) -> Finding:
    return account.finding(
        rule,
        f"arn:aws:s3:::{name}",
        evidence=evidence,
        change=change,
        saving=saving,
        inputs="an aws.s3.BucketLifecycleConfiguration",
        confidence=confidence,
        tags=_tags(account, name),
        bill=_STORAGE,
    )


def _tags(account: Account, name: str) -> Mapping[str, str]:
    try:
        return tags_of(account.aws.call("s3", "get_bucket_tagging", account.region, Bucket=name)["TagSet"])
    except AwsError as error:
        if error.code == "NoSuchTagSet":
            return {}
        raise
