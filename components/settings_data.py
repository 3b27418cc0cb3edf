"""The part of the stack config about stored data: buckets, the budget database, logs and events."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings_types import (
    BucketName,
    Charge,
    Cpu,
    DataClass,
    Days,
    DnsName,
    Memory,
    RefusedError,
    Section,
    Unique,
    one_of,
    text,
    whole,
)

# Days that each storage class bills at least; aws.amazon.com/s3/storage-classes/.
MINIMUM_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
# From warm to cold: a lifecycle only ever moves an object down this list.
WATERFALL = tuple(MINIMUM_DAYS)


HostName = Annotated[
    str,
    text("a host name", r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "clickhouse.analytics.svc.cluster.local"),
]
ColumnName = Annotated[str, text("a column name", r"[a-z_][a-z0-9_]*", "timestamp")]


class Transition(Section):
    """Move an object to `storage_class` once it is `days` old."""

    days: Annotated[int, whole("days", 0, 3650)]
    storage_class: Annotated[str, one_of("a storage class", *WATERFALL)]


class OldVersions(Section):
    """How long a replaced or deleted version stays: at most `keep` of them, none longer than `days`."""

    days: Days
    keep: Annotated[int, whole("versions", 1, 100)] | None = None


class Bucket(Section):
    """One bucket and its lifecycle."""

    name: BucketName
    data_class: DataClass
    transitions: tuple[Transition, ...] = ()
    expire_days: Days
    old_versions: OldVersions
    abort_upload_days: Annotated[int, whole("days", 1, 30)]
    protect: bool = Field(default=False, description="refuse to delete the bucket")

    @model_validator(mode="after")
    def _lifecycle_loses_no_money(self) -> Self:
        for index, each in enumerate(self.transitions):
            if each.storage_class.endswith("_IA") and each.days < 30:
                raise RefusedError(
                    f"transitions[{index}].days", each.days, f"30 and more for {each.storage_class}"
                )
        steps = [
            *(
                (f"transitions[{i}].days", each.days, each.storage_class)
                for i, each in enumerate(self.transitions)
            ),
            ("expire_days", self.expire_days, "expiry"),
        ]
        for (_, day, name), (key, next_day, next_name) in pairwise(steps):
            if next_name in WATERFALL and WATERFALL.index(next_name) <= WATERFALL.index(name):
                key = key.replace("days", "storage_class")
                raise RefusedError(
                    key, next_name, f"a class colder than {name}; the order is {', '.join(WATERFALL)}"
                )
            if next_day < day + MINIMUM_DAYS[name]:
                allowed = f"{day + MINIMUM_DAYS[name]} and more, since {name} (from day {day}) bills at least"
                raise RefusedError(key, next_day, f"{allowed} {MINIMUM_DAYS[name]} days")
        return self


class Storage(Section):
    """The buckets of the stack. Access logs of the others go to `access_logs`."""

    charge: Charge
    exports: Bucket
    backups: Bucket
    logs: Bucket
    access_logs: Bucket

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names: dict[str, str] = {}
        for role, bucket in self.buckets().items():
            if bucket.name in names:
                raise RefusedError(
                    f"{role}.name", bucket.name, f"a name that {names[bucket.name]} does not have"
                )
            names[bucket.name] = role
        return self

    def buckets(self) -> dict[str, Bucket]:
        """The buckets by their role."""
        return {name: value for name, value in self if isinstance(value, Bucket)}


class DatabaseAlarms(Section):
    """When the database's alarms fire."""

    free_storage_gib_below: Annotated[int, whole("GiB", 1, 65536)]
    slot_lag_mib_above: Annotated[int, whole("MiB", 1, 1048576)]
    wal_mib_above: Annotated[int, whole("MiB", 1, 1048576)]


class Database(Section):
    """The PostgreSQL of the AI budget service."""

    charge: Charge
    identifier: DnsName
    engine_version: Annotated[str, text("a major version of PostgreSQL on RDS", r"1[5-9]|[2-9][0-9]", '"18"')]
    instance_class: Annotated[
        str, text("an RDS instance class", r"db\.[a-z0-9-]+\.[a-z0-9]+", "db.m7g.large")
    ]
    storage_gib: Annotated[int, whole("GiB", 20, 65536)]
    max_storage_gib: Annotated[int, whole("GiB", 20, 65536)]
    multi_az: bool
    deletion_protection: bool
    final_snapshot: bool
    protect: bool = Field(
        default=False, description="refuse to delete the database, also when it is replaced"
    )
    backup_retention_days: Annotated[int, whole("days", 1, 35)]
    log_retention_days: Annotated[int, one_of("a retention that CloudWatch Logs offers", *LOG_RETENTION_DAYS)]
    wal_compression: Annotated[str, one_of("a WAL compression", "zstd", "lz4", "pglz")]
    wal_keep_size_mib: Annotated[int, whole("MiB", 0, 2097151)]
    max_slot_wal_keep_size_mib: Annotated[int, whole("MiB", 1, 2097151)]
    alarms: DatabaseAlarms

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> Self:
        if self.max_storage_gib < self.storage_gib:
            raise self.refused("max_storage_gib", f"storage_gib ({self.storage_gib}) or more")
        if self.max_slot_wal_keep_size_mib < self.wal_keep_size_mib:
            raise self.refused(
                "max_slot_wal_keep_size_mib", f"wal_keep_size_mib ({self.wal_keep_size_mib}) or more"
            )
        if self.max_slot_wal_keep_size_mib >= self.storage_gib * 1024:
            raise self.refused(
                "max_slot_wal_keep_size_mib", f"less than storage_gib ({self.storage_gib} GiB)"
            )
        return self


class Telemetry(Section):
    """What a store of telemetry has in either case."""

    charge: Charge
    namespace: DnsName


class Loki(Telemetry):
    """Logs: how long Loki keeps them, and when the bucket moves them to the warm class."""

    members: HostName = Field(description="the headless service that Loki's instances find each other by")
    replicas: Annotated[int, whole("copies of each log line", 1, 5)]
    config_map: DnsName
    hot_days: Days
    total_days: Days
    delete_delay_hours: Annotated[int, whole("hours", 1, 168)]
    schema_from: Annotated[
        str, text("a day as YYYY-MM-DD", r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", '"2025-01-01"')
    ]

    @model_validator(mode="after")
    def _hot_is_shorter(self) -> Self:
        if self.hot_days >= self.total_days:
            raise self.refused("hot_days", f"less than total_days ({self.total_days})")
        return self


class ClickHouse(Telemetry):
    """Analytics events: how long they stay, and how old partitions are recompressed."""

    host: HostName
    credentials_secret: DnsName = Field(description="Kubernetes Secret with the keys user and password")
    image: Annotated[
        str,
        text(
            "an image with a tag",
            r"[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+",
            "clickhouse/clickhouse-server:25.8",
        ),
    ]
    table: Annotated[
        str, text("a table as database.name", r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", "analytics.events")
    ]
    time_column: ColumnName
    payload_columns: Annotated[tuple[ColumnName, ...], Unique, Field(min_length=1)]
    retention_days: Days
    zstd_level: Annotated[int, whole("ZSTD levels", 1, 22)]
    recompress_after_days: Days
    recompress_max_gib: Annotated[int, whole("GiB", 1, 1024)]
    recompress_schedule: Annotated[
        str, text("a cron schedule", r"[0-9*/,-]+( [0-9*/,-]+){4}", '"30 3 * * *"')
    ]
    cpu: Cpu
    memory: Memory

    @model_validator(mode="after")
    def _recompression_comes_before_the_end(self) -> Self:
        if self.recompress_after_days >= self.retention_days:
            raise self.refused("recompress_after_days", f"less than retention_days ({self.retention_days})")
        return self
