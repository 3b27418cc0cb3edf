"""Redshift, OpenSearch and Timestream for InfluxDB."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimate_with_prices,
    lines_by_name,
    price,
    resource,
)

REDSHIFT = "aws:redshift/cluster:Cluster"
DOMAIN = "aws:opensearch/domain:Domain"


def test_redshift_bills_nodes_managed_storage_and_spectrum():
    usage = {"managed_storage_gb": 1000, "monthly_spectrum_scanned_tb": 3}
    lines = lines_by_name(
        estimate_of(REDSHIFT, {"nodeType": "ra3.4xlarge", "numberOfNodes": 2}, region=EU, usage=usage)
    )
    assert lines == {
        "ra3.4xlarge nodes": (D(1460), 1460 * D("3.894")),
        "Managed storage": (D(1000), D("25.6")),
        "Spectrum data scanned": (D(3), D(15)),
    }
    paused = lines_by_name(
        estimate_of(REDSHIFT, {"nodeType": "dc2.large"}, usage={"monthly_hours": 100, **usage})
    )
    assert paused["dc2.large nodes"] == (D(100), D(25))
    assert "Managed storage" not in paused


def test_serverless_redshift_ranges_to_its_base_capacity_all_month():
    token = "aws:redshiftserverless/workgroup:Workgroup"
    after = estimate_of(token, {"baseCapacity": 8}, usage={"managed_storage_gb": 0}).after
    assert (after.low, after.expected, after.high) == (0, 584 * D("0.375"), 5840 * D("0.375"))
    from_usage = lines_by_name(
        estimate_of(token, {}, usage={"monthly_rpu_hours": 100, "managed_storage_gb": 100})
    )
    assert from_usage == {"Processing units": (D(100), D("37.5")), "Managed storage": (D(100), D("2.4"))}


def test_a_domain_bills_all_its_nodes_and_a_volume_per_data_node():
    inputs = {
        "engineVersion": "OpenSearch_2.19",
        "clusterConfig": {
            "instanceType": "r6g.large.search",
            "instanceCount": 3,
            "dedicatedMasterEnabled": True,
            "dedicatedMasterType": "m6g.large.search",
            "warmEnabled": True,
            "warmType": "ultrawarm1.medium.search",
            "warmCount": 2,
        },
        "ebsOptions": {
            "ebsEnabled": True,
            "volumeType": "gp3",
            "volumeSize": 100,
            "throughput": 250,
            "iops": 3000,
        },
    }
    lines = lines_by_name(estimate_of(DOMAIN, inputs, usage={"monthly_hours": 100}))
    rates = {
        kind: price("AmazonES", "instance", kind)
        for kind in ("r6g.large.search", "m6g.large.search", "ultrawarm1.medium.search")
    }
    assert lines == {
        "Data nodes, r6g.large.search": (D(300), 300 * rates["r6g.large.search"]),
        "Dedicated master nodes, m6g.large.search": (D(300), 300 * rates["m6g.large.search"]),
        "UltraWarm nodes, ultrawarm1.medium.search": (D(200), 200 * rates["ultrawarm1.medium.search"]),
        "gp3 storage": (D(300), 300 * D("0.122")),
        "gp3 throughput above included": (D(375), 375 * D("0.064")),
    }


def test_a_domain_without_a_price_for_a_part_is_unpriced():
    volumes = {"ebsOptions": {"ebsEnabled": True, "volumeSize": 10}}
    config = {"clusterConfig": {"instanceType": "t3.small.search"}, "engineVersion": "OpenSearch_2.19"}
    assert estimate_of(DOMAIN, {**config, **volumes}, region=EU).reason.startswith(
        "no price in this region: AmazonES storage gp2 in eu-central-1"
    )
    assert dollars(estimate_of(DOMAIN, config, region=EU)) == 730 * price(
        "AmazonES", "instance", "t3.small.search", EU
    )
    more = {**config, "ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 10, "iops": 4000}}
    assert estimate_of(DOMAIN, more).reason.startswith("no price in this region: AmazonES storage gp3-iops")
    old = {**config, "engineVersion": "OpenSearch_2.9"}
    (missing,) = estimate_of(DOMAIN, old).unpriced_lines
    assert missing.startswith("Extended support: no price in this region: AmazonES extended-support")


def test_gp3_includes_250_mib_per_second_for_each_3_tib_begun():
    inputs = {
        "clusterConfig": {"instanceType": "r6g.xlarge.search", "instanceCount": 1},
        "ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "throughput": 600},
    }
    for size, above in ((170, 475), (171, 350), (3072, 350), (3073, 100)):
        inputs["ebsOptions"]["volumeSize"] = size
        lines = lines_by_name(estimate_of(DOMAIN, inputs))
        assert lines["gp3 throughput above included"] == (D(above), above * D("0.064")), size


def test_big_gp3_volumes_include_more():
    inputs = {
        "clusterConfig": {"instanceType": "r6g.xlarge.search", "instanceCount": 1},
        "ebsOptions": {
            "ebsEnabled": True,
            "volumeType": "gp3",
            "volumeSize": 2000,
            "throughput": 250,
            "iops": 6000,
        },
    }
    assert [line.what for line in after_lines(estimate_of(DOMAIN, inputs))] == [
        "Data nodes, r6g.xlarge.search",
        "gp3 storage",
    ]


def test_a_serverless_collection_bills_its_least_units():
    token = "aws:opensearch/serverlessCollection:ServerlessCollection"
    usage = {"storage_gb": 100}
    assert lines_by_name(estimate_of(token, {}, usage=usage)) == {
        "Compute units": (D(1460), 1460 * D("0.24")),
        "Storage": (D(100), D("2.4")),
    }
    alone = estimate_of(token, {"standbyReplicas": "DISABLED"}, usage={**usage, "monthly_hours": 100})
    assert dollars(alone) == 24 + D("2.4")
    assert dollars(estimate_of(token, {}, usage={**usage, "average_ocu": 6})) == 6 * 730 * D("0.24") + D(
        "2.4"
    )
    assert estimate_of(token, {}, region=EU).reason.startswith("no price in this region")


def test_influxdb_bills_its_deployment_and_storage():
    token = "aws:timestreaminfluxdb/dbInstance:DbInstance"
    inputs = {"dbInstanceType": "db.influx.large", "allocatedStorage": 400}
    assert lines_by_name(estimate_of(token, inputs)) == {
        "db.influx.large, single-az": (D(730), 730 * D("0.239")),
        "Storage": (D(400), D(40)),
    }
    standby = {**inputs, "deploymentType": "WITH_MULTIAZ_STANDBY", "dbStorageType": "InfluxIOIncludedT2"}
    lines = lines_by_name(estimate_of(token, standby, region=EU, usage={"monthly_hours": 100}))
    assert lines == {"db.influx.large, multi-az": (D(100), D("57.7")), "Storage": (D(400), D("333.6"))}


def ends(line) -> tuple[D, D, D]:
    return line.quantity.low, line.quantity.expected, line.quantity.high


def test_missing_usage_of_a_store_is_assumed():
    assert ends(after_lines(estimate_of(REDSHIFT, {"nodeType": "ra3.large"}))[1]) == (0, 100, 1000)
    serverless = after_lines(estimate_of("aws:redshiftserverless/workgroup:Workgroup", {}))
    assert [ends(line) for line in serverless] == [(0, 9344, 93440), (0, 100, 1000)]
    collection = after_lines(estimate_of("aws:opensearch/serverlessCollection:ServerlessCollection", {}))
    assert ends(collection[1]) == (0, 10, 100)


def test_a_multi_az_warehouse_has_its_nodes_twice():
    lines = lines_by_name(
        estimate_of(REDSHIFT, {"nodeType": "ra3.4xlarge", "numberOfNodes": 2, "multiAz": True})
    )
    assert lines["ra3.4xlarge nodes"][0] == 4 * 730


def test_coordinators_provisioned_iops_and_old_versions_bill_once_they_have_a_price():
    rows = {
        ("AmazonES", "storage", "gp3-iops"): "0.008",
        ("AmazonES", "extended-support", "r6g.large.search"): "0.01",
    }
    config = {
        "instanceType": "r6g.large.search",
        "instanceCount": 2,
        "dedicatedMasterEnabled": True,
        "dedicatedMasterType": "m6g.large.search",
        "nodeOptions": [
            {
                "nodeType": "coordinator",
                "nodeConfig": {"enabled": True, "type": "m6g.large.search", "count": 2},
            },
            {"nodeType": "coordinator", "nodeConfig": {"enabled": False}},
        ],
        "coldStorageOptions": {"enabled": True},
    }
    gp3 = {"volumeType": "gp3", "volumeSize": 170, "iops": 4000, "throughput": 126}
    inputs = {"engineVersion": "OpenSearch_2.9", "clusterConfig": config, "ebsOptions": gp3}
    estimate = estimate_with_prices(rows, resource(DOMAIN, inputs))
    lines = lines_by_name(estimate)
    assert lines["coordinator nodes, m6g.large.search"][0] == 1460
    assert lines["Dedicated master nodes, m6g.large.search"][0] == 3 * 730
    assert lines["gp3 IOPS above included"] == (D(2000), D(16))
    assert lines["gp3 throughput above included"] == (D(2), D("0.128"))
    assert lines["Extended support"] == (D(1460), D("14.6"))
    assert any("cold storage" in note for note in estimate.notes)
    more = {**gp3, "volumeSize": 171, "throughput": 251}
    assert (
        lines_by_name(estimate_with_prices(rows, resource(DOMAIN, {**inputs, "ebsOptions": more})))[
            "gp3 throughput above included"
        ][0]
        == 2
    )
    io1 = {**inputs, "ebsOptions": {"volumeType": "io1", "volumeSize": 100, "iops": 1000}}
    assert lines_by_name(estimate_with_prices(rows, resource(DOMAIN, io1)))["io1 IOPS"] == (D(2000), D(176))


def test_a_public_influxdb_and_its_fastest_storage():
    token = "aws:timestreaminfluxdb/dbInstance:DbInstance"
    inputs = {
        "dbInstanceType": "db.influx.medium",
        "allocatedStorage": 100,
        "dbStorageType": "InfluxIOIncludedT3",
        "publiclyAccessible": True,
    }
    lines = lines_by_name(estimate_of(token, inputs))
    assert lines["Storage"] == (D(100), D(50))
    assert lines["Public IPv4 address"] == (D(730), D("3.65"))
