"""gp3 volumes of RDS by engine, and Performance Insights by capacity unit."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
    amounts_by_name,
    estimate_of,
    estimate_with_prices,
    resource,
)

INSTANCE, CLUSTER = "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"
RDS = "AmazonRDS"


def gp3(engine: str, size: int, **settings: int) -> dict:
    return {
        "engine": engine,
        "instanceClass": "db.m6i.large",
        "storageType": "gp3",
        "allocatedStorage": size,
        **settings,
    }


@pytest.mark.parametrize(
    ("engine", "size", "iops", "throughput"),
    [
        ("oracle-se2", 200, 3_000, 100),
        ("oracle-se2", 199, 0, 0),
        ("mysql", 400, 3_000, 100),
        ("mysql", 399, 0, 0),
        ("sqlserver-se", 20, 12_000, 475),
    ],
)
def test_an_engine_bills_iops_and_throughput_above_what_its_gp3_volume_includes(
    engine, size, iops, throughput
):
    prices = {
        (RDS, f"{engine}-single-az", "db.m6i.large"): "1",
        (RDS, "storage-single-az", "gp3-iops"): "0.02",
        (RDS, "storage-single-az", "gp3-throughput"): "0.08",
    }
    inputs = gp3(engine, size, iops=15_000, storageThroughput=600)
    estimate = estimate_with_prices(prices, resource(INSTANCE, inputs))
    amounts = amounts_by_name(estimate)
    assert sum(usd for what, usd in amounts.items() if "IOPS" in what) == iops * D("0.02")
    assert sum(usd for what, usd in amounts.items() if "throughput" in what) == throughput * D("0.08")
    assert any(note.startswith("AWS refuses IOPS") for note in estimate.notes) == (not iops)


def test_a_multi_az_cluster_bills_iops_above_what_its_gp3_volumes_include():
    inputs = {
        "engine": "postgres",
        "dbClusterInstanceClass": "db.r6gd.large",
        "storageType": "gp3",
        "allocatedStorage": 400,
        "iops": 13_000,
    }
    standbys = "multi-az-readable-standbys"
    prices = {
        (RDS, f"postgresql-{standbys}", "db.r6gd.large"): "1",
        (RDS, f"storage-{standbys}", "gp3-iops"): "0.06",
    }
    amounts = amounts_by_name(estimate_with_prices(prices, resource(CLUSTER, inputs)))
    assert amounts["gp3 IOPS above 12,000"] == 1_000 * D("0.06")
    small = estimate_with_prices(prices, resource(CLUSTER, {**inputs, "allocatedStorage": 399}))
    assert "gp3 IOPS above 12,000" not in amounts_by_name(small)


def test_a_serverless_instance_bills_performance_insights_by_capacity_unit():
    cluster = resource(
        CLUSTER,
        {
            "engine": "aurora-postgresql",
            "serverlessv2ScalingConfiguration": {"minCapacity": 4, "maxCapacity": 4},
        },
        name="c",
        id="c",
    )
    inputs = {
        "engine": "aurora-postgresql",
        "instanceClass": "db.serverless",
        "clusterIdentifier": "c",
        "performanceInsightsEnabled": True,
        "performanceInsightsRetentionPeriod": 31,
    }
    prices = {(RDS, "performance-insights", "retention-31-days-acu"): "3"}
    estimate = estimate_with_prices(prices, resource(MEMBER, inputs), cluster)
    assert amounts_by_name(estimate)["Performance Insights"] == 4 * D(3)
    assert estimate_of(MEMBER, inputs, cluster).reason.startswith(
        "no price in this region: AmazonRDS performance-insights retention-31-days-acu"
    )
