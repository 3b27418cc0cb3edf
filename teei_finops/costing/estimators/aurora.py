"""Amazon Aurora clusters and their instances, and Multi-AZ DB clusters of RDS."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.database import (
    RDS,
    charge_database_credits,
    charge_extended_support,
    charge_insights,
    charge_public_address,
    engine_family,
    inherited,
    lifecycle_disabled,
)
from teei_finops.costing.estimators.rds import CLUSTER, CLUSTER_INSTANCE, serverless_range
from teei_finops.costing.estimators.scaling import between, scaling_targets
from teei_finops.costing.estimators.sizes import vcpus

OPTIMIZED = "aurora-iopt1"
SERVERLESS = "db.serverless"


@estimates(CLUSTER)
def cluster(r: Subject) -> None:
    """Aurora bills storage, I/O (not when I/O-optimized) and backups on the cluster, hours on its instances.

    Assumed without usage: 10 GB (the least Aurora allocates) to 1 TB.
    """
    engine = engine_family(r.text("engine"))
    if not engine.startswith("aurora"):
        _multi_az(r, engine)
        return
    if r.text("engineMode", "provisioned") == "serverless":
        r.charge("Capacity units", RDS, "aurora-serverless-v1", "standard", r.hours())
    optimized = r.text("storageType", "") == OPTIMIZED
    stored = r.usage("storage_gb", 10, 100, 1_000)
    key = "io-optimized" if optimized else "standard"
    r.charge(f"Aurora storage, {key}", RDS, "aurora-storage", key, stored)
    requests = r.usage("monthly_io_requests", 0, 10_000_000, 100_000_000)
    if not optimized:
        r.charge("Aurora I/O", RDS, "aurora-storage", "io-requests", requests)
    backups = r.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), stored.high)
    r.charge("Backups above the free amount", RDS, "aurora-storage", "backup", backups)
    _export(r, "aurora-storage")
    _scaled_readers(r, engine, key)
    if r.number("backtrackWindow", 0):
        r.note("backtrack change records are not in this figure")


def _scaled_readers(r: Subject, engine: str, tier: str) -> None:
    """Readers that a scaling target adds to those of the program; they take the class of the others."""
    identifier = r.raw.get("clusterIdentifier")
    targets = scaling_targets(r, f"cluster:{identifier}" if isinstance(identifier, str) else None)
    if not targets:
        return
    members = r.referring(CLUSTER_INSTANCE, "clusterIdentifier")
    readers = Decimal(max(len(members) - 1, 0))
    added = between(targets[0], readers).map(lambda count: max(count - readers, Decimal(0)))
    if added.is_zero:
        return
    kind = members[0].text("instanceClass") if members else ""
    if not kind:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "the class of the readers that its scaling target adds")
    if kind == SERVERLESS:
        units = serverless_range(r) * added * r.hours()
        r.charge("Capacity units of added readers", RDS, "aurora-serverless-v2", tier, units)
    else:
        r.charge(f"Added readers, {kind}", RDS, f"{engine}-{tier}", kind, r.hours(), times=added)


def _export(r: Subject, family: str) -> None:
    exported = r.stated("monthly_snapshot_export_gb") or NOTHING
    r.charge("Snapshot export", RDS, family, "snapshot-export", exported)


def _multi_az(r: Subject, engine: str) -> None:
    """One writer and two readable standbys; the price rows of this deployment are for all three."""
    family = f"{engine}-multi-az-readable-standbys"
    kind = r.text("dbClusterInstanceClass")
    r.charge(f"{kind} {engine}, three instances", RDS, family, kind, r.hours())
    storage = "storage-multi-az-readable-standbys"
    disk = r.text("storageType", "io1")
    size = r.number("allocatedStorage")
    r.charge(f"{disk} storage", RDS, storage, disk, size)
    if disk in ("io1", "io2"):
        r.charge(f"{disk} IOPS", RDS, storage, f"{disk}-iops", r.number("iops"))
    backups = r.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), size)
    r.charge("Backups above the free amount", RDS, "backup", "backup-storage", backups)
    _export(r, "backup")
    version = r.text("engineVersion", "")
    if version:
        hours = r.hours() * (vcpus(kind) * 3)
        charge_extended_support(r, engine, version, lifecycle_disabled(r), hours)


@estimates(CLUSTER_INSTANCE)
def cluster_instance(r: Subject) -> None:
    """Instance-hours in the storage family of its cluster; ACU-hours when it is `db.serverless`."""
    owner = r.related("clusterIdentifier", CLUSTER)
    engine = engine_family(inherited(r, owner, "engine"))
    kind, hours = r.text("instanceClass"), r.hours()
    if owner is None:
        r.note("its cluster is not in the preview: standard storage assumed")
    optimized = owner is not None and owner.text("storageType", "") == OPTIMIZED
    tier = "io-optimized" if optimized else "standard"
    if kind == SERVERLESS:
        units = _capacity(r, owner)
        r.charge(f"Capacity units, {tier}", RDS, "aurora-serverless-v2", tier, units * hours)
        quantity = units * hours
    else:
        r.charge(f"{kind} {engine}, {tier}", RDS, f"{engine}-{tier}", kind, hours)
        charge_database_credits(r, kind, engine)
        quantity = hours * vcpus(kind)
    charge_insights(r, kind, hours, owner.text("databaseInsightsMode", "standard") if owner else "standard")
    charge_public_address(r, hours)
    version = inherited(r, owner, "engineVersion", "")
    if version:
        disabled = owner is not None and lifecycle_disabled(owner)
        charge_extended_support(r, engine, version, disabled, quantity, serverless=kind == SERVERLESS)


def _capacity(r: Subject, owner: Subject | None) -> Range:
    stated = r.stated("average_acu")
    if stated is not None:
        return stated
    if owner is None:
        return r.usage("average_acu")
    return serverless_range(owner)
