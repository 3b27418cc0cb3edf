"""The WAL of a real PostgreSQL: its settings, slots, archive and size are compared with the settings."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from components.settings.database import Database
from functions.ai_budget.serve import postgres
from retention.errors import RetentionError
from retention.stores import postgresql
from tests.functions.ai_budget.support import short_directory, until
from tests.retention.support import stack, texts

pytestmark = pytest.mark.postgres
DECLARED = {
    "wal_keep_size": "10240MB",
    "max_slot_wal_keep_size": "51200MB",
    "wal_compression": "pglz",
    "archive_command": "true",
}


def settings(**changes: Any) -> Database:
    """Those of prod; the PostgreSQL here is built without zstd."""
    return stack(database__wal_compression="pglz", **changes).settings.database


class Server:
    """A PostgreSQL with the declared settings."""

    def __init__(self, url: str):
        self.url = url

    def run(self, *statements: str) -> list[tuple]:
        """The rows of the last statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def set(self, **values: str) -> None:
        """Sets parameters that need no restart, and awaits that the server has them."""
        before = self.run("SELECT pg_conf_load_time()")
        self.run(*(f"ALTER SYSTEM SET {name} = '{value}'" for name, value in values.items()))
        self.run("SELECT pg_reload_conf()")
        until(lambda: self.run("SELECT pg_conf_load_time()") != before)

    def fill_segment(self) -> str:
        """Completes the current segment; returns its name."""
        [(name,)] = self.run(
            "SELECT pg_logical_emit_message(false, 'test', 'x')",
            "SELECT pg_walfile_name(pg_current_wal_lsn())",
        )
        self.run("SELECT pg_switch_wal()")
        return name

    def verify(self, now: datetime | None = None, **changes):
        return postgresql.verify(self.url, settings(**changes), now or datetime.now(UTC))


@pytest.fixture(scope="module")
def first_differences() -> list[str]:
    """Filled by `server`: what differs before the restart that starts archiving."""
    return []


@pytest.fixture(scope="module")
def server(first_differences) -> Iterator[Server]:
    directory = short_directory() / "pg"
    try:
        server = Server(postgres.start(directory))
        server.run("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET archive_mode = on")
        server.set(**DECLARED)
        first_differences += texts(server.verify())
        postgres.stop(directory)
        yield Server(postgres.start(directory))
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory.parent, ignore_errors=True)


@pytest.fixture
def declared(server):
    """The server as declared, before and after a test."""
    yield server
    server.set(**DECLARED)
    server.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")


def test_a_server_as_declared_has_no_difference(declared):
    segment = declared.fill_segment()
    until(lambda: declared.run("SELECT last_archived_wal FROM pg_stat_archiver") == [(segment,)])
    findings = declared.verify()
    assert texts(findings) == []
    assert findings.checks == 9
    assert findings.measured["wal_bytes"] >= 16 * 1024**2
    assert findings.measured["slot_lag_bytes"] == {}
    assert findings.measured["last_archived_at"]


def test_a_server_that_does_not_archive_is_a_difference(declared, first_differences):
    assert declared.verify()
    assert first_differences == ["archive_mode is off, but on is declared (database.backup_retention_days)"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("wal_keep_size", "1024MB", "wal_keep_size is 1024 MiB, but 10240 MiB is declared"),
        ("max_slot_wal_keep_size", "-1", "max_slot_wal_keep_size is -1 MiB, but 51200 MiB is declared"),
        ("wal_compression", "off", "wal_compression is off, but pglz is declared"),
    ],
)
def test_each_setting_is_compared(declared, name, value, text):
    declared.set(**{name: value})
    assert [found.rpartition(" (")[0] for found in texts(declared.verify())] == [text]


def test_a_slot_that_holds_back_too_much_is_a_difference(declared):
    declared.run("SELECT pg_create_physical_replication_slot('standby', true)")
    declared.fill_segment()
    until(lambda: texts(declared.verify()) == [])
    findings = declared.verify(database__alarms__slot_lag_mib_above=1)
    lag = findings.measured["slot_lag_bytes"]["standby"] // 1024**2
    assert texts(findings) == [
        f"the inactive replication slot standby holds back {lag} MiB of WAL, more than 1 MiB"
        " (database.alarms.slot_lag_mib_above)"
    ]


def test_an_invalidated_slot_is_a_difference(declared):
    declared.set(wal_keep_size="0", max_slot_wal_keep_size="1")
    declared.run("SELECT pg_create_physical_replication_slot('standby', true)")
    declared.fill_segment()
    declared.fill_segment()
    declared.run("CHECKPOINT")
    declared.set(wal_keep_size="10240MB", max_slot_wal_keep_size="51200MB")
    assert texts(declared.verify()) == [
        "invalidated replication slots, whose readers need a new copy: standby"
        " (database.max_slot_wal_keep_size_mib)"
    ]


def test_an_archive_that_fails_is_a_difference(declared):
    archived = declared.fill_segment()
    until(lambda: declared.run("SELECT last_archived_wal FROM pg_stat_archiver") == [(archived,)])
    declared.set(archive_command="false")
    segment = declared.fill_segment()
    until(lambda: declared.run("SELECT last_failed_wal FROM pg_stat_archiver") == [(segment,)])
    [text] = texts(declared.verify())
    assert text.startswith(f"archiving {segment} failed; the last segment was archived at ")


def test_segments_that_wait_for_the_archive_are_a_difference_after_a_while(declared):
    segment = declared.fill_segment()
    until(lambda: declared.run("SELECT last_archived_wal FROM pg_stat_archiver") == [(segment,)])
    declared.set(archive_command="")
    declared.fill_segment()
    assert texts(declared.verify()) == []
    [text] = texts(declared.verify(datetime.now(UTC) + timedelta(minutes=16)))
    assert text.startswith("segments of WAL that wait to be archived: 1; none was since ")


def test_more_wal_than_the_alarm_allows_is_a_difference(declared):
    findings = declared.verify(database__alarms__wal_mib_above=1)
    size = findings.measured["wal_bytes"] // 1024**2
    assert texts(findings) == [
        f"the WAL on disk is {size} MiB, more than 1 MiB (database.alarms.wal_mib_above)"
    ]


def test_a_role_that_may_not_list_the_wal_verifies_the_rest(declared):
    declared.run("CREATE ROLE reader LOGIN")
    url = psycopg.conninfo.make_conninfo(declared.url, user="reader")
    findings = postgresql.verify(url, settings(), datetime.now(UTC))
    assert findings.measured["wal_bytes"] is None
    assert texts(findings) == []


def test_a_server_that_cannot_be_reached_is_an_error(declared):
    url = psycopg.conninfo.make_conninfo(declared.url, dbname="nowhere")
    with pytest.raises(RetentionError, match='database "nowhere" does not exist; check --database-url'):
        postgresql.verify(url, settings(), datetime.now(UTC))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("000000010000000000000002", 2),
        ("0000000100000001000000FF", 511),
        ("000000020000000000000003.00000028.backup", 3),
        ("00000002.history", None),
    ],
)
def test_a_segment_has_a_number(name, number):
    assert postgresql._segment_number(name, 16 * 1024**2) == number
