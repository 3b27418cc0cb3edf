"""Databases and caches that another instance or node decides on, from recorded answers of AWS."""

from datetime import UTC, datetime

import pytest

from functions.advisor.account.caches import idle_caches, oversized_caches
from functions.advisor.account.databases import idle_databases
from tests.functions.advisor.test_sources import account
from tests.functions.cost_data.recorded_aws import RecordedAws

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def metrics(values):
    """`values` by the resource and the metric; 0 for another one."""

    def answer(MetricDataQueries, **_):
        results = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            key = metric["Dimensions"][0]["Value"], metric["MetricName"]
            results.append({"Id": query["Id"], "Values": [float(values.get(key, 0))]})
        return {"MetricDataResults": results}

    return answer


def caches(values):
    """A replication group of a primary and a replica."""
    nodes = [
        {
            "CacheClusterId": name, "ReplicationGroupId": "sessions", "Engine": "valkey",
            "CacheClusterStatus": "available", "CacheNodeType": "cache.m7g.xlarge", "NumCacheNodes": 1,
            "CacheClusterCreateTime": CREATED,
            "ARN": f"arn:aws:elasticache:us-east-1:111111111111:cluster:{name}",
        }
        for name in ("primary", "replica")
    ]  # fmt: skip
    aws = RecordedAws(
        elasticache__describe_cache_clusters={"CacheClusters": nodes},
        elasticache__list_tags_for_resource={"TagList": []},
        cloudwatch__get_metric_data=metrics(values),
    )
    return account(aws)


def test_a_replica_without_commands_of_its_own_is_not_idle_while_its_primary_is_read():
    read = {("primary", "GetTypeCmds"): 500}
    assert list(idle_caches(caches(read))) == []
    assert list(idle_caches(caches({("replica", "GetTypeCmds"): 500}))) == []
    idle = list(idle_caches(caches({})))
    assert [finding.resource.rpartition(":")[2] for finding in idle] == ["primary", "replica"]
    assert all("delete-replication-group --replication-group-id sessions" in f.change for f in idle)


@pytest.mark.parametrize("metric", ["CPUUtilization", "DatabaseMemoryUsagePercentage"])
def test_a_node_is_oversized_only_with_all_nodes_of_its_group(metric):
    assert list(oversized_caches(caches({("primary", metric): 75}))) == []
    assert len(list(oversized_caches(caches({("primary", metric): 20})))) == 2


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"Engine": "postgres"}, " --final-db-snapshot-identifier db-final"),
        (
            {"Engine": "postgres", "ReadReplicaSourceDBInstanceIdentifier": "source"},
            " --skip-final-snapshot",
        ),
        ({"Engine": "aurora-postgresql", "DBClusterIdentifier": "cluster"}, ""),
    ],
)
def test_an_idle_database_is_deleted_with_the_snapshot_that_its_kind_allows(fields, options):
    instance = {
        "DBInstanceIdentifier": "db", "DBInstanceStatus": "available", "DBInstanceClass": "db.r6g.large",
        "EngineVersion": "16.4", "AllocatedStorage": 100, "StorageType": "gp3", "InstanceCreateTime": CREATED,
        "DBInstanceArn": "arn:aws:rds:us-east-1:111111111111:db:db",
    } | fields  # fmt: skip
    aws = RecordedAws(
        rds__describe_db_instances={"DBInstances": [instance]},
        cloudwatch__get_metric_data=metrics({}),
    )
    (finding,) = idle_databases(account(aws))
    assert finding.change.endswith(f"--db-instance-identifier db{options}")
