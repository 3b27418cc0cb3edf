"""Retention of logs and events: the corrected periods, and statements that delete nothing else."""

import os
import re
import subprocess

import pytest
import yaml

from components import clickhouse_sql
from components.settings import parse
from tests.components.recorded import record
from tests.components.stack_config import STACKS, config

# A fake clickhouse-client: logs every query and answers the one for the waiting partition.
CLIENT = """#!/bin/sh
printf '%s\\n--\\n' "$4" >> "$LOG"
case "$4" in *"min(partition_id)"*) echo "$WAITING";; esac
case "$4" in OPTIMIZE*) exit "$OPTIMIZE_EXIT";; esac
"""


def clickhouse(stack="prod", **changes):
    return parse(config(stack, {f"clickhouse.{key}": value for key, value in changes.items()})).clickhouse


def loki(stack="prod"):
    config_maps = [
        resource
        for resource in record(stack).of("kubernetes:core/v1:ConfigMap")
        if resource.name == "telemetry-loki"
    ]
    return yaml.safe_load(config_maps[0].inputs["data"]["loki.yaml"])


def test_loki_keeps_logs_for_ninety_days_and_can_start():
    config = loki()
    assert config["limits_config"]["retention_period"] == "2160h"
    assert config["compactor"] == {
        "working_directory": "/var/loki/compactor",
        "retention_enabled": True,
        "retention_delete_delay": "2h",
        "delete_request_store": "s3",
    }
    assert config["ingester"]["chunk_encoding"] == "gzip"


@pytest.mark.parametrize("stack", STACKS)
def test_loki_writes_to_the_stacks_own_bucket(stack):
    settings = parse(config(stack))
    s3 = loki(stack)["common"]["storage"]["s3"]
    assert s3 == {"bucketnames": settings.storage.logs.name, "region": settings.region}
    assert s3["bucketnames"] in {
        resource.inputs["bucket"] for resource in record(stack).of("s3/bucket:Bucket")
    }


def test_events_expire_in_whole_parts_and_new_parts_are_compressed():
    sql = clickhouse_sql.retention(clickhouse())
    assert "MODIFY TTL timestamp + INTERVAL 90 DAY;" in sql
    assert "MODIFY SETTING ttl_only_drop_parts = 1;" in sql
    assert "MODIFY COLUMN properties CODEC(ZSTD(3));" in sql
    assert "OPTIMIZE" not in sql


def test_the_partitions_are_checked_before_anything_is_altered():
    sql = clickhouse_sql.retention(clickhouse())
    assert sql.index("throwIf") < sql.index("ALTER TABLE")
    assert "partition_key = 'toYYYYMM(timestamp)'" in sql


def test_the_statements_follow_the_settings():
    changed = clickhouse(
        table="web.hits", time_column="at", payload_columns=["a", "b"], retention_days=60, zstd_level=6
    )
    sql = clickhouse_sql.retention(changed)
    assert "ALTER TABLE web.hits MODIFY TTL at + INTERVAL 60 DAY;" in sql
    assert re.findall(r"MODIFY COLUMN (\w) CODEC\(ZSTD\(6\)\)", sql) == ["a", "b"]
    assert "database = 'web' AND name = 'hits'" in sql
    assert "analytics" not in sql + clickhouse_sql.recompression(changed)


@pytest.fixture
def recompress(tmp_path):
    """Runs the recompression script and returns its exit code, its output and its queries."""

    def run(waiting, optimize_exit=0):
        (tmp_path / "clickhouse-client").write_text(CLIENT)
        (tmp_path / "clickhouse-client").chmod(0o755)
        log = tmp_path / "queries"
        log.write_text("")
        environment = {
            "PATH": f"{tmp_path}:{os.defpath}",
            "CLICKHOUSE_HOST": "clickhouse",
            "LOG": str(log),
            "WAITING": waiting,
            "OPTIMIZE_EXIT": str(optimize_exit),
        }
        script = clickhouse_sql.recompression(clickhouse())
        process = subprocess.run(
            ["sh", "-c", script], env=environment, capture_output=True, text=True, check=False
        )
        return (
            process.returncode,
            process.stdout,
            [query.strip() for query in log.read_text().split("--\n") if query.strip()],
        )

    return run


def test_recompression_rewrites_one_partition_and_records_it(recompress):
    code, output, queries = recompress("202609")
    assert code == 0
    assert "recompressing partition 202609" in output
    rewrites = [query for query in queries if query.startswith("OPTIMIZE")]
    assert rewrites == [
        "OPTIMIZE TABLE analytics.events PARTITION ID '202609' FINAL SETTINGS optimize_throw_if_noop = 1"
    ]
    assert queries[-1].startswith("INSERT INTO analytics.events_recompressed")
    assert "('202609', 'ZSTD(3)')" in queries[-1]


def test_recompression_does_nothing_without_a_waiting_partition(recompress):
    code, output, queries = recompress("")
    assert code == 0
    assert "nothing to recompress" in output
    assert not any(query.startswith(("OPTIMIZE", "INSERT")) for query in queries)


def test_a_failed_recompression_fails_the_job_and_is_not_recorded(recompress):
    code, _, queries = recompress("202609", optimize_exit=3)
    assert code == 3
    assert not any(query.startswith("INSERT") for query in queries)


def test_recompression_is_bounded_in_age_and_size(recompress):
    _, _, queries = recompress("202609")
    choice = next(query for query in queries if "min(partition_id)" in query)
    assert "HAVING max(max_time) < now() - INTERVAL 30 DAY" in choice
    assert f"bytes <= {50 * 1024**3}" in choice


@pytest.mark.parametrize("stack", STACKS)
def test_the_jobs_request_their_limits_and_never_overlap(stack):
    job = record(stack).one("kubernetes:batch/v1:Job").inputs["spec"]
    cron_job = record(stack).one("kubernetes:batch/v1:CronJob").inputs["spec"]
    assert cron_job["concurrencyPolicy"] == "Forbid"
    for spec in (job, cron_job["jobTemplate"]["spec"]):
        (container,) = spec["template"]["spec"]["containers"]
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert spec["activeDeadlineSeconds"] > 0


def test_the_scripts_are_mounted_from_their_config_map():
    maps = {
        resource.inputs["metadata"]["name"]: resource.inputs
        for resource in record("prod").of("kubernetes:core/v1:ConfigMap")
    }
    job = record("prod").one("kubernetes:batch/v1:Job").inputs
    (volume,) = job["spec"]["template"]["spec"]["volumes"]
    assert set(maps[volume["configMap"]["name"]]["data"]) == {"retention.sql", "recompress.sh"}
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"][-1] == "/scripts/retention.sql"
