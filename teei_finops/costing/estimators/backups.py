"""Backups that are resources of their own: EBS snapshots and AWS Backup vaults."""

from __future__ import annotations

from teei_finops.costing.amounts import USAGE_MISSING, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

VOLUME = "aws:ebs/volume:Volume"
SNAPSHOT = "aws:ebs/snapshot:Snapshot"
# (usage key, what, service, family, key): AWS Backup bills recovery points of EBS, RDS and Aurora as those
# services bill their own snapshots (AWS Backup pricing page, 2026-10).
STORED = (
    ("ebs_storage_gb", "EBS recovery points", "AmazonEC2", "ebs", "snapshot-standard"),
    ("efs_cold_storage_gb", "EFS cold storage", "AWSBackup", "efs", "cold-storage"),
    ("efs_storage_gb", "EFS recovery points", "AWSBackup", "efs", "warm-storage"),
    ("rds_storage_gb", "RDS recovery points", "AmazonRDS", "backup", "backup-storage"),
    ("aurora_storage_gb", "Aurora recovery points", "AmazonRDS", "aurora-storage", "backup"),
    ("dynamodb_storage_gb", "DynamoDB recovery points", "AWSBackup", "dynamodb", "warm-storage"),
    ("s3_storage_gb", "S3 recovery points", "AWSBackup", "s3", "warm-storage"),
)
# Restores of other resources are free. The highest price first.
RESTORED = (
    ("dynamodb_storage_gb", "dynamodb", "restore"),
    ("s3_storage_gb", "s3", "restore"),
    ("efs_storage_gb", "efs", "restore-warm"),
)


@estimates(SNAPSHOT)
def snapshot(ctx: EstimationContext) -> None:
    """Only changed blocks are stored: the volume's size is the upper bound, and is expected."""
    _stored(ctx, ctx.related("volumeId", VOLUME))


@estimates("aws:ebs/snapshotCopy:SnapshotCopy")
def snapshot_copy(ctx: EstimationContext) -> None:
    source = ctx.related("sourceSnapshotId", SNAPSHOT)
    _stored(ctx, source.related("volumeId", VOLUME) if source is not None else None)


def _stored(ctx: EstimationContext, volume: EstimationContext | None) -> None:
    size = volume.number("size") if volume is not None and volume.has("size") else None
    stored = ctx.usage("storage_gb", None if size is None else 0, size, size)
    archived = ctx.text("storageTier", "standard") == "archive"
    key = "snapshot-archive" if archived else "snapshot-standard"
    ctx.charge("Snapshot storage", "AmazonEC2", "ebs", key, stored, times=ctx.months())


@estimates("aws:backup/vault:Vault")
def vault(ctx: EstimationContext) -> None:
    """Storage from usage only: a range cannot be assumed for a vault. Restores are billed at the
    highest rate of what it stores.
    """
    held = {usage: ctx.from_usage(usage) for usage, *_ in STORED}
    if all(stored is None for stored in held.values()):
        raise Unpriced(USAGE_MISSING, f"{', '.join(held)}: what the vault stores")
    for usage, what, service, family, key in STORED:
        ctx.charge(what, service, family, key, held[usage] or Range.of(0))
    restored = ctx.from_usage("monthly_restored_gb")
    if restored is None:
        return
    for usage, family, key in RESTORED:
        stored = held[usage]
        if stored is not None and not stored.is_zero:
            ctx.charge(f"Restores from {family}", "AWSBackup", family, key, restored)
            return
    ctx.note("restores of EBS, RDS and Aurora recovery points are free")
