"""PostgreSQL: the WAL settings, the replication slots, the archive, and the WAL on disk.

The only user of psycopg here.
"""

import re
from datetime import datetime, timedelta
from typing import Any, LiteralString, cast

import psycopg
from psycopg.rows import dict_row

from components.settings.database import Database
from retention.errors import RetentionError
from retention.findings import Findings, ResourceFindings
from retention.stores.named_queries import named_queries

RUNBOOK = "storage-retention-postgresql"
CONNECT_SECONDS = 5
# RDS archives a segment after five minutes, other servers when it is full.
ARCHIVE_LATENESS = timedelta(minutes=15)
_MIB = 1024 * 1024
_SEGMENT = re.compile(r"[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})")


def verify(url: str, settings: Database, now: datetime) -> Findings:
    """The server of a connection URL, which must be the primary. Raises RetentionError."""
    try:
        with psycopg.connect(
            url, connect_timeout=CONNECT_SECONDS, options="-c timezone=UTC -c statement_timeout=30000"
        ) as connection:
            connection.read_only = True
            return _verify(connection.cursor(row_factory=dict_row), settings, now)
    except (psycopg.Error, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise RetentionError(f"postgresql: {reason}; check --database-url") from None


def _verify(cursor: psycopg.Cursor[dict[str, Any]], settings: Database, now: datetime) -> Findings:
    findings = Findings("postgresql", RUNBOOK)
    resource = findings.of(settings.identifier)
    actual = {row["name"]: row for row in _rows(cursor, "settings")}
    declared = {
        "wal_keep_size": ("wal_keep_size_mib", settings.wal_keep_size_mib, "MiB"),
        "max_slot_wal_keep_size": ("max_slot_wal_keep_size_mib", settings.max_slot_wal_keep_size_mib, "MiB"),
        "wal_compression": ("wal_compression", settings.wal_compression, ""),
    }
    for name, (key, value, unit) in declared.items():
        text = actual[name]["setting"]
        resource.equal(f"database.{key}", name, value, int(text) if unit else text, unit)
    slots = _check_slots(resource, settings, _rows(cursor, "slots"))
    [archiver] = _rows(cursor, "archiver")
    archiving = actual["archive_mode"]["setting"] != "off"
    if resource.equal("database.backup_retention_days", "archive_mode", True, archiving):
        _check_archive(resource, archiver, int(actual["wal_segment_size"]["setting"]), now)
    wal = None
    if _rows(cursor, "may_read_wal")[0]["allowed"]:
        wal = _rows(cursor, "wal")[0]["bytes"] or 0
        limit = settings.alarms.wal_mib_above
        text = f"the WAL on disk is {wal // _MIB} MiB, more than {limit} MiB"
        resource.check(wal <= limit * _MIB, "database.alarms.wal_mib_above", text, limit * _MIB, wal)
    archived = archiver["last_archived_time"]
    findings.measured = {
        "wal_bytes": wal,
        "slot_lag_bytes": slots,
        "last_archived_at": archived.isoformat() if archived else None,
    }
    return findings


def _check_slots(
    resource: ResourceFindings, settings: Database, slots: list[dict[str, Any]]
) -> dict[str, int]:
    """Returns the WAL that each slot holds back, in bytes; a slot that has reserved none holds back 0."""
    limit = settings.alarms.slot_lag_mib_above
    lags = {slot["slot_name"]: slot["lag_bytes"] or 0 for slot in slots}
    lost = [slot["slot_name"] for slot in slots if slot["wal_status"] == "lost"]
    text = f"invalidated replication slots, whose readers need a new copy: {', '.join(lost)}"
    resource.check(not lost, "database.max_slot_wal_keep_size_mib", text, [], lost)
    behind = [name for name, lag in lags.items() if lag > limit * _MIB and name not in lost]
    inactive = {slot["slot_name"] for slot in slots if not slot["active"]}
    text = "; ".join(
        f"the {'inactive ' if name in inactive else ''}replication slot {name} holds back"
        f" {lags[name] // _MIB} MiB of WAL, more than {limit} MiB"
        for name in behind
    )
    resource.check(not behind, "database.alarms.slot_lag_mib_above", text, [], behind)
    return lags


def _check_archive(
    resource: ResourceFindings, archiver: dict[str, Any], segment_bytes: int, now: datetime
) -> None:
    """A failure since the last success, or full segments of which none was archived for a while."""
    archived, failed = archiver["last_archived_time"], archiver["last_failed_time"]
    failing = failed is not None and (archived is None or failed > archived)
    text = f"archiving {archiver['last_failed_wal']} failed" + (
        f"; the last segment was archived at {archived:%Y-%m-%d %H:%M} UTC" if archived else ""
    )
    if not resource.check(not failing, "database.backup_retention_days", text, None, str(failed)):
        return
    current = _segment_number(archiver["current_wal"], segment_bytes)
    newest = _segment_number(archiver["last_archived_wal"] or "", segment_bytes)
    waiting = (current or 0) - (newest or 0) - 1
    late = waiting > 0 and (archived is None or now - archived > ARCHIVE_LATENESS)
    since = f"since {archived:%Y-%m-%d %H:%M} UTC" if archived else "so far"
    text = f"segments of WAL that wait to be archived: {waiting}; none was {since}"
    resource.check(not late, "database.backup_retention_days", text, 0, waiting)


def _segment_number(name: str, segment_bytes: int) -> int | None:
    """The number of a WAL segment by its file name; None for another file of the archive.

    https://www.postgresql.org/docs/18/wal-internals.html
    """
    parts = _SEGMENT.match(name)
    return int(parts[1], 16) * (2**32 // segment_bytes) + int(parts[2], 16) if parts else None


def _rows(cursor: psycopg.Cursor[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    statement = cast(LiteralString, named_queries("postgresql.sql")[name])
    return cursor.execute(statement).fetchall()
