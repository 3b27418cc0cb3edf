"""DocumentDB and Neptune clusters and instances."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    estimate_of,
    estimate_with_prices,
    lines_by_name,
    price,
    resource,
)

DOC, DOC_INSTANCE = "aws:docdb/cluster:Cluster", "aws:docdb/clusterInstance:ClusterInstance"
GRAPH, GRAPH_INSTANCE = "aws:neptune/cluster:Cluster", "aws:neptune/clusterInstance:ClusterInstance"
USAGE = {"storage_gb": 100, "monthly_io_requests": 20_000_000, "additional_backup_storage_gb": 10}


@pytest.mark.parametrize("token", [DOC, GRAPH])
def test_clusters_bill_storage_io_and_backups(token):
    assert lines_by_name(estimate_of(token, {}, region=EU, usage=USAGE)) == {
        "Storage, standard": (D(100), D("11.9")),
        "I/O requests": (D(20), D("4.4")),
        "Backups above the free amount": (D(10), D("0.23")),
    }
    assert all(line.assumed for line in after_lines(estimate_of(token, {})))


def test_io_optimized_storage_bills_no_requests_and_is_unpriced_without_a_row():
    lines = lines_by_name(estimate_of(GRAPH, {"storageType": "iopt1"}, usage=USAGE))
    assert lines["Storage, io-optimized"] == (D(100), D("22.5"))
    assert "I/O requests" not in lines
    assert estimate_of(DOC, {"storageType": "iopt1"}, usage=USAGE).reason.startswith(
        "no price in this region: AmazonDocDB storage io-optimized"
    )


def test_instances_bill_hours_in_the_tier_of_a_cluster_known_by_dependency():
    inputs = {"instanceClass": "db.r6g.large", "clusterIdentifier": UNKNOWN}
    cluster = resource(GRAPH, {"storageType": "iopt1"}, name="graph")
    depends_on = {"clusterIdentifier": (GRAPH, "graph")}
    lines = lines_by_name(estimate_of(GRAPH_INSTANCE, inputs, cluster, region=EU, depends_on=depends_on))
    rate = price("AmazonNeptune", "instance-io-optimized", "db.r6g.large", EU)
    assert lines == {"db.r6g.large, io-optimized": (D(730), 730 * rate)}
    doc = resource(DOC, {"engineVersion": "5.0.0", "clusterIdentifier": "d"}, name="doc")
    inputs = {**inputs, "clusterIdentifier": "d"}
    assert lines_by_name(estimate_of(DOC_INSTANCE, inputs, doc, usage={"monthly_hours": 100})) == {
        "db.r6g.large, standard": (D(100), D("26.315"))
    }


def test_serverless_instances_range_over_the_capacity_of_their_cluster():
    inputs = {"instanceClass": "db.serverless", "clusterIdentifier": "g"}
    scaling = {"serverlessV2ScalingConfiguration": {"minCapacity": 1, "maxCapacity": 3}}
    cluster = resource(GRAPH, {"clusterIdentifier": "g", **scaling}, name="graph")
    after = estimate_of(GRAPH_INSTANCE, inputs, cluster).after
    unit = 730 * D("0.1608")
    assert (after.low, after.expected, after.high) == (unit, 2 * unit, 3 * unit)
    assert estimate_of(GRAPH_INSTANCE, inputs).reason.startswith(
        "value unknown until deploy: clusterIdentifier"
    )


def test_support_of_old_engines_missing_classes_and_credits_without_rows_are_unpriced():
    old = resource(DOC, {"engineVersion": "3.6.0", "clusterIdentifier": "d"}, name="doc")
    inputs = {"instanceClass": "db.r5.large", "clusterIdentifier": "d"}
    (missing,) = estimate_of(DOC_INSTANCE, inputs, old).unpriced_lines
    assert missing.startswith("Extended support: no price in this region: AmazonDocDB extended-support 3.6.0")
    assert estimate_of(DOC_INSTANCE, inputs, region=EU).reason.startswith(
        "no price in this region: AmazonDocDB"
    )
    small = {"instanceClass": "db.t3.medium", "clusterIdentifier": "d"}
    credits = {"monthly_surplus_cpu_credit_hours": 10}
    assert lines_by_name(estimate_of(DOC_INSTANCE, small, usage=credits))["Surplus CPU credits"] == (
        D(10),
        D("0.9"),
    )
    assert estimate_of(GRAPH_INSTANCE, small, usage=credits).reason.startswith(
        "no price in this region: AmazonNeptune cpu-credits t3"
    )


def test_extended_support_of_documentdb_is_by_vcpu_hour_once_it_has_a_price():
    rows = {("AmazonDocDB", "extended-support", "3.6.0"): "0.1"}
    old = resource(DOC, {"engineVersion": "3.6.0", "clusterIdentifier": "d"}, name="doc")
    inputs = {"instanceClass": "db.r5.4xlarge", "clusterIdentifier": "d"}
    lines = lines_by_name(estimate_with_prices(rows, resource(DOC_INSTANCE, inputs), old))
    assert lines["Extended support"] == (D(16 * 730), D("1168"))


def test_what_clusters_assume_and_graphs_in_public():
    storage, requests, backups = after_lines(estimate_of(DOC, {}))
    assert (storage.quantity.low, storage.quantity.expected, storage.quantity.high) == (10, 100, 1000)
    assert (requests.quantity.low, requests.quantity.expected, requests.quantity.high) == (0, 10, 100)
    assert (backups.quantity.low, backups.quantity.expected, backups.quantity.high) == (0, 0, 1000)
    public = {"instanceClass": "db.r6g.large", "clusterIdentifier": "g", "publiclyAccessible": True}
    estimate = estimate_of(GRAPH_INSTANCE, public)
    assert lines_by_name(estimate)["Public IPv4 address"] == (D(730), D("3.65"))
    assert any("standard storage assumed" in note for note in estimate.notes)
