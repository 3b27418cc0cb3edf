"""Amazon Aurora clusters and their instances, and Multi-AZ DB clusters of RDS."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.database_instances import (
    RDS,
    charge_database_credits,
    charge_extended_support,
    charge_gp3,
    charge_insights,
    charge_public_address,
    engine_family,
    inherited,
    lifecycle_disabled,
)
from teei_finops.costing.estimators.rds import CLUSTER, CLUSTER_INSTANCE, serverless_range
from teei_finops.costing.estimators.scaling_targets import between, scaling_targets
from teei_finops.costing.estimators.vcpus import vcpus
from teei_finops.costing.preview.values import is_unknown

OPTIMIZED = "aurora-iopt1"
SERVERLESS = "db.serverless"


@estimates(CLUSTER)
def cluster(ctx: EstimationContext) -> None:
    """Aurora bills storage, I/O (not when I/O-optimized) and backups on the cluster, hours on its instances.

    Assumed without usage: 10 GB (Aurora's minimum) to 1 TB.
    """
    engine = engine_family(ctx.text("engine"))
    if not engine.startswith("aurora"):
        _multi_az(ctx, engine)
        return
    if ctx.text("engineMode", "provisioned") == "serverless":
        ctx.charge("Capacity units", RDS, "aurora-serverless-v1", "standard", ctx.hours())
    optimized = ctx.text("storageType", "") == OPTIMIZED
    stored = ctx.usage("storage_gb", 10, 100, 1_000)
    key = "io-optimized" if optimized else "standard"
    ctx.charge(f"Aurora storage, {key}", RDS, "aurora-storage", key, stored)
    requests = ctx.usage("monthly_io_requests", 0, 10_000_000, 100_000_000)
    if not optimized:
        ctx.charge("Aurora I/O", RDS, "aurora-storage", "io-requests", requests)
    backups = ctx.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), stored.high)
    ctx.charge("Backups above the free amount", RDS, "aurora-storage", "backup", backups)
    _export(ctx, "aurora-storage")
    _scaled_readers(ctx, engine, key)
    if ctx.number("backtrackWindow", 0):
        ctx.note("backtrack change records are not in this figure")


def _scaled_readers(ctx: EstimationContext, engine: str, tier: str) -> None:
    """Readers that a scaling target adds; they have the class of the cluster's other instances."""
    identifier = ctx.raw.get("clusterIdentifier")
    targets = scaling_targets(ctx, f"cluster:{identifier}" if isinstance(identifier, str) else None)
    if not targets:
        return
    members = ctx.referring(CLUSTER_INSTANCE, "clusterIdentifier")
    readers = Decimal(max(len(members) - 1, 0))
    added = between(targets[0], readers).map(lambda count: max(count - readers, Decimal(0)))
    if added.is_zero:
        return
    kind = members[0].text("instanceClass") if members else ""
    if not kind:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "the class of the readers that its scaling target adds")
    if kind == SERVERLESS:
        units = serverless_range(ctx) * added * ctx.hours()
        ctx.charge("Capacity units of added readers", RDS, "aurora-serverless-v2", tier, units)
    else:
        ctx.charge(f"Added readers, {kind}", RDS, f"{engine}-{tier}", kind, ctx.hours(), times=added)


def _export(ctx: EstimationContext, family: str) -> None:
    exported = ctx.from_usage("monthly_snapshot_export_gb") or NOTHING
    ctx.charge("Snapshot export", RDS, family, "snapshot-export", exported)


def _multi_az(ctx: EstimationContext, engine: str) -> None:
    """One writer and two readable standbys; the price rows of this deployment are for all three."""
    family = f"{engine}-multi-az-readable-standbys"
    kind = ctx.text("dbClusterInstanceClass")
    ctx.charge(f"{kind} {engine}, three instances", RDS, family, kind, ctx.hours())
    storage = "storage-multi-az-readable-standbys"
    disk = ctx.text("storageType", "io1")
    size = ctx.number("allocatedStorage")
    ctx.charge(f"{disk} storage", RDS, storage, disk, size)
    if disk in ("io1", "io2"):
        ctx.charge(f"{disk} IOPS", RDS, storage, f"{disk}-iops", ctx.number("iops"))
    elif disk == "gp3":
        charge_gp3(ctx, ctx, engine, size, storage)
    backups = ctx.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), size)
    ctx.charge("Backups above the free amount", RDS, "backup", "backup-storage", backups)
    _export(ctx, "backup")
    version = ctx.text("engineVersion", "")
    if version:
        hours = ctx.hours() * (vcpus(kind) * 3)
        charge_extended_support(ctx, engine, version, lifecycle_disabled(ctx), hours)


@estimates(CLUSTER_INSTANCE)
def cluster_instance(ctx: EstimationContext) -> None:
    """Instance-hours in the storage family of its cluster; ACU-hours when it is `db.serverless`."""
    owner = ctx.related("clusterIdentifier", CLUSTER)
    engine = engine_family(inherited(ctx, owner, "engine"))
    kind, hours = ctx.text("instanceClass"), ctx.hours()
    if owner is None:
        ctx.note("its cluster is not in the preview: standard storage assumed")
    optimized = owner is not None and owner.text("storageType", "") == OPTIMIZED
    tier = "io-optimized" if optimized else "standard"
    if kind == SERVERLESS:
        units = _capacity(ctx, owner)
        ctx.charge(f"Capacity units, {tier}", RDS, "aurora-serverless-v2", tier, units * hours)
        quantity = units * hours
    else:
        ctx.charge(f"{kind} {engine}, {tier}", RDS, f"{engine}-{tier}", kind, hours)
        charge_database_credits(ctx, kind, engine)
        quantity = hours * vcpus(kind)
    mode = owner.text("databaseInsightsMode", "standard") if owner else "standard"
    charge_insights(ctx, quantity, mode, "acu" if kind == SERVERLESS else "vcpu")
    charge_public_address(ctx, hours)
    version = _version(ctx, owner)
    if version:
        disabled = owner is not None and lifecycle_disabled(owner)
        charge_extended_support(ctx, engine, version, disabled, quantity, serverless=kind == SERVERLESS)


def _version(ctx: EstimationContext, owner: EstimationContext | None) -> str:
    """That of the cluster, whatever the instance declares; blank where neither has one."""
    if owner is not None and owner.has("engineVersion") and not is_unknown(owner.raw["engineVersion"]):
        return owner.text("engineVersion")
    return inherited(ctx, owner, "engineVersion", "")


def _capacity(ctx: EstimationContext, owner: EstimationContext | None) -> Range:
    average = ctx.from_usage("average_acu")
    if average is not None:
        return average
    if owner is None:
        return ctx.usage("average_acu")
    return serverless_range(owner)
