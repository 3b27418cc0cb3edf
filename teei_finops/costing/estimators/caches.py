"""In-memory stores: Amazon ElastiCache, MemoryDB and DynamoDB Accelerator."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.scaling import between, scaling_targets
from teei_finops.costing.estimators.support import support_of

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SERVICE = "AmazonElastiCache"
MONTH_SECONDS = 730 * 3600
LEAST_GB = {"valkey": Decimal("0.1")}  # other engines 1 GB; ElastiCache pricing page, 2026-10


@estimates("aws:elasticache/cluster:Cluster")
def cache_cluster(r: Subject) -> None:
    """Nodes by the hour; one that joins a replication group is a node of the group's type and engine."""
    group = r.related("replicationGroupId", GROUP)
    if group is not None:
        _nodes(r, group, Range.of(1))
    elif r.has("replicationGroupId"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "replicationGroupId: it is not in the preview")
    else:
        _nodes(r, r, Range.of(r.number("numCacheNodes", 1)))


@estimates(GROUP)
def replication_group(r: Subject) -> None:
    """Shards times one primary and its replicas, or numCacheClusters nodes (1 when neither is set)."""
    shards = r.number("numNodeGroups", r.count("nodeGroupConfigurations"))
    if not shards:
        nodes = r.number("numCacheClusters", r.number("replicasPerNodeGroup", 0) + 1)
        _nodes(r, r, Range.of(nodes))
        return
    replicas = r.number("replicasPerNodeGroup", _most_replicas(r))
    _nodes(r, r, _scaled(r, "NodeGroups", shards) * (_scaled(r, "Replicas", replicas) + 1))


def _scaled(r: Subject, what: str, now: Decimal) -> Range:
    """Shards or replicas between the bounds of their scaling target."""
    identifier = r.raw.get("replicationGroupId")
    for target in scaling_targets(
        r, f"replication-group/{identifier}" if isinstance(identifier, str) else None
    ):
        if target.text("scalableDimension", "") == f"elasticache:replication-group:{what}":
            return between(target, now)
    return Range.of(now)


def _most_replicas(r: Subject) -> Decimal:
    counts = [part.number("replicaCount", 0) for part in r.items("nodeGroupConfigurations")]
    return max(counts, default=Decimal(0))


def _nodes(r: Subject, described: Subject, nodes: Range) -> None:
    """Extended support is a percentage of the node's price (ElastiCache pricing page, 2026-10)."""
    engine = described.text("engine", "redis")
    kind = described.text("nodeType")
    hours = r.hours()
    r.charge(f"{kind} {engine} nodes", SERVICE, f"{engine}-node", kind, hours, times=nodes)
    version = described.text("engineVersion", "")
    if engine == "redis" and version and support_of(r, SERVICE, "redis", version).extended:
        r.charge("Extended support", SERVICE, "extended-support", kind, hours, times=nodes)
    snapshots = r.stated("snapshot_storage_gb") or NOTHING
    r.charge("Snapshots", SERVICE, "backup", "snapshot-storage", snapshots)
    if snapshots.is_zero and r.number("snapshotRetentionLimit", 0) > 1:
        r.note("snapshots beyond the free one are not in this figure; state snapshot_storage_gb")


@estimates("aws:elasticache/serverlessCache:ServerlessCache")
def serverless_cache(r: Subject) -> None:
    """Data between the limits of the program, never less than the engine's minimum; assumed 1 to 10 GB and
    up to a billion processing units.
    """
    engine = r.text("engine")
    family = f"serverless-{engine}"
    least = max(LEAST_GB.get(engine, Decimal(1)), r.number("cacheUsageLimits.dataStorage.minimum", 0))
    most = r.number("cacheUsageLimits.dataStorage.maximum", max(least, Decimal(10)))
    expected = min(max(least, Decimal(1)), max(most, least))
    stored = r.usage("average_data_stored_gb", least, expected, max(most, least))
    stored = stored.map(lambda gigabytes: max(gigabytes, least))
    r.charge("Data stored", SERVICE, family, "data-stored", stored * r.hours())
    floor = MONTH_SECONDS * sum(
        part.number("minimum", 0) for part in r.items("cacheUsageLimits.ecpuPerSeconds")
    )
    units = r.usage("monthly_ecpus", floor, max(floor, 100_000_000), max(floor, 1_000_000_000))
    r.charge("Processing units", SERVICE, family, "ecpu", units.map(lambda n: max(n, Decimal(floor))))


@estimates("aws:memorydb/cluster:Cluster")
def memorydb(r: Subject) -> None:
    """One shard and one replica each by default (the provider's defaults)."""
    kind = r.text("nodeType")
    nodes = r.number("numShards", 1) * (1 + r.number("numReplicasPerShard", 1))
    engine = r.text("engine", "redis")
    r.charge(f"{kind} nodes", "AmazonMemoryDB", f"{engine}-node", kind, r.hours(), times=Range.of(nodes))
    written = r.usage("monthly_data_written_gb", 0, 100, 1_000)
    r.charge("Data written", "AmazonMemoryDB", engine, "data-written", written)
    snapshots = r.stated("snapshot_storage_gb") or NOTHING
    r.charge("Snapshots", "AmazonMemoryDB", "backup", "snapshot-storage", snapshots)


@estimates("aws:dax/cluster:Cluster")
def dax(r: Subject) -> None:
    kind = r.text("nodeType")
    nodes = Range.of(r.number("replicationFactor"))
    r.charge(f"{kind} nodes", "AmazonDAX", "node", kind, r.hours(), times=nodes)
