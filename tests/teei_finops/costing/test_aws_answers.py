"""What AWS answers, recorded in its own shapes and checked by botocore's parameter validation."""

from datetime import date
from decimal import Decimal

import pytest
import yaml
from botocore.stub import ANY

from teei_finops.costing.aws import AwsError, client
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.resource_types import known_types
from teei_finops.costing.usage.from_aws import usage_from
from teei_finops.costing.usage.measured import usage_rules
from teei_finops.costing.usage.profile import read_usage
from tests.teei_finops.costing.preview_builder import BUCKET, INSTANCE, QUEUE, preview, step, urn

DAY = date(2026, 11, 24)


def deployed():
    states = [
        step("same", QUEUE, "jobs", old={"name": "jobs-1"}, new={"name": "jobs-1"}, id="https://q/jobs-1"),
        step("same", BUCKET, "logs", old={"bucket": "logs-1"}, new={"bucket": "logs-1"}, id="logs-1"),
        step("same", INSTANCE, "vm", old={}, new={}, id="i-1"),
        step("create", QUEUE, "later", new={"name": "later"}),
    ]
    return read_plan(preview(*states), name="p")


def queries() -> dict:
    return {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY}


def test_metrics_become_monthly_usage_that_the_review_reads(answers, tmp_path):
    stub = answers("cloudwatch")
    gib = 1024.0**3
    first = [{"Id": "q0_0", "Values": [1000.0, 2000.0]}, {"Id": "q0_1", "Values": [3000.0]}]
    rest = [{"Id": "q0_2", "Values": []}, {"Id": "q1_0", "Values": [10 * gib, 20 * gib]}]
    page = {"MetricDataResults": first, "NextToken": "more"}
    stub.add_response("get_metric_data", page, queries())
    stub.add_response("get_metric_data", {"MetricDataResults": rest}, queries() | {"NextToken": "more"})
    text = usage_from("cloudwatch", [deployed()], at=DAY, days=10, region=None)
    (tmp_path / "usage.yaml").write_text(text)
    profile = read_usage(tmp_path / "usage.yaml")
    jobs = profile.of(urn(QUEUE, "jobs"), "jobs", QUEUE)
    assert jobs["monthly_requests"].expected == Decimal(6000) * 730 / 240
    logs = profile.of(urn(BUCKET, "logs"), "logs", BUCKET)
    assert logs == {"standard_storage_gb": logs["standard_storage_gb"]}
    assert logs["standard_storage_gb"].expected == 15
    assert "later" not in text, "what is not deployed has no data"


def test_each_metric_is_queried_by_the_dimension_of_its_resource(answers):
    stub = answers("cloudwatch")
    requests = []
    stub.client.meta.events.register(
        "before-parameter-build.cloudwatch.GetMetricData", lambda params, **_: requests.append(dict(params))
    )
    stub.add_response("get_metric_data", {"MetricDataResults": []})
    text = usage_from("cloudwatch", [deployed()], at=DAY, days=30, region=None)
    metrics = [query["MetricStat"]["Metric"] for query in requests[0]["MetricDataQueries"]]
    assert {"Name": "QueueName", "Value": "jobs-1"} in metrics[0]["Dimensions"]
    assert {"Name": "StorageType", "Value": "StandardStorage"} in metrics[4]["Dimensions"]
    assert f"# No data: {urn(QUEUE, 'jobs')}" in text


def test_billed_quantities_become_monthly_usage(answers):
    stub = answers("ce")

    def group(resource: str, kind: str, amount: str) -> dict:
        return {"Keys": [resource, kind], "Metrics": {"UsageQuantity": {"Amount": amount, "Unit": "N/A"}}}

    queue = [group("https://q/jobs-1", "EUC1-Requests-Tier1", "700"), group("other", "Requests-Tier1", "9")]
    bucket = [
        group("logs-1", "TimedStorage-ByteHrs", "7"),
        group("logs-1", "X-TimedStorage-SIA-ByteHrs", "1"),
    ]
    services = {"Amazon Simple Queue Service": queue, "Amazon Simple Storage Service": bucket}
    for service, groups in services.items():
        period = {"Start": "2026-11-10", "End": "2026-11-24"}
        stub.add_response(
            "get_cost_and_usage_with_resources",
            {"ResultsByTime": [{"TimePeriod": period, "Groups": groups}]},
            {
                "TimePeriod": period, "Granularity": "DAILY", "Metrics": ["UsageQuantity"], "GroupBy": ANY,
                "Filter": {"Dimensions": {"Key": "SERVICE", "Values": [service]}},
            },
        )  # fmt: skip
    text = usage_from("cost-explorer", [deployed()], at=DAY, days=30, region=None)
    resources = yaml.safe_load(text)["resources"]
    month = Decimal(730) / (24 * 14)
    assert resources[urn(QUEUE, "jobs")] == {"monthly_requests": float(round(700 * month, 6))}
    assert resources[urn(BUCKET, "logs")] == {
        "standard_ia_storage_gb": float(round(month, 6)),
        "standard_storage_gb": float(round(7 * month, 6)),
    }


def test_what_is_measured_are_usage_keys_of_the_types():
    types = known_types()
    rules = [
        rule
        for name in ("usage_metrics.csv", "usage_types.csv")
        for rows in usage_rules(name).values()
        for rule in rows
    ]
    assert len(rules) > 30
    for rule in rules:
        assert rule["usage_key"] in types[rule["type"]].usage_keys, rule
        assert Decimal(rule["scale"]) > 0


def test_an_endpoint_that_is_no_url_is_an_error_of_one_line(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "garbage")
    with pytest.raises(AwsError, match="Invalid endpoint: garbage; correct AWS_ENDPOINT_URL"):
        client("pricing", "us-east-1")
