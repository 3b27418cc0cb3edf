"""Amazon RDS: instances, proxies and snapshots; Aurora is in `aurora.py`."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, USAGE_MISSING, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.database_instances import (
    RDS,
    backup_above_free,
    charge_database_credits,
    charge_extended_support,
    charge_gp3,
    charge_insights,
    charge_public_address,
    engine_family,
    inherited,
    lifecycle_disabled,
)
from teei_finops.costing.estimators.vcpus import vcpus
from teei_finops.costing.inputs import Inputs

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
PROXY_TARGET = "aws:rds/proxyTarget:ProxyTarget"
# A dedicated log volume is 1,024 GiB with 3,000 IOPS (RDS user guide, 2026-10).
LOG_GB, LOG_IOPS = 1_024, 3_000
LEAST_PROXY_VCPUS, LEAST_PROXY_ACUS = 2, 8


@estimates(INSTANCE)
def instance(ctx: EstimationContext) -> None:
    """Hours, storage, provisioned IOPS, backups, extended support; a Multi-AZ price includes the standby.

    A read replica has the engine and storage of its source. Storage is billed also while it is stopped.
    """
    source = ctx.related("replicateSourceDb", INSTANCE)
    engine = engine_family(inherited(ctx, source, "engine"))
    kind = ctx.text("instanceClass")
    copies = 2 if ctx.flag("multiAz") else 1
    zone = "multi-az" if copies == 2 else "single-az"
    hours = ctx.hours()
    ctx.charge(f"{kind} {engine}, {zone.replace('-az', ' AZ')}", RDS, f"{engine}-{zone}", kind, hours)
    size = _storage(ctx, source, zone)
    charge_database_credits(ctx, kind, engine)
    charge_insights(ctx, hours * (vcpus(kind) * copies), ctx.text("databaseInsightsMode", "standard"))
    charge_public_address(ctx, hours)
    if ctx.number("backupRetentionPeriod", 0) or ctx.from_usage("additional_backup_storage_gb") is not None:
        backups = backup_above_free(ctx, size)
        ctx.charge("Backups above the free amount", RDS, "backup", "backup-storage", backups)
    version = _version(ctx, source)
    if version:
        cpu_hours = hours * (vcpus(kind) * copies)
        charge_extended_support(ctx, engine, version, lifecycle_disabled(ctx), cpu_hours)


def _version(ctx: EstimationContext, source: EstimationContext | None) -> str:
    version = inherited(ctx, source, "engineVersion", "") or ctx.output("engineVersionActual") or ""
    if not version:
        ctx.note("no engine version is set: the default one assumed, in standard support")
    return version if isinstance(version, str) else ""


def _storage(ctx: EstimationContext, source: EstimationContext | None, zone: str) -> Range:
    """Up to maxAllocatedStorage at the high end. The default type is io1 with IOPS, else gp2 (provider).

    The size of a database restored from a snapshot is known only on deploy.
    """
    owner = source if source is not None and not ctx.has("allocatedStorage") else ctx
    deployed_size = owner.output("allocatedStorage")
    deployed = not owner.has("allocatedStorage") and isinstance(deployed_size, (int, str))
    allocated = Inputs({"allocatedStorage": deployed_size} if deployed else owner.raw).number(
        "allocatedStorage"
    )
    size = Range(allocated, allocated, max(allocated, ctx.number("maxAllocatedStorage", 0)))
    typed = source if source is not None and not ctx.has("storageType") and not ctx.has("iops") else ctx
    kind = typed.text("storageType", "io1" if typed.has("iops") else "gp2")
    family = f"storage-{zone}"
    if kind == "standard":
        ctx.charge("Magnetic storage", RDS, family, "magnetic", size)
        requests = ctx.usage("monthly_standard_io_requests", 0, 1_000_000, 10_000_000)
        ctx.charge("Magnetic I/O", RDS, family, "magnetic-io", requests)
        return size
    ctx.charge(f"{kind} storage", RDS, family, kind, size)
    if kind in ("io1", "io2"):
        ctx.charge(f"{kind} IOPS", RDS, family, f"{kind}-iops", typed.number("iops"))
    elif kind == "gp3":
        charge_gp3(ctx, typed, inherited(ctx, source, "engine"), allocated, family)
    if ctx.flag("dedicatedLogVolume"):
        ctx.charge(f"Dedicated log volume, {kind}", RDS, family, kind, LOG_GB)
        if kind in ("io1", "io2"):
            ctx.charge("Dedicated log volume, IOPS", RDS, family, f"{kind}-iops", LOG_IOPS)
    return size


@estimates("aws:rds/proxy:Proxy")
def proxy(ctx: EstimationContext) -> None:
    """The vCPUs of the databases behind it, at least 2, or ACUs, at least 8
    (https://aws.amazon.com/rds/proxy/pricing/, 2026-10).
    """
    hours = ctx.hours()
    units = ctx.from_usage("target_average_acu")
    cpus = ctx.from_usage("target_vcpus")
    if units is None and cpus is None:
        cpus, units = _behind(ctx)
    if cpus is not None:
        billed = cpus.map(lambda n: max(n, Decimal(LEAST_PROXY_VCPUS)))
        ctx.charge("Proxied vCPUs", RDS, "proxy", "provisioned", hours * billed)
    if units is not None:
        billed = units.map(lambda n: max(n, Decimal(LEAST_PROXY_ACUS)))
        ctx.charge("Proxied capacity units", RDS, "proxy", "aurora-serverless-v2", hours * billed)


def _behind(ctx: EstimationContext) -> tuple[Range | None, Range | None]:
    cpus, units = 0, Range.of(0)
    for target in ctx.referring(PROXY_TARGET, "dbProxyName"):
        database = target.related("dbInstanceIdentifier", INSTANCE)
        if database is not None:
            cpus += vcpus(database.text("instanceClass"))
        cluster = target.related("dbClusterIdentifier", CLUSTER)
        for member in cluster.referring(CLUSTER_INSTANCE, "clusterIdentifier") if cluster else ():
            kind = member.text("instanceClass")
            if kind == "db.serverless" and cluster:
                units = units + serverless_range(cluster)
            else:
                cpus += vcpus(kind)
    if not cpus and units.is_zero:
        raise Unpriced(USAGE_MISSING, "target_vcpus: the databases behind it are not in the preview")
    return Range.of(cpus) if cpus else None, None if units.is_zero else units


def serverless_range(cluster: EstimationContext) -> Range:
    """Capacity units from minimum to maximum of a cluster; the middle is expected."""
    for path in ("serverlessv2ScalingConfiguration", "serverlessV2ScalingConfiguration"):
        scaling = cluster.part(path)
        if scaling.has("maxCapacity"):
            low, high = scaling.number("minCapacity", Decimal("0.5")), scaling.number("maxCapacity")
            return Range(low, (low + high) / 2, high, assumed=low != high)
    raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "the cluster has no serverless v2 scaling configuration")


@estimates("aws:rds/snapshot:Snapshot")
def snapshot(ctx: EstimationContext) -> None:
    """At most the size of the database, since manual snapshots share its free amount."""
    source = ctx.related("dbInstanceIdentifier", INSTANCE)
    size = source.number("allocatedStorage") if source is not None else None
    stored = ctx.usage("storage_gb", None if size is None else 0, size, size)
    ctx.charge("Snapshot storage", RDS, "backup", "backup-storage", stored)


@estimates("aws:rds/clusterSnapshot:ClusterSnapshot")
def cluster_snapshot(ctx: EstimationContext) -> None:
    """Aurora's rate, unless the cluster in the preview is a Multi-AZ DB cluster of RDS."""
    source = ctx.related("dbClusterIdentifier", CLUSTER)
    if source is not None and not source.text("engine").startswith("aurora"):
        size = source.number("allocatedStorage")
        ctx.charge(
            "Snapshot storage", RDS, "backup", "backup-storage", ctx.usage("storage_gb", 0, size, size)
        )
        return
    ctx.charge("Snapshot storage", RDS, "aurora-storage", "backup", ctx.usage("storage_gb", 0, 100, 1_000))
