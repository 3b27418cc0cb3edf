"""Violations in databases and the AI budget service; each row as in `violations.py`."""

from typing import Any

Row = tuple[str, str, Any, str]

DATABASES: list[Row] = [
    ("database", "backupRetentionPeriod", None, "database-keeps-backups"),
    ("database", "backupRetentionPeriod", 0, "database-keeps-backups"),
    ("database", "backupRetentionPeriod", 6, "database-keeps-backups"),
    ("cluster", "backupRetentionPeriod", None, "database-keeps-backups"),
    ("database", "multiAz", None, "database-is-multi-az-in-prod"),
    ("database", "multiAz", False, "database-is-multi-az-in-prod"),
    ("database", "deletionProtection", None, "database-is-protected-in-prod"),
    ("cluster", "deletionProtection", False, "database-is-protected-in-prod"),
    ("database", "storageEncrypted", None, "database-is-encrypted-in-prod"),
    ("cluster", "storageEncrypted", False, "database-is-encrypted-in-prod"),
    ("database", "publiclyAccessible", True, "database-is-private-in-prod"),
    ("cluster_instance", "publiclyAccessible", True, "database-is-private-in-prod"),
    ("database", "instanceClass", "db.m4.large", "database-is-current-generation"),
    ("cluster_instance", "instanceClass", "db.r4.large", "database-is-current-generation"),
    ("database", "storageType", "gp2", "database-is-current-generation"),
    ("database", "storageType", None, "database-is-current-generation"),
    ("database", "storageType", "standard", "database-is-current-generation"),
    *(
        (group, "parameters.0.name", name, "database-parameters-are-modifiable")
        for group in ("parameter_group", "cluster_parameter_group")
        for name in ("archive_timeout", "ARCHIVE_TIMEOUT", "Archive_Command", "fsync", "wal_level")
    ),
    (
        "parameter_group",
        "parameters.0",
        {"name": "archive_command", "value": "cp %p /wal/%f && rm %p"},
        "archive-command-keeps-wal database-parameters-are-modifiable",
    ),
    (
        "postgres_config",
        "data",
        {"postgresql.conf": "archive_command = 'aws s3 mv %p s3://wal/%f'"},
        "archive-command-keeps-wal",
    ),
    ("postgres_config", "data", {"archive_command": "mv %p /wal/%f"}, "archive-command-keeps-wal"),
    (
        "deployment",
        "spec.template.spec.containers.0.args",
        ["postgres", "-c", "archive_command=cp %p /wal/%f && rm %p"],
        "archive-command-keeps-wal",
    ),
    ("deployment", "metadata.annotations", {"Archive_Command": "unlink %p"}, "archive-command-keeps-wal"),
    ("postgres13_parameter_group", "parameters", [], "replication-slots-are-bounded"),
    ("parameter_group", "parameters.1", None, "replication-slots-are-bounded"),
    ("parameter_group", "parameters.1.value", "-1", "replication-slots-are-bounded"),
    ("cluster_parameter_group", "parameters.1.value", -1, "replication-slots-are-bounded"),
    ("parameter_group", "parameters.1.value", "2147483647", "replication-slots-are-bounded"),
    ("cluster_parameter_group", "parameters.1.value", 67108864, "replication-slots-are-bounded"),
    ("parameter_group", "parameters.1.value", "67108863", ""),
    ("aurora_parameter_group", "parameters.0.value", "-1", "replication-slots-are-bounded"),
]
_CONFIG = "environment.variables.AI_BUDGET_CONFIG"
_PARAMETER = "parameters.0"
AI_BUDGET: list[Row] = [
    ("ai_budget_function", _CONFIG, "", "ai-budget-has-callers-in-prod"),
    ("ai_budget_function", _CONFIG, "callers = []", "ai-budget-has-callers-in-prod"),
    ("ai_budget_function", _CONFIG, "default_monthly_limit_usd = 5", "ai-budget-has-callers-in-prod"),
]
PARAMETER_VALUES: list[Row] = [
    ("parameter_group", "parameters.1.value", "10GB", "database-parameters-have-valid-values"),
    ("parameter_group", "parameters.1.value", "10 GB", "database-parameters-have-valid-values"),
    ("parameter_group", "parameters.0.value", "1e4", "database-parameters-have-valid-values"),
    *(
        (
            "parameter_group",
            _PARAMETER,
            {"name": name, "value": value},
            "database-parameters-have-valid-values",
        )
        for name, value in (
            ("wal_compression", "gzip"),
            ("WAL_compression", "zstd9"),
            ("checkpoint_timeout", "5min"),
            ("shared_buffers", "25%"),
            ("work_mem", ""),
        )
    ),
    (
        "postgres13_parameter_group",
        "parameters.0",
        {"name": "wal_compression", "value": "zstd"},
        "database-parameters-have-valid-values replication-slots-are-bounded",
    ),
    *(
        (
            "parameter_group",
            _PARAMETER,
            {"name": name, "value": value, **more},
            "database-parameters-do-not-drift",
        )
        for name, value, more in (
            ("rds.force_ssl", "1", {}),
            ("rds.force_ssl", "1", {"applyMethod": "immediate"}),
            ("RDS.force_ssl", 1, {"applyMethod": "immediate"}),
            ("shared_preload_libraries", "pg_stat_statements", {}),
        )
    ),
]
