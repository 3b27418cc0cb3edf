"""What AWS answers, recorded in its own shapes and checked by botocore's parameter validation."""

from datetime import date
from decimal import Decimal

import yaml
from botocore.stub import ANY

from teei_finops.costing.budgets.budgets_file import read_budgets
from teei_finops.costing.budgets.commitments_from_aws import commitments_of_account
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.resource_types import known_types
from teei_finops.costing.usage.from_aws import usage_from, usage_rules
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


# Commitments

PERIOD = {"Start": "2026-10-01", "End": "2026-11-01"}


def reservation(**attributes: str) -> dict:
    known = {
        "InstanceType": "db.m5.large", "NumberOfInstances": "2", "Region": "us-east-1",
        "SubscriptionType": "Partial Upfront", "StartDateTime": "2025-06-30T10:00:00.000Z",
        "EndDateTime": "2028-06-30T10:00:00.000Z",
    }  # fmt: skip
    return {
        "Key": "SUBSCRIPTION_ID",
        "Value": "1",
        "Attributes": known | attributes,
        "Utilization": {"PurchasedHours": "1488", "TotalAmortizedFee": "148.8"},
    }


def test_the_commitments_of_an_account_are_a_section_of_the_budgets_file(answers, tmp_path):
    arn = "arn:aws:savingsplans::123456789012:savingsplan/1"
    utilization = {
        "SavingsPlanArn": arn,
        "Utilization": {"TotalCommitment": "100", "UsedCommitment": "73"},
        "Savings": {"NetSavings": "27", "OnDemandCostEquivalent": "100"},
    }
    answers("ce").add_response(
        "get_savings_plans_utilization_details",
        {"SavingsPlansUtilizationDetails": [utilization], "TimePeriod": PERIOD},
        {"TimePeriod": PERIOD},
    )
    plan = {
        "savingsPlanArn": arn, "savingsPlanType": "Compute", "paymentOption": "No Upfront",
        "commitment": "2.5", "termDurationInSeconds": 31536000, "end": "2027-03-01T00:00:00.000Z",
    }  # fmt: skip
    second = plan | {
        "savingsPlanArn": "other", "savingsPlanType": "EC2Instance", "ec2InstanceFamily": "m5",
        "region": "eu-central-1", "termDurationInSeconds": 94608000,
    }  # fmt: skip
    savings_plans = answers("savingsplans")
    savings_plans.add_response(
        "describe_savings_plans", {"savingsPlans": [plan], "nextToken": "more"}, {"states": ["active"]}
    )
    savings_plans.add_response(
        "describe_savings_plans", {"savingsPlans": [second]}, {"states": ["active"], "nextToken": "more"}
    )
    for number in range(5):
        groups = [reservation()] if number == 1 else []
        answers("ce").add_response(
            "get_reservation_utilization",
            {"UtilizationsByTime": [{"TimePeriod": PERIOD, "Groups": groups}]},
            {"TimePeriod": PERIOD, "GroupBy": ANY, "Filter": ANY},
        )
    file = tmp_path / "budgets.yaml"
    file.write_text("version: 1\n" + commitments_of_account(DAY))
    compute, ec2, reserved = read_budgets(file, list_prices()).commitments
    assert (compute.kind, compute.usd_per_hour, compute.discount_percent) == (
        "compute-savings-plan", Decimal("2.5"), 27,
    )  # fmt: skip
    assert (compute.term, compute.payment, compute.until) == ("1-year", "no-upfront", date(2027, 3, 1))
    assert (ec2.name, ec2.term, ec2.discount_percent) == (
        "ec2 instance savings plan m5 eu-central-1", "3-years", 0,
    )  # fmt: skip
    assert (reserved.service, reserved.instance, reserved.count) == ("AmazonRDS", "db.m5.large", 2)
    assert (reserved.usd_per_hour, reserved.term, reserved.until) == (
        Decimal("0.1"), "3-years", date(2028, 6, 30),
    )  # fmt: skip
