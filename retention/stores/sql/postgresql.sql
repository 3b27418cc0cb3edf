-- The statements of postgresql.py. They need the role pg_monitor for the size of the WAL only.

-- name: settings
SELECT name, setting FROM pg_settings
WHERE name IN ('wal_keep_size', 'max_slot_wal_keep_size', 'wal_compression', 'archive_mode', 'wal_segment_size');

-- name: slots
SELECT slot_name, active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS lag_bytes
FROM pg_replication_slots
ORDER BY slot_name;

-- name: archiver
SELECT last_archived_wal, last_archived_time, last_failed_wal, last_failed_time,
    pg_walfile_name(pg_current_wal_lsn()) AS current_wal
FROM pg_stat_archiver;

-- name: may_read_wal
SELECT has_function_privilege('pg_ls_waldir()', 'EXECUTE') AS allowed;

-- name: wal
SELECT sum(size)::bigint AS bytes FROM pg_ls_waldir();
