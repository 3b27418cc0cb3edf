"""The collection of the account's costs: where they come from, what sums them up, the functions."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components.settings.storage import Bucket, NoncurrentVersions
from components.settings.types import (
    REGIONS,
    CostAllocation,
    DataClass,
    Days,
    LogRetentionDays,
    Region,
    Section,
    Unique,
    cost_allocation,
    default,
    integer,
    one_of,
    text,
)


class BillingExportBucket(Bucket):
    """The bucket that AWS delivers the billing data to."""

    data_class: DataClass = default("internal", "chosen: a bill holds no data of customers")
    """The value of the tag `data-class`."""
    expiration_days: Days = default(450, "chosen: longer than the 14 months that the metrics have")
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions = default(
        NoncurrentVersions(days=7), "chosen: every delivery of a month replaces the one before"
    )
    """How long replaced and deleted versions stay."""


class CostData(Section):
    """What exists once per account: the billing export, the collector of costs, and `GET /metrics/cost`."""

    cost_allocation: CostAllocation = cost_allocation("cost-data", "cloud-other")
    """The cost tags of the functions and the export."""
    name: Annotated[
        str,
        text(
            "a name of 3 to 32 lower case letters, digits and hyphens, as target groups have it",
            r"[a-z][a-z0-9-]{1,30}[a-z0-9]",
            "teei-prod-us-east-1-cost-data",
        ),
    ]
    """What the names of the functions, the target group and the export start with; a change replaces them."""
    source: Annotated[str, one_of("a source of costs", "export", "cost-explorer")] = default(
        "export", "docs/cost-data.md: with tags, accounts and usage types, and free"
    )
    """A billing data export, or Cost Explorer at $0.01 a request."""
    export_bucket: BillingExportBucket | None = None
    """The bucket of the export; required with `source: export`."""
    engine: Annotated[str, one_of("an engine", "duckdb", "athena")] = default(
        "duckdb", "docs/cost-data.md: 10 million charges in less than 1 GB of memory"
    )
    """What sums up the export: the collector itself, or Athena for a bill that outgrows it."""
    athena_scan_limit_gib: Annotated[int, integer("GiB", 1, 10_000)] = default(
        20, "chosen: a hundred times a month of 10 million charges"
    )
    """The most that one Athena query may scan, at about $5 a TiB."""
    regions: Annotated[tuple[Region, ...], Unique, Field(min_length=1)] = default(
        REGIONS, "guide, Cost Breakdown: the two Regions"
    )
    """The Regions whose bucket sizes and reservations are read."""
    request_limit: Annotated[int, integer("requests", 0, 10_000)] = default(
        60, "chosen: at most $0.60 a month"
    )
    """The most Cost Explorer requests in a calendar month, $0.01 each."""
    memory_mib: Annotated[int, integer("MiB", 1024, 10240)] = default(
        2048, "docs/cost-data.md: twice what 10 million charges need"
    )
    """Memory of the collector; half of it is for DuckDB."""
    storage_mib: Annotated[int, integer("MiB", 512, 10240)] = default(
        4096, "chosen: a month of 10 million charges (0.2 GB) and what DuckDB writes for it"
    )
    """What the collector may write to /tmp."""
    metrics_memory_mib: Annotated[int, integer("MiB", 256, 10240)] = default(
        512, "chosen: 0.3 vCPU for 6,000 series"
    )
    """Memory of the exporter."""
    log_retention_days: LogRetentionDays = default(30, "guide, Loki: hot storage")
    """How long CloudWatch keeps the logs of the functions."""

    @model_validator(mode="after")
    def _an_export_has_a_bucket(self) -> Self:
        if self.source == "export" and self.export_bucket is None:
            raise self.constraint_error("export_bucket", "set with source export: {name: …}")
        return self

    @model_validator(mode="after")
    def _athena_reads_the_export(self) -> Self:
        if self.engine == "athena" and self.source != "export":
            raise self.constraint_error("engine", "duckdb with source cost-explorer: Athena reads the export")
        return self
