"""Amazon EFS and the Amazon FSx family."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

EFS, FSX = "AmazonEFS", "AmazonFSx"
# Standard storage includes 50 KiB/s for each GB, so 20 GB include 1 MiB/s; EFS pricing page, 2026-10.
GB_PER_MIBPS = 20
IOPS_PER_GB = 3  # of SSD storage, included; FSx pricing pages, 2026-10


@estimates("aws:efs/fileSystem:FileSystem")
def efs(ctx: EstimationContext) -> None:
    """All data is assumed to be in Standard, the class of the highest price, unless usage says otherwise."""
    one_zone = ctx.has("availabilityZoneName")
    mode = ctx.text("throughputMode", "bursting")
    standard = ctx.usage("standard_storage_gb", 0, 100, 1_000)
    ctx.charge("Standard storage", EFS, "one-zone" if one_zone else "standard", "storage", standard)
    infrequent = "one-zone-ia" if one_zone else "standard-ia"
    legacy = not one_zone and mode != "elastic"
    key = "storage-legacy-throughput-modes" if legacy else "storage"
    ctx.charge(
        "Infrequent Access storage",
        EFS,
        infrequent,
        key,
        _from_usage_or_zero(ctx, "infrequent_access_storage_gb"),
    )
    ctx.charge("Archive storage", EFS, "archive", "storage", _from_usage_or_zero(ctx, "archive_storage_gb"))
    for what, family, key, usage in (
        ("Infrequent Access read", infrequent, "tiered-read", "monthly_infrequent_access_read_gb"),
        ("Infrequent Access tiering", infrequent, "tiered-write", "monthly_infrequent_access_write_gb"),
        ("Archive read", "archive", "tiered-read", "monthly_archive_read_gb"),
        ("Archive tiering", "archive", "tiered-write", "monthly_archive_write_gb"),
    ):
        ctx.charge(what, EFS, family, key, _from_usage_or_zero(ctx, usage))
    reads = ctx.usage("monthly_elastic_read_gb", 0, 100, 1_000)
    writes = ctx.usage("monthly_elastic_write_gb", 0, 100, 1_000)
    if mode == "elastic":
        ctx.charge("Elastic reads", EFS, "elastic-throughput", "read", reads)
        ctx.charge("Elastic writes", EFS, "elastic-throughput", "write", writes)
    elif mode == "provisioned":
        provisioned = ctx.number("provisionedThroughputInMibps")
        billed = Range(
            max(provisioned - standard.high / GB_PER_MIBPS, Decimal(0)),
            max(provisioned - standard.expected / GB_PER_MIBPS, Decimal(0)),
            max(provisioned - standard.low / GB_PER_MIBPS, Decimal(0)),
            standard.assumed,
        )
        ctx.charge("Provisioned throughput", EFS, "provisioned-throughput", "throughput", billed)


def _from_usage_or_zero(ctx: EstimationContext, key: str) -> Range:
    return ctx.from_usage(key) or NOTHING


@estimates("aws:fsx/windowsFileSystem:WindowsFileSystem")
def fsx_windows(ctx: EstimationContext) -> None:
    """Single-AZ and SSD are the provider's defaults; automatic backups are retained for 7 days."""
    zone = "multi-az" if ctx.text("deploymentType", "SINGLE_AZ_1").startswith("MULTI_AZ") else "single-az"
    family = f"windows-{zone}"
    disk = ctx.text("storageType", "SSD").lower()
    size = ctx.number("storageCapacity")
    months = ctx.months()
    ctx.charge(f"{disk.upper()} storage", FSX, family, f"{disk}-storage", size, times=months)
    speed = ctx.number("throughputCapacity")
    ctx.charge("Throughput", FSX, family, "throughput", speed, times=months)
    _iops(ctx, family, size, months)
    _backups(ctx, "windows", size, 7)


@estimates("aws:fsx/lustreFileSystem:LustreFileSystem")
def fsx_lustre(ctx: EstimationContext) -> None:
    """Scratch on SSD is the provider's default; a persistent file system's rate depends on its throughput."""
    kind = ctx.text("deploymentType", "SCRATCH_1").lower().replace("_", "-")
    disk = ctx.text("storageType", "SSD").lower()
    key = f"{kind}-{disk}"
    if kind.startswith("persistent"):
        key += f"-{ctx.number('perUnitStorageThroughput'):f}"
        key += "-with-cache" if ctx.text("driveCacheType", "NONE") == "READ" else ""
    size = ctx.number("storageCapacity")
    months = ctx.months()
    ctx.charge("Storage", FSX, "lustre", key, size, times=months)
    if ctx.text("metadataConfiguration.mode", "AUTOMATIC") == "USER_PROVISIONED":
        iops = ctx.number("metadataConfiguration.iops")
        ctx.charge("Metadata IOPS", FSX, "lustre", "metadata-iops", iops, times=months)
    _backups(ctx, "lustre", size, 0)


@estimates("aws:fsx/openZfsFileSystem:OpenZfsFileSystem")
def fsx_openzfs(ctx: EstimationContext) -> None:
    deployment = ctx.text("deploymentType")
    plain = deployment in ("SINGLE_AZ_1", "SINGLE_AZ_2")
    family = "openzfs-single-az" if plain else f"openzfs-{deployment.lower().replace('_', '-')}"
    size = ctx.number("storageCapacity")
    months = ctx.months()
    ctx.charge("SSD storage", FSX, family, "ssd-storage", size, times=months)
    ctx.charge("Throughput", FSX, family, "throughput", ctx.number("throughputCapacity"), times=months)
    _iops(ctx, family, size, months)
    _backups(ctx, "openzfs", size, 0)


@estimates("aws:fsx/ontapFileSystem:OntapFileSystem")
def fsx_ontap(ctx: EstimationContext) -> None:
    """SSD storage and throughput of every high-availability pair; the capacity pool has no usage key."""
    family = f"ontap-{ctx.text('deploymentType').lower().replace('_', '-')}"
    pairs = ctx.number("haPairs", 1)
    size = ctx.number("storageCapacity")
    months = ctx.months()
    ctx.charge("SSD storage", FSX, family, "ssd-storage", size, times=months)
    per_pair = ctx.number("throughputCapacityPerHaPair", 0) * pairs
    speed = ctx.number("throughputCapacity", per_pair)
    ctx.charge("Throughput", FSX, family, "throughput", speed, times=months)
    _iops(ctx, family, size, months)
    _backups(ctx, "ontap", size, 0)


def _iops(ctx: EstimationContext, family: str, size: Decimal, months: Range) -> None:
    if ctx.text("diskIopsConfiguration.mode", "AUTOMATIC") == "USER_PROVISIONED":
        above = max(ctx.number("diskIopsConfiguration.iops") - IOPS_PER_GB * size, Decimal(0))
        ctx.charge("SSD IOPS above included", FSX, family, "ssd-iops", above, times=months)


def _backups(ctx: EstimationContext, family: str, size: Decimal, default_days: int) -> None:
    """From usage, else at most the size of the file system where automatic backups are on."""
    has_backups = ctx.number("automaticBackupRetentionDays", default_days) > 0
    stored = ctx.usage("backup_storage_gb", 0, *((size / 2, size) if has_backups else (0, 0)))
    ctx.charge("Backups", FSX, family, "backup", stored)


BACKUP_FAMILIES = {
    "aws:fsx/windowsFileSystem:WindowsFileSystem": "windows",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "lustre",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": "openzfs",
    "aws:fsx/ontapFileSystem:OntapFileSystem": "ontap",
}


@estimates("aws:fsx/backup:Backup")
def fsx_backup(ctx: EstimationContext) -> None:
    """Backup storage at the rate of the file system's kind; at most its capacity."""
    source = ctx.related("fileSystemId", *BACKUP_FAMILIES)
    if source is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "fileSystemId: the file system is not in the preview")
    most = source.number("storageCapacity")
    stored = ctx.usage("storage_gb", 0, most / 2, most)
    ctx.charge("Backup storage", "AmazonFSx", BACKUP_FAMILIES[source.type], "backup", stored)
