-- The statements of clickhouse.py, for the HTTP interface. Parameters are ClickHouse's own, {name:Type}.

-- name: table
SELECT partition_key, engine_full FROM system.tables
WHERE database = {database:String} AND name = {table:String};

-- name: columns
SELECT name, compression_codec FROM system.columns
WHERE database = {database:String} AND table = {table:String};

-- name: partitions
SELECT partition_id, sum(rows) AS rows, sum(bytes_on_disk) AS bytes,
    toUnixTimestamp(min(min_time)) AS oldest, toUnixTimestamp(max(max_time)) AS newest
FROM system.parts
WHERE active AND database = {database:String} AND table = {table:String}
GROUP BY partition_id
ORDER BY partition_id;

-- name: expired_parts
SELECT count() AS parts, sum(bytes_on_disk) AS bytes, toUnixTimestamp(min(max_time)) AS oldest
FROM system.parts
WHERE active AND database = {database:String} AND table = {table:String}
    AND max_time < toDateTime({before:UInt32});

-- name: recompressed
SELECT partition_id FROM {database:Identifier}.{recompressed:Identifier} WHERE codec = {codec:String};
