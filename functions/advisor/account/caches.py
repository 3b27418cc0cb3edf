"""ElastiCache nodes: idle or oversized."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from functions.advisor.account.context import Account, Metric, tags_of
from functions.advisor.account.sizes import smaller
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding

# The metrics that count reads and writes, by engine:
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html (Valkey has the same) and
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Memcached.html, 2026-11
_REDIS_COMMANDS = ("GetTypeCmds", "SetTypeCmds")
_COMMANDS = {"memcached": ("CmdGet", "CmdSet"), "redis": _REDIS_COMMANDS, "valkey": _REDIS_COMMANDS}
# The memory of the small burstable nodes as a share of the next size, by size; it is half for all others:
# cache.t4g.micro has 0.5 GiB, cache.t4g.small 1.37, cache.t4g.medium 3.09
# (https://dragonflydb.io/finops/elasticache, from AWS's price list, 2026-11).
_MEMORY_SHARE = {"micro": 0.36, "small": 0.44}


def _clusters(account: Account) -> list[dict[str, Any]]:
    return [
        cluster
        for cluster in account.items("elasticache", "describe_cache_clusters", "CacheClusters")
        if cluster["CacheClusterStatus"] == "available"
    ]


def _unit(cluster: dict[str, Any]) -> str:
    """What a change applies to: the replication group of a cluster, or the cluster itself."""
    return cluster.get("ReplicationGroupId") or cluster["CacheClusterId"]


def _values(account: Account, clusters: list[dict[str, Any]], name: str, statistic: str) -> list[list[float]]:
    return account.values(
        [
            Metric("AWS/ElastiCache", name, statistic, {"CacheClusterId": c["CacheClusterId"]})
            for c in clusters
        ]
    )


def idle_caches(account: Account) -> Iterator[Finding]:
    """Clusters that were neither read nor written in the window, or since they were created.

    The clusters of a replication group are idle only together, because the change deletes the group.
    """
    clusters = [cluster for cluster in _clusters(account) if cluster["Engine"] in _COMMANDS]
    metrics = [
        Metric("AWS/ElastiCache", name, "Sum", {"CacheClusterId": cluster["CacheClusterId"]})
        for cluster in clusters
        for name in _COMMANDS[cluster["Engine"]]
    ]
    commands = account.values(metrics)
    cpu = _values(account, clusters, "CPUUtilization", "Maximum")
    used = {
        _unit(cluster)
        for number, cluster in enumerate(clusters)
        if not cpu[number] or sum(commands[2 * number]) + sum(commands[2 * number + 1])
    }
    for cluster in clusters:
        if _unit(cluster) in used:
            continue
        name = cluster["CacheClusterId"]
        group = cluster.get("ReplicationGroupId")
        command = (
            f"delete-replication-group --replication-group-id {group}"
            if group
            else f"delete-cache-cluster --cache-cluster-id {name}"
        )
        yield _finding(
            account,
            "idle-cache",
            cluster,
            evidence=f"{_described(cluster)}; no read or write in {_days(account, cluster)}",
            change=f"verify before deleting: aws elasticache --region {account.region} {command}",
            saving=_price(account, cluster, cluster["CacheNodeType"]),
        )


def oversized_caches(account: Account) -> Iterator[Finding]:
    """Redis and Valkey clusters whose CPU and memory stayed below the setting.

    Those of a replication group are oversized only together, because all its nodes have one type.
    """
    clusters = [cluster for cluster in _clusters(account) if cluster["Engine"] != "memcached"]
    cpu = _values(account, clusters, "CPUUtilization", "Maximum")
    memory = _values(account, clusters, "DatabaseMemoryUsagePercentage", "Maximum")
    limit = float(account.settings.oversized_cpu * 100)
    measured = list(zip(clusters, cpu, memory, strict=True))
    needed = {
        _unit(cluster)
        for cluster, cpu_values, memory_values in measured
        if not cpu_values
        or not memory_values
        or max(cpu_values) >= limit
        or max(memory_values) >= limit * _memory_share(smaller(cluster["CacheNodeType"])) / 0.5
    }
    for cluster, cpu_values, memory_values in measured:
        kind = smaller(cluster["CacheNodeType"])
        if not kind or _unit(cluster) in needed:
            continue
        before, after = _price(account, cluster, cluster["CacheNodeType"]), _price(account, cluster, kind)
        if before is None or after is None:
            continue  # the family does not have this size, or the price book has no price for it
        group = cluster.get("ReplicationGroupId")
        command = (
            f"modify-replication-group --replication-group-id {group}"
            if group
            else f"modify-cache-cluster --cache-cluster-id {cluster['CacheClusterId']}"
        )
        yield _finding(
            account,
            "oversized-cache",
            cluster,
            evidence=f"{_described(cluster)}; in {_days(account, cluster)} at most "
            f"{max(cpu_values):.0f} % of the CPU and {max(memory_values):.0f} % of the memory",
            change=f"aws elasticache --region {account.region} {command} --cache-node-type {kind} "
            "--apply-immediately",
            saving=before - after,
        )


def _memory_share(kind: str) -> float:
    return _MEMORY_SHARE.get(kind.rpartition(".")[2], 0.5)


def _price(account: Account, cluster: dict[str, Any], kind: str) -> Decimal | None:
    """US dollars a month of all nodes of a cluster."""
    price = account.prices.hourly_month(
        account.region, "AmazonElastiCache", f"{cluster['Engine']}-node", kind
    )
    return None if price is None else price * cluster["NumCacheNodes"]


def _days(account: Account, cluster: dict[str, Any]) -> str:
    return account.days_of(cluster["CacheClusterCreateTime"])


def _described(cluster: dict[str, Any]) -> str:
    return f"{cluster['NumCacheNodes']} x {cluster['CacheNodeType']}, {cluster['Engine']}"


def _finding(
    account: Account,
    rule: str,
    cluster: dict[str, Any],
    *,
    evidence: str,
    change: str,
    saving: Decimal | None,
) -> Finding:
    arn = cluster["ARN"]
    answer = account.aws.call("elasticache", "list_tags_for_resource", account.region, ResourceName=arn)
    return account.finding(
        rule,
        arn,
        evidence=evidence,
        change=change,
        saving=saving,
        confidence=account.confidence(cluster["CacheClusterCreateTime"], Confidence.MEDIUM),
        tags=tags_of(answer["TagList"]),
        bill=BillLine("Amazon ElastiCache", "NodeUsage"),
        commitment=Commitment.RESERVATION,
    )
