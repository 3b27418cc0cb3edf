"""ElastiCache, MemoryDB and DAX."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimate_with_prices,
    estimates_of,
    lines_by_name,
    price,
    resource,
)

CLUSTER = "aws:elasticache/cluster:Cluster"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SERVERLESS = "aws:elasticache/serverlessCache:ServerlessCache"


def test_a_cluster_bills_each_node_of_its_engine():
    inputs = {"engine": "memcached", "nodeType": "cache.m5.large", "numCacheNodes": 3}
    rate = price("AmazonElastiCache", "memcached-node", "cache.m5.large", EU)
    assert lines_by_name(estimate_of(CLUSTER, inputs, region=EU, usage={"monthly_hours": 100})) == {
        "cache.m5.large memcached nodes": (D(300), 300 * rate)
    }


@pytest.mark.parametrize(
    ("shape", "nodes"),
    [
        ({}, 1),
        ({"numCacheClusters": 3}, 3),
        ({"replicasPerNodeGroup": 2}, 3),
        ({"numNodeGroups": 3, "replicasPerNodeGroup": 1}, 6),
        ({"nodeGroupConfigurations": [{"replicaCount": 2}, {"replicaCount": 1}]}, 6),
    ],
)
def test_a_replication_group_bills_shards_times_primary_and_replicas(shape, nodes):
    lines = lines_by_name(estimate_of(GROUP, {"nodeType": "cache.r6g.large", "engine": "valkey", **shape}))
    rate = price("AmazonElastiCache", "valkey-node", "cache.r6g.large")
    assert lines == {"cache.r6g.large valkey nodes": (D(nodes * 730), nodes * 730 * rate)}


def test_a_cluster_that_joins_a_group_is_one_more_of_its_nodes():
    group = resource(
        GROUP, {"nodeType": "cache.r6g.large", "engine": "redis", "engineVersion": "7.1"}, name="group"
    )
    depends_on = {"replicationGroupId": (GROUP, "group")}
    lines = lines_by_name(estimate_of(CLUSTER, {"replicationGroupId": UNKNOWN}, group, depends_on=depends_on))
    assert lines["cache.r6g.large redis nodes"] == (
        D(730),
        730 * price("AmazonElastiCache", "redis-node", "cache.r6g.large"),
    )
    lost = estimate_of(CLUSTER, {"replicationGroupId": "elsewhere"})
    assert lost.reason.startswith("value unknown until deploy: replicationGroupId")


def test_more_replicas_cost_their_nodes():
    inputs = {"nodeType": "cache.t4g.micro", "engine": "redis", "numCacheClusters": 1}
    step = resource(GROUP, {**inputs, "numCacheClusters": 2}, op="update")
    step["oldState"] = {**step["newState"], "inputs": inputs}
    estimate = estimates_of(step)[0]
    rate = price("AmazonElastiCache", "redis-node", "cache.t4g.micro")
    assert estimate.after.expected - estimate.before.expected == 730 * rate


def test_support_of_old_redis_and_snapshots_without_a_price_are_unpriced():
    inputs = {"nodeType": "cache.r6g.large", "engine": "redis", "engineVersion": "5.0.6"}
    (missing,) = estimate_of(GROUP, inputs).unpriced_lines
    assert missing.startswith("Extended support: no price in this region: AmazonElastiCache extended-support")
    current = {**inputs, "engineVersion": "7.1"}
    usage = {"snapshot_storage_gb": 100}
    assert lines_by_name(estimate_of(GROUP, current, usage=usage))["Snapshots"] == (D(100), D("8.5"))
    assert estimate_of(GROUP, current, region=EU, usage=usage).reason.startswith("no price in this region")
    assert any(
        "snapshot_storage_gb" in note
        for note in estimate_of(GROUP, {**current, "snapshotRetentionLimit": 7}).notes
    )


def test_a_serverless_cache_bills_at_least_the_minimum_of_its_engine():
    usage = {"average_data_stored_gb": 0, "monthly_ecpus": 1_000_000_000}
    valkey = lines_by_name(estimate_of(SERVERLESS, {"engine": "valkey"}, region=EU, usage=usage))
    assert valkey == {"Data stored": (D(73), 73 * D("0.101")), "Processing units": (D(1000), D("2.7"))}
    redis = lines_by_name(
        estimate_of(SERVERLESS, {"engine": "redis"}, usage={**usage, "average_data_stored_gb": 5})
    )
    assert redis["Data stored"] == (D(3650), 3650 * D("0.125"))
    limited = {
        "engine": "redis",
        "cacheUsageLimits": {"dataStorage": {"minimum": 2, "maximum": 4, "unit": "GB"}},
    }
    after = estimate_of(SERVERLESS, limited, usage={"monthly_ecpus": 0}).after
    assert (after.low, after.high) == (2 * 730 * D("0.125"), 4 * 730 * D("0.125"))


def test_memorydb_and_most_of_dax_have_no_prices():
    memorydb = "aws:memorydb/cluster:Cluster"
    assert estimate_of(memorydb, {"nodeType": "db.r6g.large"}).reason.startswith(
        "no price in this region: AmazonMemoryDB redis-node db.r6g.large"
    )
    dax = "aws:dax/cluster:Cluster"
    assert dollars(estimate_of(dax, {"nodeType": "dax.t3.small", "replicationFactor": 3})) == 3 * 730 * D(
        "0.04"
    )
    assert estimate_of(dax, {"nodeType": "dax.r5.large", "replicationFactor": 3}).reason.startswith(
        "no price in this region"
    )


def test_scaling_targets_of_shards_and_replicas_give_the_range():
    def target(what: str, low: int, high: int) -> dict:
        inputs = {
            "resourceId": "replication-group/main",
            "scalableDimension": f"elasticache:replication-group:{what}",
            "minCapacity": low,
            "maxCapacity": high,
        }
        return resource("aws:appautoscaling/target:Target", inputs, name=what)

    inputs = {
        "replicationGroupId": "main",
        "nodeType": "cache.r6g.large",
        "engine": "valkey",
        "numNodeGroups": 2,
        "replicasPerNodeGroup": 1,
    }
    after = estimate_of(GROUP, inputs, target("NodeGroups", 1, 4), target("Replicas", 1, 2)).after
    node = 730 * price("AmazonElastiCache", "valkey-node", "cache.r6g.large")
    assert (after.low, after.expected, after.high) == (2 * node, 4 * node, 12 * node)


def test_old_redis_and_memorydb_bill_their_nodes_once_they_have_a_price():
    rows = {
        ("AmazonElastiCache", "extended-support", "cache.r6g.large"): "0.1",
        ("AmazonMemoryDB", "redis-node", "db.r6g.large"): "0.3",
        ("AmazonMemoryDB", "redis", "data-written"): "0.2",
        ("AmazonMemoryDB", "backup", "snapshot-storage"): "0.02",
    }
    old = {"nodeType": "cache.r6g.large", "engine": "redis", "engineVersion": "5.0.6", "numCacheClusters": 2}
    assert lines_by_name(estimate_with_prices(rows, resource(GROUP, old)))["Extended support"] == (
        D(1460),
        D(146),
    )
    memorydb = "aws:memorydb/cluster:Cluster"
    usage = {"monthly_data_written_gb": 10, "snapshot_storage_gb": 100}
    inputs = {"nodeType": "db.r6g.large", "numShards": 2, "numReplicasPerShard": 2}
    assert lines_by_name(estimate_with_prices(rows, resource(memorydb, inputs), usage=usage)) == {
        "db.r6g.large nodes": (D(6 * 730), 6 * 730 * D("0.3")),
        "Data written": (D(10), D(2)),
        "Snapshots": (D(100), D(2)),
    }
    nodes, written = after_lines(estimate_with_prices(rows, resource(memorydb, {"nodeType": "db.r6g.large"})))
    assert nodes.quantity.expected == 1460
    assert (written.quantity.low, written.quantity.expected, written.quantity.high) == (0, 100, 1000)


def test_what_a_serverless_cache_assumes_lies_within_its_limits():
    stored, units = after_lines(estimate_of(SERVERLESS, {"engine": "redis"}))
    assert (stored.quantity.low, stored.quantity.expected, stored.quantity.high) == (730, 730, 7300)
    assert (units.quantity.low, units.quantity.expected, units.quantity.high) == (0, 100, 1000)
    limits = {"ecpuPerSeconds": [{"minimum": 1000}], "dataStorage": {"maximum": 1}}
    stored, units = after_lines(estimate_of(SERVERLESS, {"engine": "redis", "cacheUsageLimits": limits}))
    assert stored.quantity.high == 730
    assert units.quantity.low == units.quantity.high == 1000 * 730 * 3600 / D(1_000_000)
    assert not any("snapshot" in note for note in estimate_of(GROUP, {"nodeType": "cache.r6g.large"}).notes)
