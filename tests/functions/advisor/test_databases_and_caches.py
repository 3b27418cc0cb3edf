"""Databases and caches that another instance or node decides on, from recorded answers of AWS."""

from datetime import UTC, datetime

import pytest

from functions.advisor.account.caches import idle_caches, oversized_caches
from functions.advisor.account.databases import idle_databases
from functions.advisor.account.sizes import smaller
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


def caches(values, node_type="cache.m7g.xlarge"):
    """A replication group of a primary and a replica."""
    nodes = [
        {
            "CacheClusterId": name, "ReplicationGroupId": "sessions", "Engine": "valkey",
            "CacheClusterStatus": "available", "CacheNodeType": node_type, "NumCacheNodes": 1,
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


def test_a_smaller_node_holds_the_data_of_one_that_is_filled_to_the_limit():
    filled = caches({("primary", "DatabaseMemoryUsagePercentage"): 39}, "cache.m7g.12xlarge")
    # cache.m7g.4xlarge has a third of the memory, less than the 39 % in use.
    changes = [finding.change for finding in oversized_caches(filled)]
    assert len(changes) == 2
    assert all("--cache-node-type cache.m7g.8xlarge " in change for change in changes)


def test_a_burstable_node_is_oversized_only_if_its_data_fills_the_smaller_one_to_80_percent():
    def evaluated(percent):
        memory = {("primary", "DatabaseMemoryUsagePercentage"): percent}
        return list(oversized_caches(caches(memory, "cache.t4g.small")))

    # 39 % of 1.37 GiB do not fit the 0.5 GiB of cache.t4g.micro; 28 % do.
    assert evaluated(39) == []
    assert len(evaluated(28)) == 2


@pytest.mark.parametrize(
    ("larger", "expected"),
    [
        ("db.r6g.2xlarge", "db.r6g.xlarge"), ("db.r6g.12xlarge", "db.r6g.8xlarge"),
        ("db.r6g.24xlarge", "db.r6g.12xlarge"), ("db.m4.10xlarge", ""), ("cache.t4g.nano", ""),
    ],
)  # fmt: skip
def test_the_next_smaller_size_has_at_least_half_the_memory(larger, expected):
    assert smaller(larger) == expected


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
