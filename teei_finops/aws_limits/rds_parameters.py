"""Values that RDS accepts for parameters of PostgreSQL, and those that it has by default.

RDS takes a number in the unit of the parameter, without a suffix, or a formula, such as
{DBInstanceClassMemory/9531392} (Amazon RDS User Guide, "Specifying DB parameters" and "Working with
parameters on your RDS for PostgreSQL DB instance", 2026-11).
"""

import re

# The unit of each parameter with one, as in pg_settings of PostgreSQL 18; a test compares them.
UNITS = {
    "autovacuum_naptime": "s",
    "autovacuum_work_mem": "kB",
    "checkpoint_timeout": "s",
    "deadlock_timeout": "ms",
    "effective_cache_size": "8kB",
    "idle_in_transaction_session_timeout": "ms",
    "idle_session_timeout": "ms",
    "lock_timeout": "ms",
    "log_autovacuum_min_duration": "ms",
    "log_min_duration_statement": "ms",
    "log_temp_files": "kB",
    "logical_decoding_work_mem": "kB",
    "maintenance_work_mem": "kB",
    "max_slot_wal_keep_size": "MB",
    "max_standby_archive_delay": "ms",
    "max_standby_streaming_delay": "ms",
    "max_wal_size": "MB",
    "min_wal_size": "MB",
    "shared_buffers": "8kB",
    "statement_timeout": "ms",
    "temp_buffers": "8kB",
    "temp_file_limit": "kB",
    "tcp_keepalives_idle": "s",
    "tcp_keepalives_interval": "s",
    "wal_buffers": "8kB",
    "wal_keep_size": "MB",
    "wal_receiver_timeout": "ms",
    "wal_sender_timeout": "ms",
    "work_mem": "kB",
}
# Values of wal_compression from a major version on; before 15 it is a boolean:
# https://www.postgresql.org/docs/15/runtime-config-wal.html and docs/14, 2026-11. Decision 3 says how to
# check another version on RDS.
WAL_COMPRESSION = {15: ("pglz", "lz4", "zstd", "on", "off", "1", "0"), 13: ("1", "0")}
# Parameters with their default on RDS, and the first major version that has it:
# rds.force_ssl: Amazon RDS User Guide, "Using SSL with a PostgreSQL DB instance", 2026-11
# shared_preload_libraries: aws-cloudformation/cloudformation-coverage-roadmap#2032
# rds.log_retention_period, rds.logical_replication: Amazon RDS User Guide, "RDS for PostgreSQL database log
# files" and "Performing logical replication for Amazon RDS for PostgreSQL", 2026-11
DEFAULTS = {
    "rds.force_ssl": (15, "1"),
    "rds.log_retention_period": (11, "4320"),
    "rds.logical_replication": (11, "0"),
    "shared_preload_libraries": (13, "pg_stat_statements"),
}
# What AWS reports as the apply method of a parameter that was not changed, also after it was set to its
# default: hashicorp/terraform-provider-aws#23335.
DEFAULT_APPLY_METHOD = "pending-reboot"

_FAMILY = re.compile(r"postgres(\d+)")
_NUMBER = re.compile(r"-?\d+")
_FORMULA = re.compile(r".*\{.*\}.*|(GREATEST|LEAST|SUM)\(.*\)", re.IGNORECASE)


def major_version(family: str) -> int | None:
    """The major version of a family of RDS for PostgreSQL, None for another engine, Aurora included."""
    match = _FAMILY.fullmatch(family)
    return int(match[1]) if match else None


def is_default(family: str, name: str, value: str) -> bool:
    """Whether a parameter has this value by default."""
    version = major_version(family)
    since, default = DEFAULTS.get(name.lower(), (0, None))
    return version is not None and version >= since and value.strip() == default


def allowed_values(family: str, name: str, value: str) -> str | None:
    """The values that a parameter may have, in words, if this value is none of them."""
    version, text = major_version(family), value.strip()
    if version is None:
        return None
    if name.lower() == "wal_compression":
        values = next((values for since, values in WAL_COMPRESSION.items() if version >= since), None)
        if values and text.lower() not in values:
            return f"one of {', '.join(values)} with PostgreSQL {version}"
    unit = UNITS.get(name.lower())
    if unit and not _NUMBER.fullmatch(text) and not _FORMULA.fullmatch(text):
        return f"a number in {unit}, without the unit"
    return None
