"""The ClickHouse statements of the retention: what the Job applies, and the script that recompresses."""

from components.settings import data as settings_data


def retention(settings: settings_data.ClickHouse) -> str:
    """Statements that may run again at any time: they check the partitions, then set the TTL and the codec.

    The partitions of a table that exists cannot be changed, and a TTL drops whole parts cheaply only where a
    part holds a short time, so a table in another shape is refused before anything is altered.
    """
    database, table = settings.table.split(".")
    partition_key = f"toYYYYMM({settings.time_column})"
    columns = "\n".join(
        f"ALTER TABLE {settings.table} MODIFY COLUMN {column} CODEC(ZSTD({settings.zstd_level}));"
        for column in settings.payload_columns
    )
    return f"""\
-- Monthly partitions, or nothing is changed (see docs/runbook.md#clickhouse-partitions).
SELECT throwIf(
    count() = 0, '{settings.table} is not a table partitioned by {partition_key}'
)
FROM system.tables
WHERE database = '{database}' AND name = '{table}' AND partition_key = '{partition_key}'
FORMAT Null;

-- Expired parts are dropped whole, which rewrites nothing.
ALTER TABLE {settings.table} MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE {settings.table} MODIFY TTL {settings.time_column} + INTERVAL {settings.retention_days} DAY;

-- For new parts. The CronJob recompresses old partitions, one at a time.
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


def recompression(settings: settings_data.ClickHouse) -> str:
    """A shell script that rewrites at most one partition: the oldest not yet rewritten with this codec.

    It rewrites only a partition whose newest event is older than `recompress_after_days` and that is no
    larger on disk than `recompress_max_gib`, since `OPTIMIZE … FINAL` needs as much again while it runs. One
    that is too large is named in the output and left alone.
    """
    database, table = settings.table.split(".")
    codec = f"ZSTD({settings.zstd_level})"
    return f"""\
set -eu
ask() {{ clickhouse-client --host "$CLICKHOUSE_HOST" --query "$1"; }}

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

ask "SELECT 'larger than $limit bytes, left alone: ' || partition_id FROM ($waiting) WHERE bytes > $limit"
partition=$(ask "SELECT min(partition_id) FROM ($waiting) WHERE bytes <= $limit")
if [ -z "$partition" ]; then
    echo "nothing to recompress"
    exit 0
fi
echo "recompressing partition $partition"
ask "OPTIMIZE TABLE {settings.table} PARTITION ID '$partition' FINAL SETTINGS optimize_throw_if_noop = 1"
ask "INSERT INTO {settings.table}_recompressed (partition_id, codec) VALUES ('$partition', '{codec}')"
"""
