"""The PostgreSQL database of the AI budget service on RDS: size, backups, WAL and alarms."""

from typing import Annotated, Self

from pydantic import model_validator

from components.settings.types import (
    CostAllocation,
    DnsName,
    LogRetentionDays,
    Section,
    cost_allocation,
    default,
    integer,
    one_of,
    text,
)

GUIDE_WAL = "guide, Postgres WAL"


class DatabaseAlarms(Section):
    """The thresholds of the database's alarms."""

    free_storage_gib_below: Annotated[int, integer("GiB", 1, 65536)] = default(
        20, "chosen: a fifth of storage_gib"
    )
    """The alarm fires when less storage is free."""
    slot_lag_mib_above: Annotated[int, integer("MiB", 1, 1048576)] = default(
        10240, "chosen: as much as wal_keep_size_mib"
    )
    """The alarm fires when a replication slot is further behind."""
    wal_mib_above: Annotated[int, integer("MiB", 1, 1048576)] = default(
        20480, "chosen: twice wal_keep_size_mib"
    )
    """The alarm fires when the WAL on disk is larger."""


class Database(Section):
    """The PostgreSQL database of the AI budget service."""

    cost_allocation: CostAllocation = cost_allocation("ai-budget", "cloud-rds", "confidential")
    """The cost tags of the database."""
    identifier: DnsName
    """Unique in the account and region; a change replaces the database."""
    engine_version: Annotated[
        str, text("a major version of PostgreSQL on RDS", r"1[5-9]|[2-9][0-9]", '"18"')
    ] = default("18", "chosen: the newest major version on RDS, 2026-11")
    """The major version of PostgreSQL."""
    major_version_upgrade: bool = default(False, "chosen: a major upgrade is never a side effect")
    """Lets a deployment upgrade PostgreSQL to a new `engine_version`, immediately and in place."""
    instance_class: Annotated[
        str, text("an RDS instance class", r"db\.[a-z0-9-]+\.[a-z0-9]+", "db.m7g.large")
    ] = default("db.m7g.large", "chosen: connections for ai_budget_service.reserved_concurrency")
    """CPU and memory."""
    storage_gib: Annotated[int, integer("GiB", 20, 65536)] = default(
        100, "chosen: twice max_slot_wal_keep_size_mib"
    )
    """Initial gp3 storage."""
    max_storage_gib: Annotated[int, integer("GiB", 20, 65536)] = default(
        500, "chosen: five times storage_gib"
    )
    """The size up to which storage grows automatically."""
    multi_az: bool = default(True, "chosen: prod survives the loss of a zone")
    """A standby in another zone."""
    deletion_protection: bool = default(True, "chosen: prod is not deleted by mistake")
    """AWS refuses to delete the database."""
    final_snapshot: bool = default(True, "chosen: prod leaves a copy behind")
    """Keep a snapshot when the database is deleted."""
    protect: bool = default(True, "chosen: prod is not replaced by mistake")
    """Pulumi does not delete or replace the database."""
    backup_retention_days: Annotated[int, integer("days", 1, 35)] = default(7, f"{GUIDE_WAL}; decision 2")
    """How far back a point-in-time restore reaches."""
    log_retention_days: LogRetentionDays = default(30, "guide, Loki: hot storage")
    """How long CloudWatch keeps the logs of the database."""
    wal_compression: Annotated[str, one_of("a WAL compression", "zstd", "lz4", "pglz")] = default(
        "zstd", GUIDE_WAL
    )
    """How full-page images in the WAL are compressed."""
    wal_keep_size_mib: Annotated[int, integer("MiB", 0, 2097151)] = default(10240, f"{GUIDE_WAL}; decision 3")
    """WAL kept for replicas."""
    max_slot_wal_keep_size_mib: Annotated[int, integer("MiB", 1, 2097151)] = default(51200, "decision 3")
    """WAL that a replication slot may hold back before PostgreSQL invalidates the slot."""
    alarms: DatabaseAlarms = DatabaseAlarms()
    """The thresholds of the alarms."""

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> Self:
        if self.max_storage_gib < self.storage_gib:
            raise self.constraint_error("max_storage_gib", f"storage_gib ({self.storage_gib}) or more")
        if self.max_slot_wal_keep_size_mib < self.wal_keep_size_mib:
            raise self.constraint_error(
                "max_slot_wal_keep_size_mib", f"wal_keep_size_mib ({self.wal_keep_size_mib}) or more"
            )
        if self.max_slot_wal_keep_size_mib >= self.storage_gib * 1024:
            raise self.constraint_error(
                "max_slot_wal_keep_size_mib", f"less than storage_gib ({self.storage_gib} GiB)"
            )
        return self
