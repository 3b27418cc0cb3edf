"""The budget database: what keeps its data, its disk and its money."""

import pytest

from tests.components.recorded import record
from tests.components.stack_config import STACKS


def instance(stack):
    return record(stack).one("rds/instance:Instance").inputs


@pytest.mark.parametrize("stack", STACKS)
def test_the_instance_is_encrypted_private_and_holds_no_password_of_ours(stack):
    found = instance(stack)
    assert (found["engine"], found["engineVersion"], found["storageType"]) == ("postgres", "18", "gp3")
    assert found["storageEncrypted"] is True
    assert found["publiclyAccessible"] is False
    assert found["iamDatabaseAuthenticationEnabled"] is True
    assert found["manageMasterUserPassword"] is True
    assert found["performanceInsightsEnabled"] is True
    assert found["backupRetentionPeriod"] == 7
    assert "password" not in found


@pytest.mark.parametrize("stack", ["prod", "prod-eu"])
def test_in_prod_it_survives_a_zone_and_a_mistake(stack):
    found = instance(stack)
    assert found["multiAz"] is True
    assert found["deletionProtection"] is True
    assert found["skipFinalSnapshot"] is False
    assert found["finalSnapshotIdentifier"] == f"{found['identifier']}-final"


def test_staging_is_small_and_leaves_no_snapshot_behind():
    found = instance("staging")
    assert found["multiAz"] is False
    assert found["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in found
    assert found["allocatedStorage"] < instance("prod")["allocatedStorage"]


def test_the_parameters_have_rds_units_and_the_method_that_fits_each():
    group = record("prod").one("rds/parameterGroup:ParameterGroup").inputs
    found = {each["name"]: (each["value"], each["applyMethod"]) for each in group["parameters"]}
    assert found == {
        "wal_keep_size": ("10240", "immediate"),
        "max_slot_wal_keep_size": ("51200", "immediate"),
        "wal_compression": ("zstd", "immediate"),
        "rds.force_ssl": ("1", "immediate"),
        "shared_preload_libraries": ("pg_stat_statements", "pending-reboot"),
    }
    assert group["family"] == "postgres18"
    assert instance("prod")["parameterGroupName"] == group["name"] == "teei-prod-us-east-1-ai-budget-pg18"


@pytest.mark.parametrize(
    ("metric", "comparison", "threshold"),
    [
        ("FreeStorageSpace", "LessThanThreshold", 20 * 1024**3),
        ("OldestReplicationSlotLag", "GreaterThanThreshold", 10 * 1024**3),
        ("TransactionLogsDiskUsage", "GreaterThanThreshold", 20 * 1024**3),
    ],
)
def test_an_alarm_on_each_way_the_disk_fills_tells_operations(metric, comparison, threshold):
    (found,) = [
        each.inputs
        for each in record("prod").of("cloudwatch/metricAlarm:MetricAlarm")
        if each.inputs["metricName"] == metric
    ]
    assert (found["comparisonOperator"], found["threshold"]) == (comparison, threshold)
    assert found["namespace"] == "AWS/RDS"
    assert found["dimensions"] == {"DBInstanceIdentifier": instance("prod")["identifier"]}
    assert found["alarmActions"] == ["arn:aws:mock:::finops-operations-teei-prod-us-east-1"]


def test_only_the_pods_reach_it():
    (rule,) = [
        each.inputs
        for each in record("prod").of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if each.name == "budget-database-access-from-pods"
    ]
    assert (rule["fromPort"], rule["toPort"], rule["ipProtocol"]) == (5432, 5432, "tcp")
    assert rule["referencedSecurityGroupId"] == "sg-0a1b2c3d4e5f60011"
    assert "cidrIpv4" not in rule


def test_its_logs_end():
    groups = [
        each
        for each in record("prod").of("cloudwatch/logGroup:LogGroup")
        if each.inputs["name"].startswith("/aws/rds/")
    ]
    assert {each.inputs["name"].rsplit("/", 1)[1] for each in groups} == set(
        instance("prod")["enabledCloudwatchLogsExports"]
    )
    assert {each.inputs["retentionInDays"] for each in groups} == {30}
