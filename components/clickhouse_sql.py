"""The SQL of the retention Job of ClickHouse, and the script of the recompression CronJob."""

from components.settings import telemetry as settings_telemetry


def retention(settings: settings_telemetry.ClickHouse) -> str:
    """Idempotent statements: they check the partitions, then set the TTL and the codec.

    The partition key of an existing table cannot be changed, and a TTL drops whole parts cheaply only if a
    part covers a short time. A table without monthly partitions is therefore rejected before any change.
    """
    database, table = settings.table.split(".")
    partition_key = f"toYYYYMM({settings.time_column})"
    columns = "\n".join(
        f"ALTER TABLE {settings.table} MODIFY COLUMN {column} CODEC(ZSTD({settings.zstd_level}));"
        for column in settings.payload_columns
    )
    return f"""\
-- Fails without monthly partitions, before any change (see docs/runbook.md#clickhouse-partitions).
SELECT throwIf(
    count() = 0, '{settings.table} is not a table partitioned by {partition_key}'
)
FROM system.tables
WHERE database = '{database}' AND name = '{table}' AND partition_key = '{partition_key}'
FORMAT Null;

-- Drop expired parts as a whole, without rewriting them.
ALTER TABLE {settings.table} MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE {settings.table} MODIFY TTL {settings.time_column} + INTERVAL {settings.retention_days} DAY;

-- Applies to new parts. The CronJob recompresses old partitions, one at a time.
{columns}

CREATE TABLE IF NOT EXISTS {settings.table}_recompressed
(
    partition_id String,
    codec String,
    recompressed_at DateTime DEFAULT now()
)
ENGINE = MergeTree ORDER BY (partition_id, codec)
TTL recompressed_at + INTERVAL {settings.retention_days * 2} DAY;
"""


def recompression(settings: settings_telemetry.ClickHouse) -> str:
    """A shell script that rewrites one partition at most: the oldest that does not have this codec yet.

    The newest event of the partition must be older than `recompress_after_days`, and its size on disk at most
    `recompress_max_gib`, because `OPTIMIZE … FINAL` temporarily needs as much space again. A larger partition
    is skipped and named in the output.
    """
    database, table = settings.table.split(".")
    codec = f"ZSTD({settings.zstd_level})"
    return f"""\
set -eu
query() {{ clickhouse-client --host "$CLICKHOUSE_HOST" --query "$1"; }}

limit=$(({settings.recompress_max_gib} * 1024 * 1024 * 1024))
waiting="
    SELECT partition_id, sum(bytes_on_disk) AS bytes
    FROM system.parts
    WHERE active AND database = '{database}' AND table = '{table}'
      AND partition_id NOT IN (
          SELECT partition_id FROM {settings.table}_recompressed WHERE codec = '{codec}'
      )
    GROUP BY partition_id
    HAVING max(max_time) < now() - INTERVAL {settings.recompress_after_days} DAY"

query "SELECT 'skipped, larger than $limit bytes: ' || partition_id FROM ($waiting) WHERE bytes > $limit"
partition=$(query "SELECT min(partition_id) FROM ($waiting) WHERE bytes <= $limit")
if [ -z "$partition" ]; then
    echo "nothing to recompress"
    exit 0
fi
echo "recompressing partition $partition"
query "OPTIMIZE TABLE {settings.table} PARTITION ID '$partition' FINAL SETTINGS optimize_throw_if_noop = 1"
query "INSERT INTO {settings.table}_recompressed (partition_id, codec) VALUES ('$partition', '{codec}')"
"""
