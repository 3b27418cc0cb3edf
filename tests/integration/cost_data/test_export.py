"""Costs of a data export in S3 (moto) on a real PostgreSQL."""

import time
from datetime import date

import boto3
import pytest
from moto import mock_aws

from functions.cost_data.collect import collect
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError
from functions.cost_data.sources.export import Export
from functions.cost_data.totals import month_totals, parse_month
from tests.functions.cost_data.support import at, cur_row, focus_row, sql, write_csv

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres
SETTINGS = Settings(export="s3://bills/exports/focus")


class S3Only(Aws):
    """The real adapter, for S3 alone: the other services of a collector's run are denied."""

    def call(self, service, operation, *_, **__):
        raise AwsError(f"{service} {operation}: AccessDenied")

    def pages(self, service, operation, region="", **parameters):
        if service != "s3":
            raise AwsError(f"{service} {operation}: AccessDenied")
        return super().pages(service, operation, region, **parameters)


@pytest.fixture
def s3(monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bills")
        yield client


def deliver(s3, tmp_path, month, *parts, manifest=True):
    """Puts the files of a billing period and then its manifest, as AWS does."""
    for number, rows in enumerate(parts, 1):
        path = write_csv(tmp_path / "part.csv.gz", rows)
        key = f"exports/focus/data/BILLING_PERIOD={month}/focus-{number:05}.csv.gz"
        s3.put_object(Bucket="bills", Key=key, Body=path.read_bytes())
    if manifest:
        key = f"exports/focus/metadata/BILLING_PERIOD={month}/focus-Manifest.json"
        s3.put_object(Bucket="bills", Key=key, Body=b"{}")


def run(store, now):
    outcome = collect(store, S3Only(), SETTINGS, at(now))
    return [line for line in outcome.done if line.startswith("bill")], outcome.costs_stored


def billed(store, month):
    return month_totals(store, parse_month(month))["billed"]


def test_all_periods_are_read_first_and_then_what_changes(store, s3, tmp_path):
    deliver(s3, tmp_path, "2026-09", [focus_row("2026-09-05", "9")])
    deliver(s3, tmp_path, "2026-10", [focus_row("2026-10-05", "1")], [focus_row("2026-10-06", "2")])
    lines, stored = run(store, "2026-11-03 06:00")
    assert stored
    assert [line.split("BILLING_PERIOD=")[1] for line in lines] == ["2026-09: stored", "2026-10: stored"]
    assert (billed(store, "2026-09"), billed(store, "2026-10")) == ("9", "3")
    deliver(s3, tmp_path, "2026-09", [focus_row("2026-09-05", "90")])  # final: AWS no longer changes it
    deliver(s3, tmp_path, "2026-10", [focus_row("2026-10-05", "1.5")], [focus_row("2026-10-06", "2")])
    run(store, "2026-11-04 06:00")
    assert (billed(store, "2026-09"), billed(store, "2026-10")) == ("9", "3.5")


def test_an_unchanged_period_is_confirmed_until_it_is_final_and_then_left(store, cost_database, s3, tmp_path):
    deliver(s3, tmp_path, "2026-10", [focus_row("2026-10-31")])
    run(store, "2026-11-02 06:00")
    assert month_totals(store, parse_month("2026-10"))["final"] is False
    lines, _ = run(store, "2026-11-15 06:00")
    assert [line.split(": ")[-1] for line in lines] == ["unchanged"]
    assert month_totals(store, parse_month("2026-10"))["final"] is True
    assert sql(cost_database, "SELECT count(*) FROM cost_data.reads WHERE kind = 'bill'") == [(1,)]
    assert run(store, "2026-11-16 06:00") == ([], True)


def test_a_delivery_under_way_is_left_for_the_next_run(store, s3, tmp_path):
    deliver(s3, tmp_path, "2026-10", [focus_row("2026-10-05", "1")])
    run(store, "2026-11-02 06:00")
    time.sleep(1.1)  # S3 times have a resolution of one second
    deliver(s3, tmp_path, "2026-10", [focus_row("2026-10-05", "5")], manifest=False)
    lines, _ = run(store, "2026-11-02 18:00")
    assert "AWS is delivering it" in lines[0]
    assert billed(store, "2026-10") == "1"
    time.sleep(1.1)
    deliver(s3, tmp_path, "2026-10", [focus_row("2026-10-05", "5")])
    run(store, "2026-11-03 06:00")
    assert billed(store, "2026-10") == "5"


def test_an_export_without_a_delivery_or_with_a_broken_file_is_an_error(store, s3, tmp_path):
    outcome = collect(store, S3Only(), SETTINGS, at("2026-11-02 06:00"))
    assert outcome.costs_stored is False
    assert "no delivery yet" in outcome.failed[0]
    deliver(s3, tmp_path, "2026-10", [cur_row(line_item_unblended_cost=None)])
    outcome = collect(store, S3Only(), SETTINGS, at("2026-11-02 06:00"))
    assert outcome.costs_stored is False
    assert "without the mandatory column line_item_unblended_cost" in outcome.failed[0]


def test_a_bucket_that_is_not_there_is_an_error_of_one_line(store, s3):
    s3.delete_bucket(Bucket="bills")
    outcome = collect(store, S3Only(), SETTINGS, at("2026-11-02 06:00"))
    assert "NoSuchBucket" in outcome.failed[0]
    assert "\n" not in outcome.failed[0]


def test_the_periods_of_an_export_are_read_from_its_folders(s3, tmp_path):
    for month in ("2026-10", "2025-12"):
        deliver(s3, tmp_path, month, [focus_row()])
    export = Export(S3Only(), SETTINGS.export)
    assert export.periods() == [date(2025, 12, 1), date(2026, 10, 1)]
    assert len(export.files(date(2026, 10, 1))) == 1
