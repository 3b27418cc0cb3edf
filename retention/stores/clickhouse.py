"""ClickHouse: TTL, partitions and codecs of the table of events; expired parts and recompression."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from components.settings.telemetry import ClickHouse
from retention.errors import RetentionError, shown
from retention.findings import Findings, ResourceFindings
from retention.stores.named_queries import named_queries

RUNBOOK = "storage-retention-clickhouse"
# A merge drops expired parts every four hours at most (merge_with_ttl_timeout).
# https://clickhouse.com/docs/operations/settings/merge-tree-settings, 2026-11.
TTL_LATENESS = timedelta(days=2)
# The CronJob recompresses one partition a night.
RECOMPRESSION_LATENESS = timedelta(days=7)
_TTL = re.compile(r"\bTTL (.+?)(?= SETTINGS |$)")
_TIMEOUT_SECONDS = 30


class Server:
    """The HTTP interface of one server, https://clickhouse.com/docs/interfaces/http, 2026-11."""

    def __init__(self, url: str, user: str = "", password: str = "") -> None:
        self._url, self._shown = url, shown(url)
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password} if user else {}
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT_SECONDS)

    def rows(self, name: str, **parameters: str | int) -> list[dict[str, Any]]:
        """The rows of a statement in sql/clickhouse.sql. Raises RetentionError."""
        query = {
            "default_format": "JSONEachRow",
            **{f"param_{key}": item for key, item in parameters.items()},
        }
        try:
            response = self._client.post(
                self._url, params=query, content=named_queries("clickhouse.sql")[name]
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RetentionError(f"clickhouse: {self._shown}: {error}; check --clickhouse-url") from None
        if response.status_code != 200:
            raise RetentionError(f"clickhouse: {self._shown}: {' '.join(response.text.split())[:300]}")
        try:
            return [json.loads(line) for line in response.text.splitlines()]
        except ValueError:
            raise RetentionError(
                f"clickhouse: {self._shown} is not the HTTP interface of ClickHouse; check --clickhouse-url"
            ) from None


def verify(server: Server, settings: ClickHouse, now: datetime) -> Findings:
    """The table on one server; a replica has parts of its own. Raises RetentionError."""
    findings = Findings("clickhouse", RUNBOOK)
    resource = findings.of(settings.table)
    database, name = settings.table.split(".")
    tables = server.rows("table", database=database, table=name)
    if not resource.check(bool(tables), "clickhouse.table", "the table does not exist", settings.table, None):
        return findings
    _check_definition(resource, settings, tables[0])
    codecs = {
        row["name"]: row["compression_codec"] for row in server.rows("columns", database=database, table=name)
    }
    for column in settings.payload_columns:
        codec = f"CODEC(ZSTD({settings.zstd_level}))"
        resource.equal("clickhouse.zstd_level", f"the codec of {column}", codec, codecs.get(column) or None)
    _check_expired_parts(server, resource, settings, now)
    partitions = server.rows("partitions", database=database, table=name)
    waiting = _check_recompression(server, resource, settings, partitions, now)
    oldest = min((int(row["oldest"]) for row in partitions), default=None)
    findings.measured = {
        "bytes": sum(int(row["bytes"]) for row in partitions),
        "rows": sum(int(row["rows"]) for row in partitions),
        "bytes_by_partition": {row["partition_id"]: int(row["bytes"]) for row in partitions},
        "partitions_to_recompress": waiting,
        "oldest_row": None if oldest is None else _instant(oldest).isoformat(),
    }
    return findings


def _check_definition(resource: ResourceFindings, settings: ClickHouse, table: dict[str, Any]) -> None:
    key = f"toYYYYMM({settings.time_column})"
    resource.equal("clickhouse.time_column", "the partition key", key, table["partition_key"] or None)
    engine = " ".join(table["engine_full"].split())
    ttl = _TTL.search(engine)
    declared = f"{settings.time_column} + toIntervalDay({settings.retention_days})"
    resource.equal("clickhouse.retention_days", "the TTL", declared, ttl and ttl[1])
    whole_parts = re.search(r"\bttl_only_drop_parts = (1|true)\b", engine) is not None
    resource.equal("clickhouse.retention_days", "ttl_only_drop_parts", True, whole_parts)


def _check_expired_parts(
    server: Server, resource: ResourceFindings, settings: ClickHouse, now: datetime
) -> None:
    database, name = settings.table.split(".")
    before = now - timedelta(days=settings.retention_days) - TTL_LATENESS
    [expired] = server.rows(
        "expired_parts", database=database, table=name, before=max(int(before.timestamp()), 0)
    )
    count = int(expired["parts"])
    text = (
        f"parts that the TTL should have deleted: {count} of {int(expired['bytes']) / 1e9:.1f} GB, with"
        f" events up to {_instant(int(expired['oldest'])):%Y-%m-%d}"
    )
    resource.check(not count, "clickhouse.retention_days", text, 0, count)


def _check_recompression(
    server: Server,
    resource: ResourceFindings,
    settings: ClickHouse,
    partitions: list[dict[str, Any]],
    now: datetime,
) -> list[str]:
    """Returns the old partitions that are not recompressed; those of the last nights are no difference."""
    database, name = settings.table.split(".")
    codec = f"ZSTD({settings.zstd_level})"
    recompressed = f"{name}_recompressed"
    done: set[str] = set()
    if server.rows("table", database=database, table=recompressed):
        rows = server.rows("recompressed", database=database, recompressed=recompressed, codec=codec)
        done = {row["partition_id"] for row in rows}
    old = now - timedelta(days=settings.recompress_after_days)
    waiting = [
        row for row in partitions if row["partition_id"] not in done and _instant(int(row["newest"])) < old
    ]
    limit = settings.recompress_max_gib * 1024**3
    large = [row["partition_id"] for row in waiting if int(row["bytes"]) > limit]
    text = f"too large to be recompressed: {', '.join(large)}"
    resource.check(not large, "clickhouse.recompress_max_gib", text, [], large)
    late = [
        row["partition_id"]
        for row in waiting
        if row["partition_id"] not in large and _instant(int(row["newest"])) < old - RECOMPRESSION_LATENESS
    ]
    text = f"not recompressed with {codec}: {', '.join(late)}"
    resource.check(not late, "clickhouse.recompress_after_days", text, [], late)
    return [row["partition_id"] for row in waiting]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
