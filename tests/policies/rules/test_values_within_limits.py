import pytest

from tests.policies.compliant_stack import related_resources
from tests.policies.pack_client import Pack, with_property

WITHIN_LIMITS = [
    ("scaled_object", "spec.maxReplicaCount", 2),
    ("scaled_object", "spec.minReplicaCount", 20),
    ("scaled_object", "spec.minReplicaCount", None),
    ("scaled_object", "spec.cooldownPeriod", 1),
    ("scaled_object", "spec.triggers.1.metadata.value", "40"),
    ("scaled_object", "spec.triggers.1.metadata.value", "85"),
    ("scaled_object", "spec.triggers.1.metadata.value", None),
    (
        "scaled_object",
        "spec.triggers.1",
        {"type": "cpu", "metricType": "AverageValue", "metadata": {"value": "9"}},
    ),
    ("scaled_object", "spec.triggers.1", {"type": "cpu", "metadata": {"type": "AverageValue", "value": "9"}}),
    ("scaled_object", "spec.triggers.1", {"type": "memory", "metadata": {"value": "95"}}),
    ("scaled_object", "spec.triggers.1", {"type": "cron", "metadata": {"timezone": "UTC", "end": None}}),
    ("hpa", "spec.maxReplicas", 2),
    ("hpa", "spec.minReplicas", 8),
    ("hpa", "spec.metrics", []),
    ("hpa", "spec.metrics.0.resource.target.averageUtilization", 40),
    ("hpa", "spec.metrics.0.resource.target.averageUtilization", 85),
    ("hpa", "spec.metrics.0.resource.target", {"type": "AverageValue", "averageValue": "10"}),
    ("hpa", "spec.targetCPUUtilizationPercentage", 40),
    ("database", "backupRetentionPeriod", 8),
    ("database", "publiclyAccessible", None),
    ("database", "iops", 3000),
    ("database", "instanceClass", "db.m5.large"),
    ("log_group", "retentionInDays", 1),
    ("log_group", "retentionInDays", 3653),
    ("backup_plan", "rules.0.lifecycle.deleteAfter", 1),
    ("backup_plan", "rules.0.lifecycle.deleteAfter", 36500),
    ("snapshot_schedule", "policyDetails.schedules.0.retainRule.count", 1),
    ("redshift_snapshot", "manualSnapshotRetentionPeriod", 1),
    ("parameter_group", "parameters.1.value", "0"),
    ("parameter_group", "parameters.1.value", "{DBInstanceClassMemory/1048576}"),
    *(
        ("parameter_group", "parameters.0", {"name": name, "value": value, **more})
        for name, value, more in (
            ("wal_compression", "zstd", {}),
            ("wal_compression", "LZ4", {}),
            ("work_mem", "{DBInstanceClassMemory/32768}", {}),
            ("max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)", {}),
            ("shared_buffers", "GREATEST(1,2)", {}),
            ("log_min_duration_statement", "-1", {}),
            ("log_statement", "ddl", {}),
            ("rds.force_ssl", "1", {"applyMethod": "pending-reboot"}),
            ("rds.force_ssl", "0", {}),
            ("shared_preload_libraries", "pg_stat_statements,pgaudit", {}),
        )
    ),
    (
        "postgres13_parameter_group",
        "parameters",
        [{"name": "rds.force_ssl", "value": "1"}, {"name": "max_slot_wal_keep_size", "value": "1"}],
    ),
    ("ai_budget_function", "environment", None),
    ("ai_budget_function", "environment.variables.AI_BUDGET_CONFIG", None),
    ("parameter_group", "parameters.1.name", " MAX_SLOT_WAL_KEEP_SIZE "),
    ("lifecycle", "rules.0.abortIncompleteMultipartUpload.daysAfterInitiation", 1),
    ("lifecycle", "rules.0.expiration.days", 330),
    ("lifecycle", "rules.0.filter", None),
    (
        "lifecycle",
        "rules",
        [
            {
                "id": "objects",
                "status": "Enabled",
                "filter": {"objectSizeGreaterThan": 0},
                "expiration": {"days": 730},
                "noncurrentVersionExpiration": {"noncurrentDays": 60},
            },
            {
                "id": "uploads",
                "status": "Enabled",
                "filter": {},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            },
        ],
    ),
    ("lifecycle", "rules.0.status", "enabled"),
    ("inline_bucket", "lifecycleRules.0.noncurrentVersionExpiration.days", 1),
    ("inline_bucket", "versioning", None),
    ("deployment", "spec.template.spec.initContainers", None),
    ("postgres_config", "data", None),
]


@pytest.mark.parametrize(
    ("name", "path", "value"), WITHIN_LIMITS, ids=[f"{path}={value}"[:80] for _, path, value in WITHIN_LIMITS]
)
def test_a_value_just_within_its_limit_is_not_reported(name, path, value):
    resources = related_resources(name)
    parents = resources[name].inputs
    if value is not None or path.split(".")[-1] in str(parents):
        resources[name] = with_property(resources[name], path, value)
    assert Pack().evaluate(*resources.values()) == []


def test_without_a_storage_type_iops_mean_io1_which_is_allowed():
    resource = with_property(
        with_property(related_resources("database")["database"], "storageType"), "iops", 3000
    )
    assert Pack().evaluate(resource) == []


def test_backups_are_kept_for_the_configured_days_and_for_seven_without_config():
    resource = with_property(related_resources("database")["database"], "backupRetentionPeriod", 7)
    config = {"demo:environment": "prod", "demo:budgets": '["cloud-s3"]'}
    assert Pack(config=config).evaluate(resource) == []
    assert Pack(config={**config, "demo:database": '{"backup_retention_days": 8}'}).evaluate(resource)
    less = with_property(resource, "backupRetentionPeriod", 3)
    assert Pack(config={**config, "demo:database": '{"backup_retention_days": 3}'}).evaluate(less) == []
    assert Pack(config=config).evaluate(less)
