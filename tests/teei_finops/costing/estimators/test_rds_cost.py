"""RDS instances, proxies and snapshots."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimates_of,
    lines_by_name,
    price,
    resource,
)

INSTANCE = "aws:rds/instance:Instance"
POSTGRES = {
    "engine": "postgres",
    "engineVersion": "17.4",
    "instanceClass": "db.r6g.large",
    "allocatedStorage": 100,
    "storageType": "gp3",
}


def test_a_database_bills_hours_and_storage():
    lines = lines_by_name(estimate_of(INSTANCE, POSTGRES))
    rate = price("AmazonRDS", "postgresql-single-az", "db.r6g.large")
    assert lines == {
        "db.r6g.large postgresql, single AZ": (D(730), 730 * rate),
        "gp3 storage": (D(100), D("11.5")),
    }


def test_multi_az_has_prices_of_its_own():
    lines = lines_by_name(
        estimate_of(
            INSTANCE, {**POSTGRES, "engine": "mysql", "engineVersion": "8.4", "multiAz": True}, region=EU
        )
    )
    rate = price("AmazonRDS", "mysql-multi-az", "db.r6g.large", EU)
    assert lines == {
        "db.r6g.large mysql, multi AZ": (D(730), 730 * rate),
        "gp3 storage": (D(100), D("27.4")),
    }


def test_a_stopped_database_still_pays_for_its_storage():
    lines = lines_by_name(estimate_of(INSTANCE, POSTGRES, usage={"monthly_hours": 100}))
    rate = price("AmazonRDS", "postgresql-single-az", "db.r6g.large")
    assert lines["db.r6g.large postgresql, single AZ"] == (D(100), 100 * rate)
    assert lines["gp3 storage"] == (D(100), D("11.5"))


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ({"storageType": "gp2"}, {"gp2 storage": (D(100), D("11.5"))}),
        (
            {"iops": 3000, "storageType": None},
            {"io1 storage": (D(100), D("12.5")), "io1 IOPS": (D(3000), D(300))},
        ),
        (
            {"storageType": "io2", "iops": 1000},
            {"io2 storage": (D(100), D("12.5")), "io2 IOPS": (D(1000), D(100))},
        ),
        ({"iops": 3000}, {"gp3 storage": (D(100), D("11.5"))}),
        (
            {"allocatedStorage": 400, "iops": 15_000},
            {"gp3 storage": (D(400), D(46)), "gp3 IOPS above 12,000": (D(3000), D(60))},
        ),
        (
            {"allocatedStorage": 400, "iops": 12_000, "storageThroughput": 500},
            {"gp3 storage": (D(400), D(46))},
        ),
    ],
)
def test_storage_types_bill_what_they_do_not_include(storage, expected):
    lines = lines_by_name(estimate_of(INSTANCE, {**POSTGRES, **storage}))
    assert {what: line for what, line in lines.items() if "single AZ" not in what} == expected


def test_a_dedicated_log_volume_is_a_volume_of_1024_gb():
    lines = lines_by_name(
        estimate_of(INSTANCE, {**POSTGRES, "storageType": "io2", "iops": 1000, "dedicatedLogVolume": True})
    )
    assert lines["Dedicated log volume, io2"] == (D(1024), D(128))
    assert lines["Dedicated log volume, IOPS"] == (D(3000), D(300))


def test_magnetic_storage_bills_its_requests():
    lines = lines_by_name(
        estimate_of(
            INSTANCE,
            {**POSTGRES, "storageType": "standard"},
            usage={"monthly_standard_io_requests": 2_500_000},
        )
    )
    assert lines["Magnetic storage"] == (D(100), D(10))
    assert lines["Magnetic I/O"] == (D("2.5"), D("0.25"))


def test_growing_storage_raises_only_the_high_end():
    after = estimate_of(INSTANCE, {**POSTGRES, "maxAllocatedStorage": 300}).after
    assert (after.expected - after.low, after.high - after.expected) == (0, 23)


def test_backups_above_the_free_amount_are_none_to_as_much_again():
    estimate = estimate_of(INSTANCE, {**POSTGRES, "backupRetentionPeriod": 7})
    line = after_lines(estimate)[-1]
    assert (line.amount.low, line.amount.expected, line.amount.high) == (0, 0, D("9.5"))
    assert line.assumed
    with_usage = lines_by_name(estimate_of(INSTANCE, POSTGRES, usage={"additional_backup_storage_gb": 50}))
    assert with_usage["Backups above the free amount"] == (D(50), D("4.75"))


@pytest.mark.parametrize(
    ("engine", "version", "key", "rate"),
    [
        ("postgres", "13.20", "Extended support, year 1 2", "0.1"),
        ("postgres", "11", "Extended support, year 3", "0.2"),
        ("mysql", "5.7.44", "Extended support, year 3", "0.2"),
        ("mysql", "8.0.42", "Extended support, year 1 2", "0.1"),
    ],
)
def test_extended_support_bills_every_vcpu_of_both_zones(engine, version, key, rate):
    inputs = {**POSTGRES, "engine": engine, "engineVersion": version, "multiAz": True}
    assert lines_by_name(estimate_of(INSTANCE, inputs))[key] == (D(4 * 730), 4 * 730 * D(rate))


def test_extended_support_can_be_disabled_and_mariadb_has_none():
    off = {
        **POSTGRES,
        "engineVersion": "13",
        "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
    }
    assert "Extended support, year 1 2" not in lines_by_name(estimate_of(INSTANCE, off))
    assert (
        len(lines_by_name(estimate_of(INSTANCE, {**POSTGRES, "engine": "mariadb", "engineVersion": "10.4"})))
        == 2
    )


def test_insights_are_free_for_seven_days_and_unpriced_beyond():
    week = {**POSTGRES, "performanceInsightsEnabled": True, "performanceInsightsRetentionPeriod": 7}
    assert len(lines_by_name(estimate_of(INSTANCE, week))) == 2
    long = estimate_of(INSTANCE, {**week, "performanceInsightsRetentionPeriod": 731})
    assert long.reason.startswith(
        "no price in this region: AmazonRDS performance-insights retention-731-days"
    )
    advanced = estimate_of(INSTANCE, {**week, "databaseInsightsMode": "advanced"})
    assert advanced.reason.startswith("no price in this region: AmazonRDS database-insights")


def test_credits_bill_by_engine_and_family():
    small = {**POSTGRES, "instanceClass": "db.t4g.medium"}
    usage = {"monthly_surplus_cpu_credit_hours": 100}
    for region in ("us-east-1", EU):
        assert lines_by_name(estimate_of(INSTANCE, small, region=region, usage=usage))["Surplus CPU credits"][
            1
        ] == D("7.5")
    mysql = estimate_of(INSTANCE, {**small, "engine": "mysql", "engineVersion": "8.4"}, usage=usage)
    assert mysql.reason.startswith("no price in this region: AmazonRDS cpu-credits")


def test_a_replica_inherits_from_a_source_it_does_not_name_yet():
    source = resource(INSTANCE, {**POSTGRES, "identifier": "main"}, name="main")
    replica = {"instanceClass": "db.r6g.xlarge", "replicateSourceDb": UNKNOWN}
    lines = lines_by_name(
        estimate_of(INSTANCE, replica, source, depends_on={"replicateSourceDb": (INSTANCE, "main")})
    )
    rate = price("AmazonRDS", "postgresql-single-az", "db.r6g.xlarge")
    assert lines == {
        "db.r6g.xlarge postgresql, single AZ": (D(730), 730 * rate),
        "gp3 storage": (D(100), D("11.5")),
    }


def test_what_has_no_price_is_unpriced_by_name():
    oracle = estimate_of(INSTANCE, {**POSTGRES, "engine": "oracle-se2", "engineVersion": "19"})
    assert oracle.reason.startswith("no price in this region: AmazonRDS oracle-se2-single-az db.r6g.large")
    multi = estimate_of(INSTANCE, {**POSTGRES, "storageType": "io1", "iops": 1000, "multiAz": True})
    assert multi.reason.startswith("no price in this region: AmazonRDS storage-multi-az io1")
    assert estimate_of(INSTANCE, {**POSTGRES, "instanceClass": UNKNOWN}).reason.startswith(
        "value unknown until deploy: instanceClass"
    )


def test_a_bigger_class_is_the_difference_of_its_rates():
    step = resource(INSTANCE, {**POSTGRES, "instanceClass": "db.r6g.4xlarge"}, op="update")
    step["oldState"] = {**step["newState"], "inputs": POSTGRES}
    change = estimates_of(step)[0]
    big, small = (
        price("AmazonRDS", "postgresql-single-az", f"db.r6g.{size}") for size in ("4xlarge", "large")
    )
    assert change.after.expected - change.before.expected == 730 * (big - small)


def test_a_proxy_bills_the_vcpus_behind_it_but_two_at_least():
    proxy = "aws:rds/proxy:Proxy"
    assert dollars(estimate_of(proxy, {}, usage={"target_vcpus": 1})) == 2 * 730 * D("0.015")
    assert dollars(estimate_of(proxy, {}, region=EU, usage={"target_average_acu": 16})) == 16 * 730 * D(
        "0.018"
    )
    assert estimate_of(proxy, {}, usage={"target_average_acu": 16}).reason.startswith(
        "no price in this region"
    )
    database = resource(
        INSTANCE, {**POSTGRES, "instanceClass": "db.r6g.2xlarge", "identifier": "main"}, name="main"
    )
    target = resource(
        "aws:rds/proxyTarget:ProxyTarget",
        {"dbProxyName": "front", "dbInstanceIdentifier": "main"},
        name="target",
    )
    behind = estimate_of(proxy, {"name": "front"}, database, target, usage={"monthly_hours": 100})
    assert dollars(behind) == 8 * 100 * D("0.015")
    assert estimate_of(proxy, {"name": "front"}).reason.startswith("usage missing: target_vcpus")


def test_snapshots_are_at_most_as_big_as_their_database():
    token = "aws:rds/snapshot:Snapshot"
    database = resource(INSTANCE, {**POSTGRES, "identifier": "main"}, name="main", id="main")
    after = estimate_of(token, {"dbInstanceIdentifier": "main"}, database).after
    assert (after.low, after.expected, after.high) == (0, D("9.5"), D("9.5"))
    assert estimate_of(token, {"dbInstanceIdentifier": "elsewhere"}).reason == "usage missing: storage_gb"
    cluster = "aws:rds/clusterSnapshot:ClusterSnapshot"
    assert dollars(estimate_of(cluster, {"dbClusterIdentifier": "c"}, usage={"storage_gb": 100})) == D("2.1")


def test_a_database_from_a_snapshot_has_the_size_of_its_last_deploy():
    restored = {**POSTGRES, "allocatedStorage": None, "snapshotIdentifier": "snap"}
    deployed = estimate_of(INSTANCE, restored, op="same", outputs={"allocatedStorage": 250})
    assert lines_by_name(deployed)["gp3 storage"] == (D(250), D("28.75"))
    assert estimate_of(INSTANCE, restored).reason == "value unknown until deploy: allocatedStorage is not set"


def test_a_replica_may_have_storage_of_its_own():
    source = resource(INSTANCE, {**POSTGRES, "identifier": "main"}, name="main")
    replica = {
        "instanceClass": "db.r6g.large",
        "replicateSourceDb": "main",
        "allocatedStorage": 200,
        "storageType": "gp2",
    }
    assert lines_by_name(estimate_of(INSTANCE, replica, source))["gp2 storage"] == (D(200), D(23))


def test_gp3_throughput_above_the_included_has_no_price_and_magnetic_io_is_assumed():
    fast = {**POSTGRES, "allocatedStorage": 400, "iops": 12_000, "storageThroughput": 501}
    assert estimate_of(INSTANCE, fast).reason.startswith(
        "no price in this region: AmazonRDS storage-single-az gp3-throughput"
    )
    requests = after_lines(estimate_of(INSTANCE, {**POSTGRES, "storageType": "standard"}))[-1].quantity
    assert (requests.low, requests.expected, requests.high, requests.assumed) == (0, 1, 10, True)


def test_a_public_database_pays_for_its_address():
    lines = lines_by_name(estimate_of(INSTANCE, {**POSTGRES, "publiclyAccessible": True}))
    assert lines["Public IPv4 address"] == (D(730), D("3.65"))


def test_a_proxy_counts_every_instance_of_a_cluster():
    cluster, member = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"
    scaling = {"serverlessv2ScalingConfiguration": {"minCapacity": 8, "maxCapacity": 24}}
    related = [
        resource(cluster, {"engine": "aurora-mysql", "clusterIdentifier": "c", **scaling}, name="c", id="c"),
        resource(member, {"instanceClass": "db.r6g.xlarge", "clusterIdentifier": "c"}, name="a"),
        resource(member, {"instanceClass": "db.r6g.large", "clusterIdentifier": "c"}, name="b"),
        resource(
            "aws:rds/proxyTarget:ProxyTarget", {"dbProxyName": "p", "dbClusterIdentifier": "c"}, name="t"
        ),
    ]
    proxy = "aws:rds/proxy:Proxy"
    assert dollars(estimate_of(proxy, {"name": "p"}, *related)) == 6 * 730 * D("0.015")
    related[2]["newState"]["inputs"]["instanceClass"] = "db.serverless"
    after = estimate_of(proxy, {"name": "p"}, *related, region=EU).after
    rate = 730 * D("0.018")
    assert (after.low, after.expected, after.high) == ((4 + 8) * rate, (4 + 16) * rate, (4 + 24) * rate)


def test_a_snapshot_of_a_multi_az_cluster_has_the_rate_of_rds():
    cluster = resource(
        "aws:rds/cluster:Cluster",
        {"engine": "postgres", "clusterIdentifier": "c", "allocatedStorage": 100},
        name="c",
        id="c",
    )
    token = "aws:rds/clusterSnapshot:ClusterSnapshot"
    after = estimate_of(token, {"dbClusterIdentifier": "c"}, cluster).after
    assert (after.low, after.expected, after.high) == (0, D("9.5"), D("9.5"))
    assert dollars(estimate_of(token, {"dbClusterIdentifier": "c"}, cluster, usage={"storage_gb": 10})) == D(
        "0.95"
    )
    aurora = estimate_of(token, {"dbClusterIdentifier": "gone"}).after
    assert (aurora.low, aurora.expected, aurora.high) == (0, D("2.1"), 21)
