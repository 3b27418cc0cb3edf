"""The part of the stack config about stored data: buckets, the budget database, logs and events."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings.types import (
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
from teei_finops.aws_limits import LOG_RETENTION_DAYS, S3_MINIMUM_DAYS

# From warm to cold: a lifecycle only ever moves an object down this list.
WATERFALL = tuple(S3_MINIMUM_DAYS)


HostName = Annotated[
    str,
    text("a host name", r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "clickhouse.analytics.svc.cluster.local"),
]
ColumnName = Annotated[str, text("a column name", r"[a-z_][a-z0-9_]*", "timestamp")]


class Transition(Section):
    """Move an object to `storage_class` once it is `days` old."""

    days: Annotated[int, whole("days", 0, 3650)]
    """The age of the object."""
    storage_class: Annotated[str, one_of("a storage class", *WATERFALL)]
    """The class it moves to; from one transition to the next only down this list."""


class OldVersions(Section):
    """How long a replaced or deleted version stays: at most `keep` of them, none longer than `days`."""

    days: Days
    """None stays longer."""
    keep: Annotated[int, whole("versions", 1, 100)] | None = None
    """No more than this many stay; more go after a day."""


class Bucket(Section):
    """One bucket and its lifecycle."""

    name: BucketName
    """Unique in all of AWS; another name replaces the bucket."""
    data_class: DataClass
    """The value of the tag `data-class`."""
    transitions: tuple[Transition, ...] = ()
    """Each after at least the days that the class before it bills."""
    expire_days: Days
    """The age at which an object is deleted."""
    old_versions: OldVersions
    """How long replaced and deleted versions stay."""
    abort_upload_days: Annotated[int, whole("days", 1, 30)]
    """The age at which an incomplete upload is aborted."""
    protect: bool = False
    """Refuse to delete the bucket."""

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
            if next_day < day + S3_MINIMUM_DAYS[name]:
                allowed = (
                    f"{day + S3_MINIMUM_DAYS[name]} and more, since {name} (from day {day}) bills at least"
                )
                raise RefusedError(key, next_day, f"{allowed} {S3_MINIMUM_DAYS[name]} days")
        return self


class Storage(Section):
    """The buckets of the stack. Access logs of the others go to `access_logs`."""

    charge: Charge
    """Who pays for the buckets."""
    exports: Bucket
    """Exports for customers."""
    backups: Bucket
    """Backups of the platform."""
    logs: Bucket
    """Loki's chunks and index; outlives `loki.total_days`, moves to the warm class at `loki.hot_days`."""
    access_logs: Bucket
    """The access logs of the other buckets."""

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
    """Fires when less storage is free."""
    slot_lag_mib_above: Annotated[int, whole("MiB", 1, 1048576)]
    """Fires when a replication slot is further behind."""
    wal_mib_above: Annotated[int, whole("MiB", 1, 1048576)]
    """Fires when the WAL on disk is larger."""


class Database(Section):
    """The PostgreSQL of the AI budget service."""

    charge: Charge
    """Who pays for the database."""
    identifier: DnsName
    """Unique in the account and region; another one replaces the database."""
    engine_version: Annotated[str, text("a major version of PostgreSQL on RDS", r"1[5-9]|[2-9][0-9]", '"18"')]
    """The major version."""
    instance_class: Annotated[
        str, text("an RDS instance class", r"db\.[a-z0-9-]+\.[a-z0-9]+", "db.m7g.large")
    ]
    """Compute and memory."""
    storage_gib: Annotated[int, whole("GiB", 20, 65536)]
    """gp3 storage to begin with."""
    max_storage_gib: Annotated[int, whole("GiB", 20, 65536)]
    """As far as storage grows by itself."""
    multi_az: bool
    """A standby in another zone."""
    deletion_protection: bool
    """AWS refuses to delete it."""
    final_snapshot: bool
    """Keep a snapshot when it is deleted."""
    protect: bool = False
    """Pulumi refuses to delete or replace it."""
    backup_retention_days: Annotated[int, whole("days", 1, 35)]
    """How far back it can be restored to any point in time."""
    log_retention_days: Annotated[int, one_of("a retention that CloudWatch Logs offers", *LOG_RETENTION_DAYS)]
    """How long CloudWatch keeps its logs."""
    wal_compression: Annotated[str, one_of("a WAL compression", "zstd", "lz4", "pglz")]
    """How full-page images in the WAL are compressed."""
    wal_keep_size_mib: Annotated[int, whole("MiB", 0, 2097151)]
    """WAL kept for replicas."""
    max_slot_wal_keep_size_mib: Annotated[int, whole("MiB", 1, 2097151)]
    """WAL that a replication slot may hold back before it is given up."""
    alarms: DatabaseAlarms
    """The thresholds of its alarms."""

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
    """Who pays for it."""
    namespace: DnsName
    """Where it runs."""


class Loki(Telemetry):
    """Logs: how long Loki keeps them, and when the bucket moves them to the warm class."""

    members: HostName
    """The headless service that Loki's instances find each other by."""
    replicas: Annotated[int, whole("copies of each log line", 1, 5)]
    """Copies of each log line among the instances."""
    config_map: DnsName
    """The name of the ConfigMap, whose key is `loki.yaml`."""
    hot_days: Days
    """When chunks move to Standard-IA."""
    total_days: Days
    """When Loki deletes them."""
    delete_delay_hours: Annotated[int, whole("hours", 1, 168)]
    """How long a deleted chunk stays recoverable."""
    schema_from: Annotated[
        str, text("a day as YYYY-MM-DD", r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", '"2025-01-01"')
    ]
    """The first day of the index schema; never change the day of a schema in use."""

    @model_validator(mode="after")
    def _hot_is_shorter(self) -> Self:
        if self.hot_days >= self.total_days:
            raise self.refused("hot_days", f"less than total_days ({self.total_days})")
        return self


class ClickHouse(Telemetry):
    """Analytics events: how long they stay, and how old partitions are recompressed."""

    host: HostName
    """The server."""
    credentials_secret: DnsName
    """The Kubernetes Secret with the keys `user` and `password`."""
    image: Annotated[
        str,
        text(
            "an image with a tag",
            r"[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+",
            "clickhouse/clickhouse-server:25.8",
        ),
    ]
    """The image that holds clickhouse-client."""
    table: Annotated[
        str, text("a table as database.name", r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", "analytics.events")
    ]
    """The table of raw events, partitioned by month."""
    time_column: ColumnName
    """The column that an event ages by."""
    payload_columns: Annotated[tuple[ColumnName, ...], Unique, Field(min_length=1)]
    """The columns worth compressing with ZSTD."""
    retention_days: Days
    """When events are deleted."""
    zstd_level: Annotated[int, whole("ZSTD levels", 1, 22)]
    """Higher is smaller and slower to write."""
    recompress_after_days: Days
    """The age of a partition's newest event at which the partition is rewritten once."""
    recompress_max_gib: Annotated[int, whole("GiB", 1, 1024)]
    """A larger partition is left alone: rewriting needs as much space again."""
    recompress_schedule: Annotated[
        str, text("a cron schedule", r"[0-9*/,-]+( [0-9*/,-]+){4}", '"30 3 * * *"')
    ]
    """When one partition is rewritten, UTC."""
    cpu: Cpu
    """CPU request and limit of the jobs."""
    memory: Memory
    """Memory request and limit of the jobs."""

    @model_validator(mode="after")
    def _recompression_comes_before_the_end(self) -> Self:
        if self.recompress_after_days >= self.retention_days:
            raise self.refused("recompress_after_days", f"less than retention_days ({self.retention_days})")
        return self
