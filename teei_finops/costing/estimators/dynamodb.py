"""Amazon DynamoDB tables: capacity, storage, indexes, replicas, streams and backups."""

from __future__ import annotations

from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.scaling_targets import between, scaling_targets
from teei_finops.costing.inputs import Inputs

SERVICE = "AmazonDynamoDB"
READ, WRITE = "ReadCapacityUnits", "WriteCapacityUnits"


@estimates("aws:dynamodb/table:Table")
def table(ctx: EstimationContext) -> None:
    """Provisioned is the provider's default mode. With replicas every write is a replicated one in each
    Region, and each replica has the table's capacity and storage again (DynamoDB pricing page, 2026-10).
    """
    infrequent = ctx.text("tableClass", "STANDARD") == "STANDARD_INFREQUENT_ACCESS"
    replicas = [replica.text("regionName") for replica in ctx.items("replicas")]
    stored = ctx.usage("storage_gb", 0, 10, 100)
    for region in [None, *replicas]:
        if ctx.text("billingMode", "PROVISIONED") == "PAY_PER_REQUEST":
            _on_demand(ctx, region, infrequent, bool(replicas))
        else:
            _provisioned(ctx, region, infrequent, bool(replicas))
        key = "infrequent-access" if infrequent else "standard"
        allowance = None if infrequent else "storage-standard"
        ctx.charge(
            _in("Storage", region), SERVICE, "storage", key, stored, region=region, allowance=allowance
        )
    _backups(ctx, stored)
    streaming = ctx.flag("streamEnabled")
    reads = ctx.usage("monthly_streams_read_requests", 0, *((1_000_000, 10_000_000) if streaming else (0, 0)))
    ctx.charge("Stream reads", SERVICE, "streams", "read-request-units", reads)


def _on_demand(ctx: EstimationContext, region: str | None, infrequent: bool, replicated: bool) -> None:
    family = "on-demand-ia" if infrequent else "on-demand"
    reads = ctx.usage("monthly_read_request_units", 0, 1_000_000, 10_000_000)
    writes = ctx.usage("monthly_write_request_units", 0, 1_000_000, 10_000_000)
    if region is None:
        ctx.charge("Read request units", SERVICE, family, "read-request-units", reads)
    key = "replicated-write-request-units" if replicated else "write-request-units"
    ctx.charge(_in("Write request units", region), SERVICE, family, key, writes, region=region)


def _provisioned(ctx: EstimationContext, region: str | None, infrequent: bool, replicated: bool) -> None:
    family = "provisioned-ia" if infrequent else "provisioned"
    hours = ctx.hours()
    reads, writes = capacity(ctx)
    ctx.charge(
        _in("Read capacity", region),
        SERVICE,
        family,
        "rcu",
        reads * hours,
        region=region,
        allowance=None if infrequent else "provisioned-rcu",
    )
    ctx.charge(
        _in("Write capacity", region),
        SERVICE,
        family,
        "rwcu" if replicated else "wcu",
        writes * hours,
        region=region,
        allowance=None if infrequent or replicated else "provisioned-wcu",
    )


def capacity(ctx: EstimationContext) -> tuple[Range, Range]:
    """Read and write units of the table and its indexes, between the bounds of their scaling targets."""
    name = ctx.raw.get("name")
    targets = scaling_targets(ctx, f"table/{name}" if isinstance(name, str) else None)
    reads = _scaled(ctx, targets, "table", READ, "readCapacity")
    writes = _scaled(ctx, targets, "table", WRITE, "writeCapacity")
    for index in ctx.items("globalSecondaryIndexes"):
        label = index.text("name", "")
        own = scaling_targets(ctx, f"table/{name}/index/{label}") if isinstance(name, str) else []
        reads += _scaled(index, own, "index", READ, "readCapacity")
        writes += _scaled(index, own, "index", WRITE, "writeCapacity")
    return reads, writes


def _scaled(values: Inputs, targets: list[EstimationContext], what: str, dimension: str, path: str) -> Range:
    now = values.number(path, 1)
    for target in targets:
        if target.text("scalableDimension", "") == f"dynamodb:{what}:{dimension}":
            return between(target, now)
    return Range.of(now)


def _backups(ctx: EstimationContext, stored: Range) -> None:
    """Point-in-time recovery is billed by the size of the table; other backups when the profile sets them."""
    recovery = ctx.flag("pointInTimeRecovery.enabled")
    covered = ctx.from_usage("pitr_storage_gb") or (stored if recovery else NOTHING)
    ctx.charge("Point-in-time recovery", SERVICE, "backup", "pitr", covered)
    for replica in ctx.items("replicas"):
        if replica.flag("pointInTimeRecovery"):
            region = replica.text("regionName")
            what = _in("Point-in-time recovery", region)
            ctx.charge(
                what, SERVICE, "backup", "pitr", ctx.from_usage("pitr_storage_gb") or stored, region=region
            )
    backups = ctx.from_usage("on_demand_backup_storage_gb") or NOTHING
    ctx.charge("On-demand backups", SERVICE, "backup", "on-demand", backups)


def _in(what: str, region: str | None) -> str:
    return f"{what}, replica in {region}" if region else what
