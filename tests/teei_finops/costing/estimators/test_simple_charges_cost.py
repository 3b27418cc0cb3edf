"""Types whose charges are rows of a table, and usage keys that a table adds to other types."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
    amounts_by_name,
    dollars,
    estimate_of,
)

MONTH = {"monthly_hours": 365}


@pytest.mark.parametrize(
    ("token", "inputs", "usage", "expected"),
    [
        ("aws:ebs/fastSnapshotRestore:FastSnapshotRestore", {}, {}, 730 * D("0.75")),
        ("aws:cloudwatch/contributorInsightRule:ContributorInsightRule", {}, MONTH, D("0.25")),
        ("aws:vpclattice/service:Service", {}, {"monthly_data_processed_gb": 100, "monthly_requests": 0},
         730 * D("0.025") + D("2.5")),
        ("aws:datasync/task:Task", {}, {"monthly_copied_gb": 1_000}, D("12.5")),
        ("aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan", {}, {"monthly_scanned_gb": 101}, D(9)),
        ("aws:schemas/discoverer:Discoverer", {}, {"monthly_ingested_events": 5_000_000}, D("0.5")),
        ("aws:sesv2/dedicatedIpAssignment:DedicatedIpAssignment", {}, {}, D("24.95")),
        ("aws:sesv2/dedicatedIpPool:DedicatedIpPool", {}, {}, D(0)),
        ("aws:sesv2/dedicatedIpPool:DedicatedIpPool", {"scalingMode": "MANAGED"},
         {"monthly_emails": 0}, D(15)),
        ("aws:neptune/clusterSnapshot:ClusterSnapshot", {}, {"storage_gb": 100}, D("2.1")),
        ("aws:cloudtrail/eventDataStore:EventDataStore", {}, {"monthly_ingested_gb": 10}, D("7.5")),
        ("aws:cloudtrail/eventDataStore:EventDataStore", {"billingMode": "FIXED_RETENTION_PRICING"},
         {"monthly_ingested_gb": 10}, D(25)),
        ("aws:guardduty/detectorFeature:DetectorFeature", {"name": "RDS_LOGIN_EVENTS", "status": "ENABLED"},
         {"average_vcpus": 8}, D(8)),
        ("aws:guardduty/detectorFeature:DetectorFeature", {"name": "RDS_LOGIN_EVENTS", "status": "DISABLED"},
         {}, D(0)),
    ],
)  # fmt: skip
def test_a_type_of_the_table_bills_its_quantity_at_the_price(token, inputs, usage, expected):
    assert dollars(estimate_of(token, inputs, usage=usage)) == expected


def test_free_settings_of_a_type_cost_nothing_and_others_are_unpriced():
    provider = "aws:ecs/capacityProvider:CapacityProvider"
    assert dollars(estimate_of(provider, {"autoScalingGroupProvider": {}})) == 0
    managed = estimate_of(provider, {"managedInstancesProvider": {"infrastructureRoleArn": "r"}})
    assert managed.reason == "type not priced: no price is known for managedInstancesProvider"
    analyzer = "aws:accessanalyzer/analyzer:Analyzer"
    assert dollars(estimate_of(analyzer, {"type": "ACCOUNT"})) == 0
    assert "'ACCOUNT_UNUSED_ACCESS'" in estimate_of(analyzer, {"type": "ACCOUNT_UNUSED_ACCESS"}).reason


def test_settings_that_the_table_does_not_have_are_unpriced_with_their_value():
    estimate = estimate_of(
        "aws:guardduty/detectorFeature:DetectorFeature", {"name": "NEW_THING", "status": "ENABLED"}
    )
    assert estimate.reason.startswith(
        "type not priced: no price is known for status 'ENABLED', name 'NEW_THING'"
    )


@pytest.mark.parametrize(
    ("token", "inputs", "key", "quantity", "line", "expected"),
    [
        ("aws:redshift/cluster:Cluster", {"nodeType": "dc2.large"}, "backup_storage_gb", 1_000,
         "Backup storage (0 to 51,200)", D(23)),
        ("aws:redshift/cluster:Cluster", {"nodeType": "dc2.large"},
         "monthly_concurrency_scaling_node_seconds", 3_600, "Concurrency scaling", 3_600 * D("0.00007")),
        ("aws:rds/cluster:Cluster", {"engine": "aurora-mysql"}, "monthly_backtrack_change_records", 1_000_000,
         "Backtrack change records", D("0.012")),
        ("aws:cloudwatch/eventBus:EventBus", {}, "monthly_partner_events", 1_000_000, "Partner events", D(1)),
        ("aws:lambda/function:Function", {}, "monthly_traces", 1_000_000, "X-Ray traces recorded", D(5)),
        ("aws:s3/bucket:Bucket", {}, "monthly_batch_jobs", 4, "Batch Operations jobs", D(1)),
        ("aws:organizations/account:Account", {}, "monthly_cost_explorer_requests", 500,
         "Cost Explorer API requests", D(5)),
        ("aws:organizations/account:Account", {}, "monthly_databrew_node_hours", 10,
         "DataBrew jobs", D("4.8")),
    ],
)  # fmt: skip
def test_a_row_of_the_price_book_is_billed_where_usage_states_its_key(
    token, inputs, key, quantity, line, expected
):
    assert amounts_by_name(estimate_of(token, inputs, usage={key: quantity}))[line] == expected
    assert line not in amounts_by_name(estimate_of(token, inputs))


def test_a_vault_bills_efs_cold_storage():
    usage = {"efs_cold_storage_gb": 100}
    assert amounts_by_name(estimate_of("aws:backup/vault:Vault", {}, usage=usage)) == {"EFS cold storage": 1}
