"""Amazon DocumentDB and Amazon Neptune: storage on the cluster, hours on its instances."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.database_instances import charge_public_address
from teei_finops.costing.estimators.rds import serverless_range
from teei_finops.costing.estimators.support_windows import support_of
from teei_finops.costing.estimators.vcpus import vcpus

DOCDB_CLUSTER = "aws:docdb/cluster:Cluster"
NEPTUNE_CLUSTER = "aws:neptune/cluster:Cluster"
OPTIMIZED = "iopt1"
SERVERLESS = "db.serverless"


@estimates(DOCDB_CLUSTER)
def docdb_cluster(ctx: EstimationContext) -> None:
    _cluster(ctx, "AmazonDocDB")


@estimates(NEPTUNE_CLUSTER)
def neptune_cluster(ctx: EstimationContext) -> None:
    _cluster(ctx, "AmazonNeptune")


@estimates("aws:docdb/clusterInstance:ClusterInstance")
def docdb_instance(ctx: EstimationContext) -> None:
    """Extended support is billed by vCPU-hour (DocumentDB pricing page, 2026-10)."""
    owner = ctx.related("clusterIdentifier", DOCDB_CLUSTER)
    _instance(ctx, owner, "AmazonDocDB", "t3-t4g")
    version = owner.text("engineVersion", "") if owner else ""
    if version and support_of(ctx, "AmazonDocDB", "documentdb", version).extended:
        hours = ctx.hours() * vcpus(ctx.text("instanceClass"))
        ctx.charge_option("Extended support", "AmazonDocDB", "extended-support", version, hours)


@estimates("aws:neptune/clusterInstance:ClusterInstance")
def neptune_instance(ctx: EstimationContext) -> None:
    owner = ctx.related("clusterIdentifier", NEPTUNE_CLUSTER)
    family = ctx.text("instanceClass").removeprefix("db.").partition(".")[0]
    _instance(ctx, owner, "AmazonNeptune", family)
    charge_public_address(ctx, ctx.hours())


def _cluster(ctx: EstimationContext, service: str) -> None:
    """Assumed without usage: 10 GB (the minimum) to 1 TB; I/O-optimized bills no I/O."""
    optimized = ctx.text("storageType", "") == OPTIMIZED
    key = "io-optimized" if optimized else "standard"
    stored = ctx.usage("storage_gb", 10, 100, 1_000)
    ctx.charge(f"Storage, {key}", service, "storage", key, stored)
    requests = ctx.usage("monthly_io_requests", 0, 10_000_000, 100_000_000)
    if not optimized:
        ctx.charge("I/O requests", service, "storage", "io-requests", requests)
    backups = ctx.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), stored.high)
    ctx.charge("Backups above the free amount", service, "storage", "backup", backups)


def _instance(
    ctx: EstimationContext, owner: EstimationContext | None, service: str, credits_key: str
) -> None:
    if owner is None:
        ctx.note("its cluster is not in the preview: standard storage assumed")
    optimized = owner is not None and owner.text("storageType", "") == OPTIMIZED
    tier = "io-optimized" if optimized else "standard"
    kind = ctx.text("instanceClass")
    if kind == SERVERLESS:
        if owner is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "clusterIdentifier: it is not in the preview")
        units = serverless_range(owner)
        ctx.charge(f"Capacity units, {tier}", service, "serverless", tier, units * ctx.hours())
        return
    ctx.charge(f"{kind}, {tier}", service, f"instance-{tier}", kind, ctx.hours())
    credits = ctx.from_usage("monthly_surplus_cpu_credit_hours")
    if credits is not None and kind.startswith("db.t"):
        ctx.charge("Surplus CPU credits", service, "cpu-credits", credits_key, credits)
