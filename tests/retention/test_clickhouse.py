"""The table of events is compared with the settings, on ClickHouse itself (chdb) behind HTTP."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from chdb.session import Session

from components import clickhouse_sql
from retention.errors import RetentionError
from retention.stores import clickhouse
from tests.retention.support import http_server, stack, texts

SETTINGS = stack().settings.clickhouse
NOW = datetime.now(UTC)


class Database:
    """A ClickHouse in this process, reached by HTTP."""

    def __init__(self):
        self._session = Session()

    def answer(self, _method, path, body):
        query = dict(parse_qsl(urlsplit(path).query))
        parameters = {
            name.removeprefix("param_"): value for name, value in query.items() if name.startswith("param_")
        }
        try:
            return 200, str(self._session.query(body, query["default_format"], params=parameters))
        except Exception as error:
            return 500, str(error)

    def run(self, *statements):
        for statement in statements:
            self._session.query(statement)

    def create(self, ages=(0, 10), partition_by="toYYYYMM(timestamp)"):
        """The table with an event of each age in days, and without a retention."""
        self.run(
            "DROP DATABASE IF EXISTS analytics",
            "CREATE DATABASE analytics",
            "CREATE TABLE analytics.events (timestamp DateTime, properties String) ENGINE MergeTree"
            f" PARTITION BY {partition_by} ORDER BY timestamp",
            "SYSTEM STOP MERGES analytics.events",
        )
        for age in ages:
            time = int((NOW - timedelta(days=age)).timestamp())
            self.run(f"INSERT INTO analytics.events VALUES (toDateTime({time}), 'x')")

    def retain(self):
        """What the Job of the stack does."""
        script = [
            line for line in clickhouse_sql.retention(SETTINGS).splitlines() if not line.startswith("--")
        ]
        self.run(
            "SET materialize_ttl_after_modify = 0",  # merges are stopped
            *filter(None, (statement.strip() for statement in "\n".join(script).split(";"))),
        )

    def partition(self, age):
        return f"{NOW - timedelta(days=age):%Y%m}"


@pytest.fixture(scope="module")
def database():
    return Database()


@pytest.fixture(scope="module")
def server(database):
    with http_server(database.answer) as url:
        yield clickhouse.Server(url, "reader", "secret")


def verify(server):
    return clickhouse.verify(server, SETTINGS, NOW)


def test_a_table_with_the_retention_of_the_job_has_no_difference(database, server):
    database.create()
    database.retain()
    findings = verify(server)
    assert texts(findings) == []
    assert findings.checks == 8
    assert findings.measured["rows"] == 2
    assert findings.measured["bytes"] == sum(findings.measured["bytes_by_partition"].values()) > 0
    oldest = datetime.fromisoformat(findings.measured["oldest_row"])
    assert oldest == (NOW - timedelta(days=10)).replace(microsecond=0)


def test_each_part_of_the_definition_is_compared(database, server):
    database.create()
    assert texts(verify(server)) == [
        "the TTL is not set, but timestamp + toIntervalDay(90) is declared (clickhouse.retention_days)",
        "ttl_only_drop_parts is off, but on is declared (clickhouse.retention_days)",
        "the codec of properties is not set, but CODEC(ZSTD(3)) is declared (clickhouse.zstd_level)",
    ]
    database.retain()
    database.run(
        "ALTER TABLE analytics.events MODIFY TTL timestamp + INTERVAL 1 YEAR",
        "ALTER TABLE analytics.events MODIFY COLUMN properties CODEC(LZ4)",
    )
    assert texts(verify(server)) == [
        "the TTL is timestamp + toIntervalYear(1), but timestamp + toIntervalDay(90) is declared"
        " (clickhouse.retention_days)",
        "the codec of properties is CODEC(LZ4), but CODEC(ZSTD(3)) is declared (clickhouse.zstd_level)",
    ]


def test_other_partitions_and_a_missing_table_are_differences(database, server):
    database.create(partition_by="toYYYYMMDD(timestamp)")
    assert texts(verify(server))[0] == (
        "the partition key is toYYYYMMDD(timestamp), but toYYYYMM(timestamp) is declared"
        " (clickhouse.time_column)"
    )
    database.run("DROP TABLE analytics.events")
    assert texts(verify(server)) == ["the table does not exist (clickhouse.table)"]


def test_parts_that_the_ttl_should_have_deleted_are_a_difference(database, server):
    database.create(ages=(0, 91, 100))
    database.retain()
    database.run(
        f"INSERT INTO analytics.events_recompressed VALUES ('{database.partition(91)}', 'ZSTD(3)', now()),"
        f" ('{database.partition(100)}', 'ZSTD(3)', now())"
    )
    [text] = texts(verify(server))
    assert text == (
        "parts that the TTL should have deleted: 1 of 0.0 GB, with events up to"
        f" {NOW - timedelta(days=100):%Y-%m-%d} (clickhouse.retention_days)"
    )


def test_old_partitions_that_were_not_recompressed_are_a_difference(database, server):
    database.create(ages=(0, 31, 70))
    database.retain()
    findings = verify(server)
    old = database.partition(70)
    assert texts(findings) == [f"not recompressed with ZSTD(3): {old} (clickhouse.recompress_after_days)"]
    assert old in findings.measured["partitions_to_recompress"]
    database.run(f"INSERT INTO analytics.events_recompressed VALUES ('{old}', 'ZSTD(3)', now())")
    assert texts(verify(server)) == []


def test_an_error_of_the_server_and_another_server_are_errors(server):
    with pytest.raises(RetentionError, match=r"clickhouse: http.* DATABASE|UNKNOWN"):
        server.rows("recompressed", database="nowhere", recompressed="nothing", codec="")
    with (
        http_server(lambda _method, _path, _body: (200, "<html>")) as url,
        pytest.raises(RetentionError, match="check --clickhouse-url"),
    ):
        clickhouse.Server(url).rows("table", database="a", table="b")
    with pytest.raises(RetentionError, match="check --clickhouse-url"):
        clickhouse.Server(url).rows("table", database="a", table="b")
