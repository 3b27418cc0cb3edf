"""What AWS answers, recorded in its own shapes and checked by botocore's parameter validation."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest
import yaml
from botocore.stub import ANY

from teei_finops.cli import main
from teei_finops.costing import aws
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.prices.refresh import HEADER, read_rules, refresh
from teei_finops.costing.resource_types import known_types
from teei_finops.costing.usage.from_aws import usage_from
from teei_finops.costing.usage.measured import usage_rules
from teei_finops.costing.usage.profile import read_usage
from tests.teei_finops.costing.preview_builder import BUCKET, INSTANCE, QUEUE, preview, step, urn

DAY = date(2026, 11, 24)


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


ROWS = [
    "us-east-1,AWSQueueService,standard,requests,1M-requests,0.5,0,2020-01-01,old,",
    "us-east-1,AWSQueueService,standard,other,1M-requests,9,0,2020-01-01,old,",
    "us-east-1,AWSQueueService,fifo,requests,1M-requests,0.5,0,2020-01-01,old,",
]


def queue_products(answers, *products: str) -> None:
    fifo = product({}, [("0", "Inf", "0.0000005000")])
    for kind, listed in (("Standard", products), ("FIFO (first-in first-out)", (fifo,))):
        filters = [
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
            {"Type": "TERM_MATCH", "Field": "queueType", "Value": kind},
        ]
        expected = {"ServiceCode": "AWSQueueService", "Filters": filters, "FormatVersion": "aws_v1"}
        answers("pricing").add_response("get_products", {"PriceList": list(listed)}, expected)


def prices(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([",".join(HEADER), *ROWS, ""]))
    return path


def test_refreshed_rows_have_the_list_s_tiers_and_day_and_the_others_stay(answers, tmp_path):
    path = prices(tmp_path)
    tiers = [("0", "100000000000", "0.0000004000"), ("100000000000", "Inf", "0.0000003000")]
    queue_products(answers, product({}, tiers))
    summary = refresh(["AWSQueueService"], path)
    with path.open(newline="") as file:
        rows = [row[3:8] for row in csv.reader(file)][1:]
    assert rows == [
        ["requests", "1M-requests", "0.4", "0", "2026-11-20"],
        ["requests", "1M-requests", "0.3", "100000000000", "2026-11-20"],
        ["other", "1M-requests", "9", "0", "2020-01-01"],
        ["requests", "1M-requests", "0.5", "0", "2026-11-20"],
    ]
    assert "1 of 3 prices changed, 2 confirmed or changed, 1 unchanged" in summary


def test_two_products_that_answer_for_one_row_are_refused_and_change_nothing(answers, tmp_path):
    path = prices(tmp_path)
    before = path.read_text()
    answers("pricing").add_response(
        "get_products",
        {"PriceList": [product({}, [("0", "Inf", usd)]) for usd in ("0.1", "0.2")]},
        {"ServiceCode": ANY, "Filters": ANY, "FormatVersion": ANY},
    )
    with pytest.raises(aws.AwsError, match=r"two products for us-east-1 AWSQueueService"):
        refresh(["AWSQueueService"], path)
    assert path.read_text() == before


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
    book = {key[1:] for key in list_prices().keys()}  # noqa: SIM118  a PriceBook is not a dict
    for rule in read_rules():
        keys = [key for key in book if key[:2] == (rule.service, rule.family)]
        assert any(rule.key in ("*", key[2]) for key in keys), rule
        assert (rule.key == "*") == bool(rule.key_attribute), rule


def test_a_refusal_of_aws_is_one_line_and_exit_2(answers, tmp_path, capsys):
    answers("pricing").add_client_error("get_products", "AccessDeniedException", "not\nallowed", 400)
    path = prices(tmp_path)
    assert main(["refresh-prices", "--service", "AWSQueueService", "--output", str(path)]) == 2
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
