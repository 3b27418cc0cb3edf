"""DynamoDB tables in both billing modes, with indexes, replicas, scaling and backups."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    after_lines,
    estimate_of,
    lines_by_name,
    resource,
)

TABLE = "aws:dynamodb/table:Table"
TARGET = "aws:appautoscaling/target:Target"
PROVISIONED = {"name": "orders", "readCapacity": 10, "writeCapacity": 5}
ON_DEMAND = {"name": "orders", "billingMode": "PAY_PER_REQUEST"}
USAGE = {
    "storage_gb": 40,
    "monthly_read_request_units": 3_000_000,
    "monthly_write_request_units": 2_000_000,
}


def test_provisioned_capacity_bills_table_and_indexes_by_the_hour():
    inputs = {
        **PROVISIONED,
        "globalSecondaryIndexes": [{"name": "a", "readCapacity": 20, "writeCapacity": 1}],
    }
    assert lines_by_name(estimate_of(TABLE, inputs, usage=USAGE)) == {
        "Read capacity": (D(30 * 730), 30 * 730 * D("0.00013")),
        "Write capacity": (D(6 * 730), 6 * 730 * D("0.00065")),
        "Storage": (D(40), D(10)),
    }


def test_hours_scale_capacity_but_not_storage():
    lines = lines_by_name(estimate_of(TABLE, PROVISIONED, region=EU, usage={**USAGE, "monthly_hours": 100}))
    assert lines["Read capacity"] == (D(1000), D("0.1586"))
    assert lines["Storage"] == (D(40), 40 * D("0.306"))


@pytest.mark.parametrize(
    ("table_class", "reads", "writes", "stored"),
    [("STANDARD", "0.375", "1.25", "10"), ("STANDARD_INFREQUENT_ACCESS", "0.465", "1.56", "4")],
)
def test_on_demand_bills_request_units(table_class, reads, writes, stored):
    assert lines_by_name(estimate_of(TABLE, {**ON_DEMAND, "tableClass": table_class}, usage=USAGE)) == {
        "Read request units": (D(3), D(reads)),
        "Write request units": (D(2), D(writes)),
        "Storage": (D(40), D(stored)),
    }
    assert all(line.assumed for line in after_lines(estimate_of(TABLE, ON_DEMAND)))


def test_replicas_bill_their_own_region():
    inputs = {**ON_DEMAND, "replicas": [{"regionName": EU, "pointInTimeRecovery": True}]}
    lines = lines_by_name(estimate_of(TABLE, inputs, usage=USAGE))
    assert lines["Write request units"] == (D(2), D("1.25"))
    assert lines["Write request units, replica in eu-central-1"] == (D(2), D("1.525"))
    assert lines["Storage, replica in eu-central-1"] == (D(40), D("12.24"))
    assert lines["Point-in-time recovery, replica in eu-central-1"] == (D(40), 40 * D("0.2448"))
    provisioned = lines_by_name(
        estimate_of(TABLE, {**PROVISIONED, "replicas": [{"regionName": EU}]}, usage=USAGE)
    )
    assert provisioned["Write capacity, replica in eu-central-1"] == (D(3650), 3650 * D("0.000793"))
    elsewhere = estimate_of(TABLE, {**ON_DEMAND, "replicas": [{"regionName": "us-gov-west-1"}]}, usage=USAGE)
    assert elsewhere.reason.startswith("no price in this region: AmazonDynamoDB")
    assert elsewhere.reason.endswith("in us-gov-west-1")


@pytest.mark.parametrize(
    ("resource_id", "depends_on"),
    [("table/orders", None), (UNKNOWN, {"resourceId": (TABLE, "it")})],
)
def test_a_scaling_target_gives_the_range(resource_id, depends_on):
    target = resource(
        TARGET,
        {
            "serviceNamespace": "dynamodb",
            "resourceId": resource_id,
            "scalableDimension": "dynamodb:table:ReadCapacityUnits",
            "minCapacity": 5,
            "maxCapacity": 100,
        },
        name="target",
        depends_on=depends_on,
    )
    line = after_lines(estimate_of(TABLE, PROVISIONED, target, usage=USAGE))[0]
    assert (line.quantity.low, line.quantity.expected, line.quantity.high) == (3650, 7300, 73000)


def test_backups_and_streams_are_billed_when_enabled_or_in_usage():
    inputs = {**ON_DEMAND, "pointInTimeRecovery": {"enabled": True}, "streamEnabled": True}
    usage = {**USAGE, "on_demand_backup_storage_gb": 10, "monthly_streams_read_requests": 1_000_000}
    lines = lines_by_name(estimate_of(TABLE, inputs, usage=usage))
    assert lines["Point-in-time recovery"] == (D(40), D(8))
    assert lines["On-demand backups"] == (D(10), D(1))
    assert lines["Stream reads"] == (D(10), D("0.2"))
    assert (
        lines_by_name(estimate_of(TABLE, inputs, usage={**usage, "pitr_storage_gb": 100}))[
            "Point-in-time recovery"
        ][0]
        == 100
    )


def test_free_allowances_are_used_up_once():
    lines = lines_by_name(estimate_of(TABLE, PROVISIONED, usage=USAGE, free_tier=True))
    assert lines == {"Storage": (D(15), D("3.75"))}


def test_a_scaling_target_of_an_index_or_of_writes_counts_where_it_belongs():
    def target(what: str, resource_id: str, high: int) -> dict:
        inputs = {
            "serviceNamespace": "dynamodb",
            "resourceId": resource_id,
            "scalableDimension": f"dynamodb:{what}",
            "minCapacity": 1,
            "maxCapacity": high,
        }
        return resource(TARGET, inputs, name=what)

    inputs = {**PROVISIONED, "globalSecondaryIndexes": [{"name": "a", "readCapacity": 2, "writeCapacity": 3}]}
    targets = [
        target("table:WriteCapacityUnits", "table/orders", 50),
        target("index:WriteCapacityUnits", "table/orders/index/a", 30),
    ]
    reads, writes, _ = after_lines(estimate_of(TABLE, inputs, *targets, usage=USAGE))
    assert (reads.quantity.low, reads.quantity.high) == (12 * 730, 12 * 730)
    assert (writes.quantity.low, writes.quantity.expected, writes.quantity.high) == (
        2 * 730,
        8 * 730,
        80 * 730,
    )


def test_missing_usage_of_a_table_is_assumed():
    lines = after_lines(estimate_of(TABLE, {**ON_DEMAND, "streamEnabled": True}))
    assert [(line.quantity.low, line.quantity.expected, line.quantity.high) for line in lines] == [
        (0, 1, 10),
        (0, 1, 10),
        (0, 10, 100),
        (0, 10, 100),
    ]
    assert "Stream reads" not in lines_by_name(estimate_of(TABLE, ON_DEMAND))
