"""In-memory stores: Amazon ElastiCache, MemoryDB and DynamoDB Accelerator."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.scaling_targets import between, scaling_targets
from teei_finops.costing.estimators.support_windows import support_of

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SERVICE = "AmazonElastiCache"
MONTH_SECONDS = 730 * 3600
LEAST_GB = {"valkey": Decimal("0.1")}  # other engines 1 GB; ElastiCache pricing page, 2026-10


@estimates("aws:elasticache/cluster:Cluster")
def cache_cluster(ctx: EstimationContext) -> None:
    """Nodes by the hour; a member of a replication group has the group's node type and engine."""
    group = ctx.related("replicationGroupId", GROUP)
    if group is not None:
        _nodes(ctx, group, Range.of(1))
    elif ctx.has("replicationGroupId"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "replicationGroupId: it is not in the preview")
    else:
        _nodes(ctx, ctx, Range.of(ctx.number("numCacheNodes", 1)))


@estimates(GROUP)
def replication_group(ctx: EstimationContext) -> None:
    """Shards times one primary and its replicas, or numCacheClusters nodes (1 when neither is set)."""
    shards = ctx.number("numNodeGroups", ctx.count("nodeGroupConfigurations"))
    if not shards:
        nodes = ctx.number("numCacheClusters", ctx.number("replicasPerNodeGroup", 0) + 1)
        _nodes(ctx, ctx, Range.of(nodes))
        return
    replicas = ctx.number("replicasPerNodeGroup", _most_replicas(ctx))
    _nodes(ctx, ctx, _scaled(ctx, "NodeGroups", shards) * (_scaled(ctx, "Replicas", replicas) + 1))


def _scaled(ctx: EstimationContext, what: str, now: Decimal) -> Range:
    """Shards or replicas between the bounds of their scaling target."""
    identifier = ctx.raw.get("replicationGroupId")
    for target in scaling_targets(
        ctx, f"replication-group/{identifier}" if isinstance(identifier, str) else None
    ):
        if target.text("scalableDimension", "") == f"elasticache:replication-group:{what}":
            return between(target, now)
    return Range.of(now)


def _most_replicas(ctx: EstimationContext) -> Decimal:
    counts = [part.number("replicaCount", 0) for part in ctx.items("nodeGroupConfigurations")]
    return max(counts, default=Decimal(0))


def _nodes(ctx: EstimationContext, described: EstimationContext, nodes: Range) -> None:
    """Extended support is a percentage of the node's price (ElastiCache pricing page, 2026-10)."""
    engine = described.text("engine", "redis")
    kind = described.text("nodeType")
    hours = ctx.hours()
    ctx.charge(f"{kind} {engine} nodes", SERVICE, f"{engine}-node", kind, hours, times=nodes)
    version = described.text("engineVersion", "")
    if engine == "redis" and version and support_of(ctx, SERVICE, "redis", version).extended:
        ctx.charge_option("Extended support", SERVICE, "extended-support", kind, hours, times=nodes)
    snapshots = ctx.from_usage("snapshot_storage_gb") or NOTHING
    ctx.charge("Snapshots", SERVICE, "backup", "snapshot-storage", snapshots)
    if snapshots.is_zero and ctx.number("snapshotRetentionLimit", 0) > 1:
        ctx.note("snapshots beyond the free one are not in this figure; set snapshot_storage_gb")


@estimates("aws:elasticache/serverlessCache:ServerlessCache")
def serverless_cache(ctx: EstimationContext) -> None:
    """Data between the limits of the program, never less than the engine's minimum; assumed 1 to 10 GB and
    up to a billion processing units.
    """
    engine = ctx.text("engine")
    family = f"serverless-{engine}"
    least = max(LEAST_GB.get(engine, Decimal(1)), ctx.number("cacheUsageLimits.dataStorage.minimum", 0))
    most = ctx.number("cacheUsageLimits.dataStorage.maximum", max(least, Decimal(10)))
    expected = min(max(least, Decimal(1)), max(most, least))
    stored = ctx.usage("average_data_stored_gb", least, expected, max(most, least))
    stored = stored.map(lambda gigabytes: max(gigabytes, least))
    ctx.charge("Data stored", SERVICE, family, "data-stored", stored * ctx.hours())
    floor = MONTH_SECONDS * sum(
        part.number("minimum", 0) for part in ctx.items("cacheUsageLimits.ecpuPerSeconds")
    )
    units = ctx.usage("monthly_ecpus", floor, max(floor, 100_000_000), max(floor, 1_000_000_000))
    ctx.charge("Processing units", SERVICE, family, "ecpu", units.map(lambda n: max(n, Decimal(floor))))


@estimates("aws:memorydb/cluster:Cluster")
def memorydb(ctx: EstimationContext) -> None:
    """One shard and one replica each by default (the provider's defaults)."""
    kind = ctx.text("nodeType")
    nodes = ctx.number("numShards", 1) * (1 + ctx.number("numReplicasPerShard", 1))
    engine = ctx.text("engine", "redis")
    ctx.charge(f"{kind} nodes", "AmazonMemoryDB", f"{engine}-node", kind, ctx.hours(), times=Range.of(nodes))
    written = ctx.usage("monthly_data_written_gb", 0, 100, 1_000)
    ctx.charge("Data written", "AmazonMemoryDB", engine, "data-written", written)
    snapshots = ctx.from_usage("snapshot_storage_gb") or NOTHING
    ctx.charge("Snapshots", "AmazonMemoryDB", "backup", "snapshot-storage", snapshots)


@estimates("aws:dax/cluster:Cluster")
def dax(ctx: EstimationContext) -> None:
    kind = ctx.text("nodeType")
    nodes = Range.of(ctx.number("replicationFactor"))
    ctx.charge(f"{kind} nodes", "AmazonDAX", "node", kind, ctx.hours(), times=nodes)
