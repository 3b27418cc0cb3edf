"""What AWS answers, recorded in its own shapes and checked by botocore's parameter validation."""

import csv
import json
from datetime import date
from decimal import Decimal

import boto3
import pytest
import yaml
from botocore.stub import ANY, Stubber

from teei_finops.cli import main
from teei_finops.costing import aws
from teei_finops.costing.budgets.budgets_file import read_budgets
from teei_finops.costing.budgets.commitments_from_aws import commitments_of_account
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices, read_overrides, region_rows, regions
from teei_finops.costing.prices.refresh import HEADER, read_rules, refresh, usage_type_prefixes
from teei_finops.costing.resource_types import known_types
from teei_finops.costing.usage.from_aws import usage_from, usage_rules
from teei_finops.costing.usage.profile import read_usage
from tests.teei_finops.costing.preview_builder import BUCKET, INSTANCE, QUEUE, preview, step, urn

DAY = date(2026, 11, 24)


@pytest.fixture
def answers(monkeypatch):
    """Stubbed clients by service; every recorded call must have been made."""
    stubs: dict[str, Stubber] = {}

    def client(service: str, region: str):
        if service not in stubs:
            client = boto3.client(
                service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
            )
            stubs[service] = Stubber(client)
            stubs[service].activate()
        return stubs[service].client

    monkeypatch.setattr(aws, "client", client)

    def stub(service: str) -> Stubber:
        client(service, "us-east-1")
        return stubs[service]

    yield stub
    for stub in stubs.values():
        stub.assert_no_pending_responses()


def product(attributes: dict, tiers: list[tuple[str, str, str]]) -> str:
    dimensions = {
        f"d{index}": {"unit": "Hrs", "beginRange": begin, "endRange": end, "pricePerUnit": {"USD": usd}}
        for index, (begin, end, usd) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {"attributes": attributes},
            "terms": {"OnDemand": {"t": {"priceDimensions": dimensions}}},
            "publicationDate": "2026-11-20T10:00:00Z",
        }
    )


def queue_products(answers, region: str, *products: str) -> None:
    fifo = product({}, [("0", "Inf", "0.0000005000")])
    for kind, listed in (("Standard", products), ("FIFO (first-in first-out)", (fifo,))):
        filters = [
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
            {"Type": "TERM_MATCH", "Field": "queueType", "Value": kind},
        ]
        expected = {"ServiceCode": "AWSQueueService", "Filters": filters, "FormatVersion": "aws_v1"}
        answers("pricing").add_response("get_products", {"PriceList": list(listed)}, expected)


def refreshed(path) -> dict[tuple[str, ...], list[list[str]]]:
    rows: dict[tuple[str, ...], list[list[str]]] = {}
    with path.open(newline="") as file:
        reader = csv.reader(file)
        assert next(reader) == HEADER
        for row in reader:
            rows.setdefault(tuple(row[1:4]), []).append(row)
    return rows


def test_refreshed_rows_have_the_list_s_tiers_and_day_and_the_others_stay(answers, tmp_path):
    path = tmp_path / "us-east-1.csv"
    tiers = [("0", "100000000000", "0.0000003900"), ("100000000000", "Inf", "0.0000003000")]
    queue_products(answers, "us-east-1", product({}, tiers))
    summary = refresh("us-east-1", ["AWSQueueService"], path)
    rows = refreshed(path)
    assert [row[4:8] for row in rows["AWSQueueService", "standard", "requests"]] == [
        ["1M-requests", "0.39", "0", "2026-11-20"],
        ["1M-requests", "0.3", "100000000000", "2026-11-20"],
    ]
    assert rows["AWSQueueService", "fifo", "requests"][0][8] == "AWS Price List@2026-11-20"
    before = region_rows("us-east-1")
    storage = ("us-east-1", "AmazonS3", "standard", "storage")
    assert rows[storage[1:]] == before[storage]
    assert f"1 of {len(before)} prices changed, 0 added, 1 confirmed" in summary


def test_a_region_gets_prices_that_only_us_east_1_had_and_may_be_used_by_a_review(answers, tmp_path):
    path = tmp_path / "mine.csv"
    queue_products(answers, "eu-north-1", product({}, [("0", "Inf", "0.0000004000")]))
    assert "2 added" in refresh("eu-north-1", ["AWSQueueService"], path)
    book = list_prices().with_overrides(read_overrides(path, list_prices()))
    assert book.find("eu-north-1", "AWSQueueService", "standard", "requests").tiers[0].usd == Decimal("0.4")
    assert list_prices().find("eu-north-1", "AWSQueueService", "standard", "requests") is None


def test_two_products_that_answer_for_one_row_are_refused_and_write_nothing(answers, tmp_path):
    answers("pricing").add_response(
        "get_products",
        {"PriceList": [product({}, [("0", "Inf", usd)]) for usd in ("0.1", "0.2")]},
        {"ServiceCode": ANY, "Filters": ANY, "FormatVersion": ANY},
    )
    with pytest.raises(aws.AwsError, match=r"two products for us-east-1 AWSQueueService"):
        refresh("us-east-1", ["AWSQueueService"], tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_rule_that_needs_the_prefix_of_usage_types_is_left_out_where_it_is_not_known():
    (rule,) = [rule for rule in read_rules() if (rule.family, rule.key) == ("nat-gateway", "hour")]
    prefixes = usage_type_prefixes()
    assert rule.filters_in("eu-west-1", prefixes)["usagetype"] == "EU-NatGateway-Hours"
    assert rule.filters_in("us-east-1", prefixes)["usagetype"] == "NatGateway-Hours"
    assert rule.filters_in("ap-southeast-7", prefixes) is None
    assert set(prefixes) <= set(regions())


def test_a_list_of_several_pages_is_read_to_its_end(answers):
    stub = answers("pricing")
    shared = {"ServiceCode": "AmazonEC2", "Filters": ANY, "FormatVersion": "aws_v1"}
    stub.add_response("get_products", {"PriceList": [product({"n": "1"}, [])], "NextToken": "more"}, shared)
    stub.add_response(
        "get_products", {"PriceList": [product({"n": "2"}, [])]}, shared | {"NextToken": "more"}
    )
    products = aws.products(stub.client, "AmazonEC2", {"tenancy": "Shared"})
    assert [product["product"]["attributes"]["n"] for product in products] == ["1", "2"]


def test_every_refresh_rule_has_rows_in_the_price_book():
    book = {key[1:] for key in list_prices().keys("us-east-1")}
    for rule in read_rules():
        keys = [key for key in book if key[:2] == (rule.service, rule.family)]
        assert any(rule.key in ("*", key[2]) for key in keys), rule
        assert (rule.key == "*") == bool(rule.key_attribute), rule


def test_a_refusal_of_aws_is_one_line_and_exit_2(answers, tmp_path, capsys):
    answers("pricing").add_client_error("get_products", "AccessDeniedException", "not\nallowed", 400)
    command = ["prices", "refresh", "--region", "us-east-1", "--service", "AWSQueueService"]
    assert main([*command, "--output", str(tmp_path / "out.csv")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "AWS pricing" in printed.err
    assert "AccessDeniedException" in printed.err


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
