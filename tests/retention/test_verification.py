"""`verify` as a whole: exit codes, lines, JSON and metrics."""

import json

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from demo import storage
from retention.__main__ import main
from retention.metrics import registry
from retention.stores import clickhouse, postgresql, rds, s3
from retention.stores import loki as loki_store
from tests.components.stack_config import ROOT
from tests.retention.support import NOW, http_server, stack
from tests.retention.test_loki import EFFECTIVE

CONFIG = {**EFFECTIVE, "compactor": {**EFFECTIVE["compactor"], "retention_enabled": False}}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("PULUMI_STACK", "LOKI_URL", "CLICKHOUSE_URL", "DATABASE_URL", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(scope="module")
def loki():
    with http_server(lambda _method, _path, _body: (200, yaml.safe_dump(EFFECTIVE))) as url:
        yield url


@pytest.fixture(scope="module")
def loki_without_retention():
    with http_server(lambda _method, _path, _body: (200, yaml.safe_dump(CONFIG))) as url:
        yield url


def verify(*arguments):
    return main(["verify", "--no-aws", *arguments])


def test_a_compliant_store_exits_with_0_and_names_what_is_not_verified(loki, capsys):
    assert verify("--loki-url", loki) == 0
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors == (
        "verify: prod: 0 differences in 10 checks of loki; not verified: s3 (left out with --no-aws),"
        " rds (left out with --no-aws), clickhouse (no --clickhouse-url), postgresql (no --database-url)\n"
    )


def test_each_difference_is_one_line_and_exits_with_1(loki_without_retention, monkeypatch, capsys):
    monkeypatch.setenv("LOKI_URL", loki_without_retention)
    assert verify() == 1
    assert capsys.readouterr().out == (
        "loki loki-config: compactor.retention_enabled is off, but on is declared (loki.total_days)\n"
    )


def test_a_store_that_cannot_be_read_exits_with_2_and_the_others_are_verified(
    loki_without_retention, tmp_path, capsys
):
    metrics = tmp_path / "retention.prom"
    arguments = ("--loki-url", loki_without_retention, "--database-url", "postgresql://127.0.0.1:1/none")
    assert verify(*arguments, "--json", "--metrics-file", str(metrics)) == 2
    output, errors = capsys.readouterr()
    document = json.loads(output)
    assert list(document["errors"]) == ["postgresql"]
    assert "check --database-url" in errors
    [difference] = document["differences"]
    assert difference == {
        "store": "loki",
        "resource": "loki-config",
        "setting": "loki.total_days",
        "text": "compactor.retention_enabled is off, but on is declared",
        "declared": True,
        "actual": False,
        "runbook": "storage-retention-loki",
    }
    assert document["compliant"] is False
    assert document["stack"] == "prod"
    assert document["checks"] == {"loki": 10}
    assert document["measured"]["loki"]["retention_days"] == 90
    samples = {
        (
            sample.name,
            *(value for key, value in sorted(sample.labels.items()) if key != "stack"),
        ): sample.value
        for family in text_string_to_metric_families(metrics.read_text())
        for sample in family.samples
    }
    assert samples["storage_retention_differences", "loki-config", "loki"] == 1
    assert samples["storage_retention_errors", "postgresql"] == 1
    assert samples["storage_retention_errors", "loki"] == 0
    assert samples["storage_retention_loki_period_days",] == 90
    assert ("storage_retention_verified_timestamp_seconds", "loki") in samples
    assert ("storage_retention_verified_timestamp_seconds", "postgresql") not in samples


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "no store to verify; leave out --no-aws, or give --loki-url"),
        (["--stack", "dev"], "unknown stack 'dev'; stacks of"),
        (
            ["--loki-url", "http://127.0.0.1:1", "--metrics-file", "/nowhere/x"],
            "--metrics-file /nowhere/x: No such",
        ),
        (["-C", "/tmp"], "give the project with -C"),
    ],
)
def test_a_wrong_call_is_one_line_and_exits_with_2(arguments, text, capsys):
    assert verify(*arguments) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("storage-retention.sh: ")
    assert errors.count("\n") == 1
    assert text in errors


def test_a_wrong_setting_is_reported_with_its_file(tmp_path, capsys):
    (tmp_path / "Pulumi.yaml").write_text("config: {}\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  teei-finops:environmnt: prod\n")
    assert verify("-C", str(tmp_path)) == 2
    assert "Pulumi.prod.yaml: " in capsys.readouterr().err


def test_missing_credentials_are_an_error_that_names_the_option(monkeypatch, capsys):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert main(["verify"]) == 2
    error, _ = capsys.readouterr().err.splitlines()
    assert error == (
        "verify: aws: sts get_caller_identity: Unable to locate credentials; --no-aws leaves AWS out"
    )


def test_every_store_has_a_heading_in_the_runbook():
    headings = [
        line.removeprefix("## ").lower().replace(": ", "-").replace(" ", "-")
        for line in (ROOT / "docs" / "runbook.md").read_text().splitlines()
        if line.startswith("## ")
    ]
    assert {store.RUNBOOK for store in (s3, rds, loki_store, clickhouse, postgresql)} - set(headings) == set()


def test_every_metric_is_documented():
    page = (ROOT / "docs" / "storage-retention.md").read_text()
    metrics = {family.name for family in registry(storage.verification(NOW)).collect()}
    assert len(metrics) == 9
    assert {name for name in metrics if f"`{name}`" not in page} == set()


def test_the_buckets_of_bills_and_reports_are_verified_with_the_other_buckets():
    assert list(stack().buckets) == [
        "storage.exports",
        "storage.backups",
        "storage.logs",
        "storage.access_logs",
        "cost_data.export_bucket",
        "reporting.bucket",
    ]
