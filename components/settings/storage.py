"""The S3 buckets and their lifecycles."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import model_validator

from components.settings.types import (
    ConstraintError,
    CostAllocation,
    DataClass,
    Days,
    Section,
    cost_allocation,
    default,
    integer,
    one_of,
    text,
)
from teei_finops.aws_limits import S3_FIRST_TRANSITION_DAY, S3_MINIMUM_DAYS

# From warm to cold: a lifecycle only ever moves an object down this list.
STORAGE_CLASSES = tuple(S3_MINIMUM_DAYS)
GUIDE_EXPORTS = "guide, S3 (Exports & Backups): exports"
GUIDE_BACKUPS = "guide, S3 (Exports & Backups): backups"
GUIDE_LOKI = "guide, Loki (Logs)"

BucketName = Annotated[
    str,
    text(
        "a bucket name of 3 to 63 lower case letters, digits and hyphens",
        r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "teei-prod-us-east-1-exports",
    ),
]


class Transition(Section):
    """Moves an object to `storage_class` once it is `days` old."""

    days: Annotated[int, integer("days", 0, 3650)]
    """The age of the object."""
    storage_class: Annotated[str, one_of("a storage class", *STORAGE_CLASSES)]
    """The new storage class; from one transition to the next only down this list."""


class NoncurrentVersions(Section):
    """How long a replaced or deleted version stays: at most `max_count` versions, none longer than `days`."""

    days: Days
    """The age at which a noncurrent version is deleted."""
    max_count: Annotated[int, integer("versions", 1, 100)] | None = None
    """The most noncurrent versions of an object; more are deleted after a day."""


class Bucket(Section):
    """One bucket and its lifecycle."""

    name: BucketName
    """Globally unique; a change replaces the bucket."""
    data_class: DataClass
    """The value of the tag `data-class`."""
    transitions: tuple[Transition, ...] = ()
    """Each after at least the minimum storage duration of the class before it."""
    expiration_days: Days
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions
    """How long replaced and deleted versions stay."""
    abort_incomplete_upload_days: Annotated[int, integer("days", 1, 30)] = default(
        7,
        "AWS's example,"
        " https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html,"
        " 2026-11",
    )
    """The age at which an incomplete multipart upload is aborted."""
    protect: bool = False
    """Pulumi does not delete or replace the bucket."""

    @model_validator(mode="after")
    def _transitions_keep_the_minimum_durations(self) -> Self:
        for index, transition in enumerate(self.transitions):
            first_day = S3_FIRST_TRANSITION_DAY.get(transition.storage_class, 0)
            if transition.days < first_day:
                raise ConstraintError(
                    f"transitions[{index}].days",
                    transition.days,
                    f"{first_day} or more for {transition.storage_class}",
                )
        steps = [
            (f"transitions[{index}].days", transition.days, transition.storage_class)
            for index, transition in enumerate(self.transitions)
        ]
        steps.append(("expiration_days", self.expiration_days, "expiration"))
        for (_, day, name), (key, next_day, next_name) in pairwise(steps):
            if next_name in STORAGE_CLASSES and STORAGE_CLASSES.index(next_name) <= STORAGE_CLASSES.index(
                name
            ):
                raise ConstraintError(
                    key.replace("days", "storage_class"),
                    next_name,
                    f"a class colder than {name}; the order is {', '.join(STORAGE_CLASSES)}",
                )
            minimum = S3_MINIMUM_DAYS[name]
            if next_day < day + minimum:
                raise ConstraintError(
                    key,
                    next_day,
                    f"{day + minimum} or more: {name} (from day {day}) bills at least {minimum} days",
                )
        return self


class ExportsBucket(Bucket):
    """Exports for customers."""

    data_class: DataClass = default("confidential", "chosen: exports hold data of customers")
    """The value of the tag `data-class`."""
    transitions: tuple[Transition, ...] = default(
        (Transition(days=30, storage_class="STANDARD_IA"),), GUIDE_EXPORTS
    )
    """Each after at least the minimum storage duration of the class before it."""
    expiration_days: Days = default(90, GUIDE_EXPORTS)
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions = default(
        NoncurrentVersions(days=30, max_count=5), f"{GUIDE_EXPORTS}; decision 6"
    )
    """How long replaced and deleted versions stay."""


class BackupsBucket(Bucket):
    """Backups of the platform."""

    data_class: DataClass = default("restricted", "chosen: backups hold all data")
    """The value of the tag `data-class`."""
    transitions: tuple[Transition, ...] = default(
        (
            Transition(days=30, storage_class="GLACIER_IR"),
            Transition(days=120, storage_class="DEEP_ARCHIVE"),
        ),
        f"{GUIDE_BACKUPS}; decision 5",
    )
    """Each after at least the minimum storage duration of the class before it."""
    expiration_days: Days = default(730, GUIDE_BACKUPS)
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions = default(
        NoncurrentVersions(days=90),
        "chosen: a backup that is overwritten by mistake is noticed within a quarter",
    )
    """How long replaced and deleted versions stay."""
    protect: bool = default(True, "chosen: backups outlive mistakes")
    """Pulumi does not delete or replace the bucket."""


class LogsBucket(Bucket):
    """Chunks and index of Loki; must keep objects longer than `loki.total_days`."""

    data_class: DataClass = default("confidential", "chosen: logs may hold data of customers")
    """The value of the tag `data-class`."""
    transitions: tuple[Transition, ...] = default(
        (Transition(days=30, storage_class="STANDARD_IA"),), GUIDE_LOKI
    )
    """The first one on the day `loki.hot_days`."""
    expiration_days: Days = default(97, f"{GUIDE_LOKI}, and a week more; decision 4")
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions = default(
        NoncurrentVersions(days=7), "chosen: Loki does not overwrite chunks"
    )
    """How long replaced and deleted versions stay."""


class AccessLogsBucket(Bucket):
    """The access logs of the other buckets."""

    data_class: DataClass = default("internal", "chosen: access logs hold no data of customers")
    """The value of the tag `data-class`."""
    expiration_days: Days = default(90, "chosen: as long as Loki keeps logs")
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions = default(
        NoncurrentVersions(days=7), "chosen: S3 does not overwrite access logs"
    )
    """How long replaced and deleted versions stay."""


class Storage(Section):
    """The buckets of the stack."""

    cost_allocation: CostAllocation = cost_allocation("storage", "cloud-s3")
    """The cost tags of the buckets."""
    exports: ExportsBucket
    """The bucket for exports."""
    backups: BackupsBucket
    """The bucket for backups."""
    logs: LogsBucket
    """The bucket of Loki."""
    access_logs: AccessLogsBucket
    """The bucket for access logs."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        roles: dict[str, str] = {}
        for role, bucket in self.buckets().items():
            if bucket.name in roles:
                raise ConstraintError(
                    f"{role}.name", bucket.name, f"another name than that of {roles[bucket.name]}"
                )
            roles[bucket.name] = role
        return self

    def buckets(self) -> dict[str, Bucket]:
        """The buckets by their role."""
        return {role: value for role, value in self if isinstance(value, Bucket)}
