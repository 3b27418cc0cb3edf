"""The database of the AI budget service: settings that protect its data, its disk and its cost."""

import pytest

from tests.components.recorded import record
from tests.components.stack_config import STACKS


def instance(stack):
    return record(stack).one("rds/instance:Instance").inputs


@pytest.mark.parametrize("stack", STACKS)
def test_the_instance_is_encrypted_private_and_has_no_password_in_the_stack(stack):
    database = instance(stack)
    assert (database["engine"], database["engineVersion"], database["storageType"]) == (
        "postgres",
        "18",
        "gp3",
    )
    assert database["storageEncrypted"] is True
    assert database["publiclyAccessible"] is False
    assert database["iamDatabaseAuthenticationEnabled"] is True
    assert database["manageMasterUserPassword"] is True
    assert database["performanceInsightsEnabled"] is True
    assert database["backupRetentionPeriod"] == 7
    assert "password" not in database


@pytest.mark.parametrize("stack", ["prod", "prod-eu"])
def test_in_prod_the_database_survives_the_loss_of_a_zone_and_a_mistaken_deletion(stack):
    database = instance(stack)
    assert database["multiAz"] is True
    assert database["deletionProtection"] is True
    assert database["skipFinalSnapshot"] is False
    assert database["finalSnapshotIdentifier"] == f"{database['identifier']}-final"


def test_staging_is_small_and_leaves_no_snapshot_behind():
    database = instance("staging")
    assert database["multiAz"] is False
    assert database["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in database
    assert database["allocatedStorage"] < instance("prod")["allocatedStorage"]


def test_the_parameters_have_the_units_of_rds_and_none_is_a_default_of_rds():
    """Connections without TLS are rejected by default: a parameter that says so would differ for ever."""
    group = record("prod").one("rds/parameterGroup:ParameterGroup").inputs
    parameters = {
        parameter["name"]: (parameter["value"], parameter["applyMethod"]) for parameter in group["parameters"]
    }
    assert parameters == {
        "wal_keep_size": ("10240", "immediate"),
        "max_slot_wal_keep_size": ("51200", "immediate"),
        "wal_compression": ("zstd", "immediate"),
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
def test_each_cause_of_a_full_disk_has_an_alarm(metric, comparison, threshold):
    (alarm,) = [
        resource.inputs
        for resource in record("prod").of("cloudwatch/metricAlarm:MetricAlarm")
        if resource.inputs.get("metricName") == metric
    ]
    assert (alarm["comparisonOperator"], alarm["threshold"]) == (comparison, threshold)
    assert alarm["namespace"] == "AWS/RDS"
    assert alarm["dimensions"] == {"DBInstanceIdentifier": instance("prod")["identifier"]}
    assert alarm["alarmActions"] == ["arn:aws:mock:::finops-alarms-teei-prod-us-east-1"]


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_functions_can_connect_to_the_database(stack):
    (database_group,) = instance(stack)["vpcSecurityGroupIds"]
    rules = [
        resource.inputs
        for resource in record(stack).of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if resource.inputs["securityGroupId"] == database_group
    ]
    functions = {
        group
        for resource in record(stack).of("lambda/function:Function")
        for group in resource.inputs["vpcConfig"]["securityGroupIds"]
    }
    assert sorted(rule["referencedSecurityGroupId"] for rule in rules) == sorted(functions)
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in rules} == {(5432, 5432, "tcp")}
    assert not any(key.startswith(("cidr", "prefixList")) for rule in rules for key in rule)
    (group,) = [
        resource.inputs
        for resource in record(stack).of("ec2/securityGroup:SecurityGroup")
        if resource.inputs["name"] == database_group
    ]
    assert "ingress" not in group


def test_the_log_groups_have_a_retention():
    groups = [
        resource
        for resource in record("prod").of("cloudwatch/logGroup:LogGroup")
        if resource.inputs["name"].startswith("/aws/rds/")
    ]
    assert {resource.inputs["name"].rsplit("/", 1)[1] for resource in groups} == set(
        instance("prod")["enabledCloudwatchLogsExports"]
    )
    assert {resource.inputs["retentionInDays"] for resource in groups} == {30}
