"""Glue, Athena, Managed Prometheus and Grafana, Bedrock."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

CRAWLER = "aws:glue/crawler:Crawler"
JOB = "aws:glue/job:Job"
MODEL = "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput"
PROMETHEUS = "aws:amp/workspace:Workspace"
WORKGROUP = "aws:athena/workgroup:Workgroup"


def test_a_job_bills_dpu_hours_by_execution_class():
    usage = {"monthly_dpu_hours": 100}
    assert dollars(estimate_of(JOB, {}, usage=usage)) == 100 * price("AWSGlue", "etl", "job")
    flex = estimate_of(JOB, {"executionClass": "FLEX"}, usage=usage)
    assert dollars(flex) == 100 * price("AWSGlue", "etl", "job-flex")


@pytest.mark.parametrize(
    ("inputs", "dpus"),
    [
        ({}, 10),
        ({"maxCapacity": 4}, 4),
        ({"workerType": "G.2X", "numberOfWorkers": 5}, 10),
        ({"command": {"name": "pythonshell"}}, D("0.0625")),
    ],
)
def test_without_a_profile_a_job_runs_half_an_hour_a_day_on_its_dpus(inputs, dpus):
    it = estimate_of(JOB, inputs)
    assert dollars(it) == 15 * dpus * price("AWSGlue", "etl", "job")
    assert it.after.assumed


def test_a_crawler_is_billed_for_its_scheduled_runs():
    rate = price("AWSGlue", "catalog", "crawler")
    hourly = estimate_of(CRAWLER, {"schedule": "cron(0 * * * ? *)"})
    assert dollars(hourly) == pytest.approx(730 * 2 * rate / 6, abs=D("1e-6"))
    assert dollars(estimate_of(CRAWLER, {}, usage={"monthly_dpu_hours": 7})) == 7 * rate


def test_a_catalogue_bills_objects_and_requests():
    usage = {"stored_objects": 200_000, "monthly_requests": 3_000_000}
    it = estimate_of("aws:glue/catalogDatabase:CatalogDatabase", {}, usage=usage)
    assert dollars(it) == 2 * price("AWSGlue", "catalog", "object-storage") + 3 * price(
        "AWSGlue", "catalog", "requests"
    )


def test_a_workgroup_bills_what_it_scans():
    assert dollars(estimate_of(WORKGROUP, {}, usage={"monthly_scanned_tb": 3})) == 3 * price(
        "AmazonAthena", "sql", "data-scanned"
    )
    assert dollars(estimate_of(WORKGROUP, {"state": "DISABLED"})) == 0
    usage = {"monthly_scanned_tb": 0, "monthly_dpu_hours": 24}
    assert dollars(estimate_of(WORKGROUP, {}, usage=usage)) == 24 * price(
        "AmazonAthena", "provisioned", "dpu"
    )
    assert estimate_of(WORKGROUP, {}, region=EU, usage=usage).reason.startswith("no price in this region")
    spark = {"configuration": {"engineVersion": {"selectedEngineVersion": "PySpark engine version 3"}}}
    assert dollars(estimate_of(WORKGROUP, spark)) == 10 * price("AmazonAthena", "spark", "dpu")
    assert amounts_by_name(estimate_of(WORKGROUP, spark, usage={"monthly_dpu_hours": 24})) == {
        "Spark DPU-hours": 24 * price("AmazonAthena", "spark", "dpu")
    }


@pytest.mark.parametrize("region", [US, EU])
def test_grafana_bills_users_by_what_they_may_do(region):
    usage = {"active_editors": 3, "active_viewers": 10}
    it = estimate_of("aws:grafana/workspace:Workspace", {}, region=region, usage=usage)
    assert dollars(it) == 3 * price("AmazonGrafana", "users", "editor", region) + 10 * price(
        "AmazonGrafana", "users", "viewer", region
    )


def test_prometheus_and_bedrock_have_no_price_on_file():
    assert estimate_of(PROMETHEUS, {}).reason == (
        "no price in this region: AmazonPrometheus workspace samples-ingested in us-east-1"
    )
    quiet = {"monthly_samples": 0, "storage_gb": 0, "monthly_query_samples": 0}
    assert dollars(estimate_of(PROMETHEUS, {}, usage=quiet)) == 0
    inputs = {"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/claude", "modelUnits": 2}
    assert estimate_of(MODEL, inputs).reason == (
        "no price in this region: AmazonBedrock provisioned-none claude in us-east-1"
    )
    assert dollars(estimate_of(MODEL, inputs, usage={"monthly_hours": 0})) == 0
