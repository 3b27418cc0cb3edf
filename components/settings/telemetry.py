"""Retention of logs (Loki) and of analytics events (ClickHouse)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings.types import (
    CostAllocation,
    Cpu,
    Days,
    DnsName,
    HostName,
    Memory,
    Section,
    Unique,
    cost_allocation,
    default,
    integer,
    text,
)

GUIDE_LOKI = "guide, Loki (Logs)"
GUIDE_CLICKHOUSE = "guide, ClickHouse (Analytics Events)"
ColumnName = Annotated[str, text("a column name", r"[a-z_][a-z0-9_]*", "timestamp")]


class TelemetryStore(Section):
    """What Loki and ClickHouse have in common."""

    cost_allocation: CostAllocation
    """The cost tags of the store."""
    namespace: DnsName
    """The namespace that the store runs in."""


class Loki(TelemetryStore):
    """Retention of logs: when the bucket moves them to the warm class, and when Loki deletes them."""

    cost_allocation: CostAllocation = cost_allocation("loki", "cloud-s3", "confidential")
    """The cost tags of the store."""
    namespace: DnsName = default("observability", "guide, Files & Locations: /observability")
    """The namespace that the store runs in."""
    memberlist_service: HostName = default(
        "loki-memberlist.observability.svc.cluster.local", "the name in Loki's Helm chart"
    )
    """The headless service through which the instances of Loki find each other."""
    replication_factor: Annotated[int, integer("copies of each log line", 1, 5)] = default(
        3, "Loki's own default, https://grafana.com/docs/loki/latest/configure/, 2026-11"
    )
    """Copies of each log line among the instances."""
    config_map: DnsName = default("loki-config", "chosen")
    """The name of the ConfigMap, whose key is `loki.yaml`."""
    hot_days: Days = default(30, GUIDE_LOKI)
    """The age at which the bucket moves chunks to Standard-IA."""
    total_days: Days = default(90, f"{GUIDE_LOKI}; decision 4")
    """The age at which Loki deletes logs."""
    delete_delay_hours: Annotated[int, integer("hours", 1, 168)] = default(2, GUIDE_LOKI)
    """How long a deleted chunk can be recovered."""
    schema_from: Annotated[
        str, text("a day as YYYY-MM-DD", r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", '"2025-01-01"')
    ] = default("2025-01-01", "chosen: before the first log line")
    """The first day of the index schema; never change the day of a schema in use."""

    @model_validator(mode="after")
    def _hot_is_shorter(self) -> Self:
        if self.hot_days >= self.total_days:
            raise self.constraint_error("hot_days", f"less than total_days ({self.total_days})")
        return self


class ClickHouse(TelemetryStore):
    """Retention of analytics events, and the recompression of old partitions."""

    cost_allocation: CostAllocation = cost_allocation("clickhouse", "cloud-eks", "confidential")
    """The cost tags of the store."""
    namespace: DnsName = default("analytics", "chosen: the name of the database")
    """The namespace that the store runs in."""
    host: HostName = default("clickhouse.analytics.svc.cluster.local", "chosen: the service in the namespace")
    """The server."""
    credentials_secret: DnsName = default("clickhouse-retention", "chosen")
    """The Kubernetes Secret with the keys `user` and `password`."""
    image: Annotated[
        str,
        text(
            "an image with a tag",
            r"[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+",
            "clickhouse/clickhouse-server:25.8",
        ),
    ] = default("clickhouse/clickhouse-server:25.8", "chosen: a long-term support release")
    """The image that holds clickhouse-client."""
    table: Annotated[
        str, text("a table as database.name", r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", "analytics.events")
    ] = default("analytics.events", GUIDE_CLICKHOUSE)
    """The table of raw events, partitioned by month."""
    time_column: ColumnName = default("timestamp", GUIDE_CLICKHOUSE)
    """The column with the time of an event."""
    payload_columns: Annotated[tuple[ColumnName, ...], Unique, Field(min_length=1)] = default(
        ("properties",), "chosen: the largest column"
    )
    """The columns to compress with ZSTD."""
    retention_days: Days = default(90, GUIDE_CLICKHOUSE)
    """The age at which events are deleted."""
    zstd_level: Annotated[int, integer("ZSTD levels", 1, 22)] = default(3, "zstd's own default level")
    """Higher levels compress better and write slower."""
    recompress_after_days: Days = default(30, "chosen: a third of retention_days")
    """The age of a partition's newest event at which the partition is rewritten once."""
    recompress_max_gib: Annotated[int, integer("GiB", 1, 1024)] = default(
        50, "chosen: as much space is needed again while it runs"
    )
    """A larger partition is not rewritten: rewriting needs as much space again."""
    recompress_schedule: Annotated[
        str, text("a cron schedule", r"[0-9*/,-]+( [0-9*/,-]+){4}", '"30 3 * * *"')
    ] = default("30 3 * * *", "chosen: at night in both regions")
    """When one partition is rewritten, UTC."""
    cpu: Cpu = default("100m", "chosen: the work is done by the server")
    """CPU request and limit of the jobs."""
    memory: Memory = default("256Mi", "chosen: the work is done by the server")
    """Memory request and limit of the jobs."""

    @model_validator(mode="after")
    def _recompression_precedes_deletion(self) -> Self:
        if self.recompress_after_days >= self.retention_days:
            raise self.constraint_error(
                "recompress_after_days", f"less than retention_days ({self.retention_days})"
            )
        return self
