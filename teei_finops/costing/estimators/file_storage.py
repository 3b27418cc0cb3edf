"""Amazon EFS and the Amazon FSx family."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject

EFS, FSX = "AmazonEFS", "AmazonFSx"
# Standard storage brings 50 KiB/s a GB, so 20 GB bring 1 MiB/s that is not billed; EFS pricing page, 2026-10.
GB_PER_MIBPS = 20
IOPS_PER_GB = 3  # of SSD storage, included; FSx pricing pages, 2026-10


@estimates("aws:efs/fileSystem:FileSystem")
def efs(r: Subject) -> None:
    """All data is taken to stay in the standard class, the dearest, unless the profile says otherwise."""
    one_zone = r.has("availabilityZoneName")
    mode = r.text("throughputMode", "bursting")
    standard = r.usage("standard_storage_gb", 0, 100, 1_000)
    r.charge("Standard storage", EFS, "one-zone" if one_zone else "standard", "storage", standard)
    infrequent = "one-zone-ia" if one_zone else "standard-ia"
    legacy = not one_zone and mode != "elastic"
    key = "storage-legacy-throughput-modes" if legacy else "storage"
    r.charge("Infrequent Access storage", EFS, infrequent, key, _stated(r, "infrequent_access_storage_gb"))
    r.charge("Archive storage", EFS, "archive", "storage", _stated(r, "archive_storage_gb"))
    for what, family, key, usage in (
        ("Infrequent Access read", infrequent, "tiered-read", "monthly_infrequent_access_read_gb"),
        ("Infrequent Access tiering", infrequent, "tiered-write", "monthly_infrequent_access_write_gb"),
        ("Archive read", "archive", "tiered-read", "monthly_archive_read_gb"),
        ("Archive tiering", "archive", "tiered-write", "monthly_archive_write_gb"),
    ):
        r.charge(what, EFS, family, key, _stated(r, usage))
    reads = r.usage("monthly_elastic_read_gb", 0, 100, 1_000)
    writes = r.usage("monthly_elastic_write_gb", 0, 100, 1_000)
    if mode == "elastic":
        r.charge("Elastic reads", EFS, "elastic-throughput", "read", reads)
        r.charge("Elastic writes", EFS, "elastic-throughput", "write", writes)
    elif mode == "provisioned":
        provisioned = r.number("provisionedThroughputInMibps")
        billed = Range(
            max(provisioned - standard.high / GB_PER_MIBPS, Decimal(0)),
            max(provisioned - standard.expected / GB_PER_MIBPS, Decimal(0)),
            max(provisioned - standard.low / GB_PER_MIBPS, Decimal(0)),
            standard.assumed,
        )
        r.charge("Provisioned throughput", EFS, "provisioned-throughput", "throughput", billed)


def _stated(r: Subject, key: str) -> Range:
    return r.stated(key) or NOTHING


@estimates("aws:fsx/windowsFileSystem:WindowsFileSystem")
def fsx_windows(r: Subject) -> None:
    """Single-AZ and SSD are the provider's defaults; automatic backups are kept for 7 days."""
    zone = "multi-az" if r.text("deploymentType", "SINGLE_AZ_1").startswith("MULTI_AZ") else "single-az"
    family = f"windows-{zone}"
    disk = r.text("storageType", "SSD").lower()
    size = r.number("storageCapacity")
    months = r.months()
    r.charge(f"{disk.upper()} storage", FSX, family, f"{disk}-storage", size, times=months)
    speed = r.number("throughputCapacity")
    r.charge("Throughput", FSX, family, "throughput", speed, times=months)
    _iops(r, family, size, months)
    _backups(r, "windows", size, 7)


@estimates("aws:fsx/lustreFileSystem:LustreFileSystem")
def fsx_lustre(r: Subject) -> None:
    """Scratch on SSD is the provider's default; a persistent file system's rate depends on its throughput."""
    kind = r.text("deploymentType", "SCRATCH_1").lower().replace("_", "-")
    disk = r.text("storageType", "SSD").lower()
    key = f"{kind}-{disk}"
    if kind.startswith("persistent"):
        key += f"-{r.number('perUnitStorageThroughput'):f}"
        key += "-with-cache" if r.text("driveCacheType", "NONE") == "READ" else ""
    size = r.number("storageCapacity")
    months = r.months()
    r.charge("Storage", FSX, "lustre", key, size, times=months)
    if r.text("metadataConfiguration.mode", "AUTOMATIC") == "USER_PROVISIONED":
        iops = r.number("metadataConfiguration.iops")
        r.charge("Metadata IOPS", FSX, "lustre", "metadata-iops", iops, times=months)
    _backups(r, "lustre", size, 0)


@estimates("aws:fsx/openZfsFileSystem:OpenZfsFileSystem")
def fsx_openzfs(r: Subject) -> None:
    deployment = r.text("deploymentType")
    plain = deployment in ("SINGLE_AZ_1", "SINGLE_AZ_2")
    family = "openzfs-single-az" if plain else f"openzfs-{deployment.lower().replace('_', '-')}"
    size = r.number("storageCapacity")
    months = r.months()
    r.charge("SSD storage", FSX, family, "ssd-storage", size, times=months)
    r.charge("Throughput", FSX, family, "throughput", r.number("throughputCapacity"), times=months)
    _iops(r, family, size, months)
    _backups(r, "openzfs", size, 0)


@estimates("aws:fsx/ontapFileSystem:OntapFileSystem")
def fsx_ontap(r: Subject) -> None:
    """SSD storage and throughput of every high-availability pair; the capacity pool has no usage key."""
    family = f"ontap-{r.text('deploymentType').lower().replace('_', '-')}"
    pairs = r.number("haPairs", 1)
    size = r.number("storageCapacity")
    months = r.months()
    r.charge("SSD storage", FSX, family, "ssd-storage", size, times=months)
    per_pair = r.number("throughputCapacityPerHaPair", 0) * pairs
    speed = r.number("throughputCapacity", per_pair)
    r.charge("Throughput", FSX, family, "throughput", speed, times=months)
    _iops(r, family, size, months)
    _backups(r, "ontap", size, 0)


def _iops(r: Subject, family: str, size: Decimal, months: Range) -> None:
    if r.text("diskIopsConfiguration.mode", "AUTOMATIC") == "USER_PROVISIONED":
        above = max(r.number("diskIopsConfiguration.iops") - IOPS_PER_GB * size, Decimal(0))
        r.charge("SSD IOPS above included", FSX, family, "ssd-iops", above, times=months)


def _backups(r: Subject, family: str, size: Decimal, default_days: int) -> None:
    """Stated, else as much as the file system at most where automatic backups are on."""
    kept = r.number("automaticBackupRetentionDays", default_days) > 0
    stored = r.usage("backup_storage_gb", 0, *((size / 2, size) if kept else (0, 0)))
    r.charge("Backups", FSX, family, "backup", stored)
