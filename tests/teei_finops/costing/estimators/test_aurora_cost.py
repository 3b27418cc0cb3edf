"""Aurora clusters and instances, Multi-AZ DB clusters."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    estimate_of,
    estimate_with_prices,
    estimates_of,
    lines_by_name,
    price,
    resource,
)

CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
POSTGRES = {"engine": "aurora-postgresql", "engineVersion": "16.6"}
USAGE = {"storage_gb": 200, "monthly_io_requests": 50_000_000}


def cluster(**inputs) -> dict:
    return resource(CLUSTER, {**POSTGRES, "clusterIdentifier": "c", **inputs}, name="cluster", id="c")


def test_a_standard_cluster_bills_storage_and_io():
    lines = lines_by_name(
        estimate_of(CLUSTER, POSTGRES, usage={**USAGE, "additional_backup_storage_gb": 100})
    )
    assert lines == {
        "Aurora storage, standard": (D(200), D(20)),
        "Aurora I/O": (D(50), D(10)),
        "Backups above the free amount": (D(100), D("2.1")),
    }


def test_an_io_optimized_cluster_bills_higher_storage_rates_and_no_io():
    lines = lines_by_name(
        estimate_of(CLUSTER, {**POSTGRES, "storageType": "aurora-iopt1"}, region=EU, usage=USAGE)
    )
    assert lines["Aurora storage, io-optimized"] == (D(200), D("53.6"))
    assert "Aurora I/O" not in lines


def test_snapshot_export_is_billed_from_usage_and_unpriced_without_a_price():
    usage = {**USAGE, "monthly_snapshot_export_gb": 100}
    assert lines_by_name(estimate_of(CLUSTER, POSTGRES, usage=usage))["Snapshot export"] == (D(100), D(1))
    assert estimate_of(CLUSTER, POSTGRES, region=EU, usage=usage).reason.startswith("no price in this region")


@pytest.mark.parametrize(("storage", "family"), [("", "standard"), ("aurora-iopt1", "io-optimized")])
def test_an_instance_takes_the_storage_family_of_a_cluster_it_does_not_know_yet(storage, family):
    depends_on = {"clusterIdentifier": (CLUSTER, "cluster")}
    inputs = {"engine": "aurora-postgresql", "instanceClass": "db.r6g.large", "clusterIdentifier": UNKNOWN}
    owner = cluster(storageType=storage, clusterIdentifier=UNKNOWN)
    lines = lines_by_name(estimate_of(INSTANCE, inputs, owner, depends_on=depends_on))
    rate = price("AmazonRDS", f"aurora-postgresql-{family}", "db.r6g.large")
    assert lines == {f"db.r6g.large aurora-postgresql, {family}": (D(730), 730 * rate)}


def test_a_cluster_that_turns_io_optimized_changes_its_instances():
    owner = cluster(storageType="aurora-iopt1")
    owner["op"] = "update"
    owner["oldState"] = {**owner["newState"], "inputs": {**POSTGRES, "clusterIdentifier": "c"}}
    inputs = {"engine": "aurora-postgresql", "instanceClass": "db.r6g.large", "clusterIdentifier": "c"}
    change = estimates_of(resource(INSTANCE, inputs, op="same"), owner)[0]
    after, before = (
        price("AmazonRDS", f"aurora-postgresql-{tier}", "db.r6g.large")
        for tier in ("io-optimized", "standard")
    )
    assert change.after.expected - change.before.expected == 730 * (after - before)


def test_a_serverless_instance_ranges_over_the_capacity_of_its_cluster():
    inputs = {"engine": "aurora-postgresql", "instanceClass": "db.serverless", "clusterIdentifier": "c"}
    owner = cluster(serverlessv2ScalingConfiguration={"minCapacity": 1, "maxCapacity": 9})
    after = estimate_of(INSTANCE, inputs, owner).after
    acu = 730 * D("0.12")
    assert (after.low, after.expected, after.high) == (acu, 5 * acu, 9 * acu)
    from_usage = lines_by_name(
        estimate_of(INSTANCE, inputs, owner, usage={"average_acu": 2, "monthly_hours": 100})
    )
    assert from_usage["Capacity units, standard"] == (D(200), D(24))
    assert estimate_of(INSTANCE, inputs).reason == "usage missing: average_acu"


def test_extended_support_bills_vcpus_or_capacity_units():
    old = cluster(
        engine="aurora-mysql",
        engineVersion="5.7.mysql_aurora.2.12.1",
        serverlessv2ScalingConfiguration={"minCapacity": 2, "maxCapacity": 2},
    )
    inputs = {"engine": "aurora-mysql", "clusterIdentifier": "c", "instanceClass": "db.r5.large"}
    provisioned = lines_by_name(estimate_of(INSTANCE, inputs, old))
    assert provisioned["Extended support, year 3"] == (D(1460), 1460 * D("0.2"))
    serverless = lines_by_name(estimate_of(INSTANCE, {**inputs, "instanceClass": "db.serverless"}, old))
    assert serverless["Extended support, year 3"] == (D(1460), 1460 * D("0.17"))
    current = cluster(engine="aurora-mysql", engineVersion="8.0.mysql_aurora.3.08.0")
    assert len(lines_by_name(estimate_of(INSTANCE, inputs, current))) == 1


def test_credits_insights_and_missing_prices_of_instances():
    inputs = {**POSTGRES, "clusterIdentifier": "c", "instanceClass": "db.t3.medium"}
    usage = {"monthly_surplus_cpu_credit_hours": 10}
    assert lines_by_name(estimate_of(INSTANCE, inputs, cluster(), usage=usage))["Surplus CPU credits"][
        1
    ] == D("0.9")
    assert estimate_of(INSTANCE, inputs, cluster(), region=EU, usage=usage).reason.startswith(
        "no price in this region"
    )
    advanced = estimate_of(INSTANCE, inputs, cluster(databaseInsightsMode="advanced"))
    assert advanced.reason.startswith("no price in this region: AmazonRDS database-insights")
    metal = estimate_of(INSTANCE, {**inputs, "instanceClass": "db.x99.large"}, cluster())
    assert metal.reason.startswith(
        "no price in this region: AmazonRDS aurora-postgresql-standard db.x99.large"
    )


def test_a_multi_az_cluster_is_unpriced_as_its_instances_have_no_rows():
    inputs = {
        "engine": "postgres",
        "engineVersion": "16",
        "dbClusterInstanceClass": "db.r6gd.large",
        "allocatedStorage": 100,
        "storageType": "gp3",
    }
    assert estimate_of(CLUSTER, inputs).reason.startswith(
        "no price in this region: AmazonRDS postgresql-multi-az-readable-standbys db.r6gd.large"
    )


def test_missing_usage_is_marked_as_assumed():
    assert all(line.assumed for line in after_lines(estimate_of(CLUSTER, POSTGRES)))


def test_readers_that_a_scaling_target_adds_are_on_the_cluster():
    target = resource(
        "aws:appautoscaling/target:Target",
        {
            "resourceId": "cluster:c",
            "scalableDimension": "rds:cluster:ReadReplicaCount",
            "minCapacity": 1,
            "maxCapacity": 5,
        },
        name="readers",
    )
    members = [
        resource(INSTANCE, {**POSTGRES, "clusterIdentifier": "c", "instanceClass": "db.r6g.large"}, name=name)
        for name in ("writer", "reader")
    ]
    inputs = {**POSTGRES, "clusterIdentifier": "c"}
    estimate = estimate_of(
        CLUSTER, inputs, target, *members, usage={**USAGE, "additional_backup_storage_gb": 0}, id="c"
    )
    added = after_lines(estimate)[-1]
    rate = price("AmazonRDS", "aurora-postgresql-standard", "db.r6g.large")
    assert (added.amount.low, added.amount.expected, added.amount.high) == (0, 0, 4 * 730 * rate)
    alone = estimate_of(CLUSTER, inputs, target, usage=USAGE, id="c")
    assert alone.reason.startswith("value unknown until deploy: the class of the readers")


def test_an_instance_takes_engine_and_version_of_a_cluster_that_tells_them_on_deploy():
    depends_on = {"clusterIdentifier": (CLUSTER, "cluster")}
    inputs = {
        "engine": UNKNOWN,
        "engineVersion": UNKNOWN,
        "instanceClass": "db.r6g.large",
        "clusterIdentifier": UNKNOWN,
    }
    lines = lines_by_name(
        estimate_of(INSTANCE, inputs, cluster(engineVersion="12.20"), depends_on=depends_on)
    )
    assert lines["Extended support, year 1 2"] == (D(1460), D(146))


def test_a_multi_az_cluster_with_prices_bills_three_instances_storage_and_support():
    storage = "storage-multi-az-readable-standbys"
    rows = {
        ("AmazonRDS", "postgresql-multi-az-readable-standbys", "db.r6gd.large"): "0.7",
        ("AmazonRDS", storage, "io1"): "0.375",
        ("AmazonRDS", storage, "io1-iops"): "0.3",
    }
    inputs = {
        "engine": "postgres",
        "engineVersion": "13.20",
        "dbClusterInstanceClass": "db.r6gd.large",
        "allocatedStorage": 100,
        "iops": 1000,
    }
    usage = {"monthly_hours": 100, "additional_backup_storage_gb": 10, "monthly_snapshot_export_gb": 10}
    assert lines_by_name(estimate_with_prices(rows, resource(CLUSTER, inputs), usage=usage)) == {
        "db.r6gd.large postgresql, three instances": (D(100), D(70)),
        "io1 storage": (D(100), D("37.5")),
        "io1 IOPS": (D(1000), D(300)),
        "Backups above the free amount": (D(10), D("0.95")),
        "Snapshot export": (D(10), D("0.1")),
        "Extended support, year 1 2": (D(600), D(60)),
    }
    backups = after_lines(estimate_with_prices(rows, resource(CLUSTER, inputs)))[3].quantity
    assert (backups.low, backups.expected, backups.high, backups.assumed) == (0, 0, 100, True)


def test_serverless_v1_is_unpriced_and_backtracking_has_a_note():
    first = estimate_of(CLUSTER, {**POSTGRES, "engineMode": "serverless"})
    assert first.reason.startswith("no price in this region: AmazonRDS aurora-serverless-v1")
    back = estimate_of(CLUSTER, {"engine": "aurora-mysql", "backtrackWindow": 3600}, usage=USAGE)
    assert any("backtrack" in note for note in back.notes)
    assert not any("backtrack" in note for note in estimate_of(CLUSTER, POSTGRES, usage=USAGE).notes)


def test_what_a_cluster_assumes_begins_at_the_least_that_is_allocated():
    storage, requests, backups = after_lines(estimate_of(CLUSTER, POSTGRES))
    assert (storage.quantity.low, storage.quantity.expected, storage.quantity.high) == (10, 100, 1000)
    assert (requests.quantity.low, requests.quantity.expected, requests.quantity.high) == (0, 10, 100)
    assert (backups.quantity.low, backups.quantity.expected, backups.quantity.high) == (0, 0, 1000)


def test_an_instance_of_a_cluster_elsewhere_is_taken_to_be_standard():
    inputs = {**POSTGRES, "clusterIdentifier": "elsewhere", "instanceClass": "db.r6g.large"}
    alone = estimate_of(INSTANCE, inputs)
    assert "db.r6g.large aurora-postgresql, standard" in lines_by_name(alone)
    assert any("standard storage assumed" in note for note in alone.notes)


def test_serverless_readers_that_are_added_range_over_their_capacity():
    target = resource(
        "aws:appautoscaling/target:Target",
        {"resourceId": "cluster:c", "minCapacity": 1, "maxCapacity": 2},
        name="readers",
    )
    member = {**POSTGRES, "clusterIdentifier": "c", "instanceClass": "db.serverless"}
    inputs = {
        **POSTGRES,
        "clusterIdentifier": "c",
        "serverlessv2ScalingConfiguration": {"minCapacity": 2, "maxCapacity": 4},
    }
    added = after_lines(
        estimate_of(CLUSTER, inputs, target, resource(INSTANCE, member, name="a"), usage=USAGE, id="c")
    )[-1]
    assert (added.quantity.low, added.quantity.expected, added.quantity.high) == (2 * 730, 3 * 730, 8 * 730)
