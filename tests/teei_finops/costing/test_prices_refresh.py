"""`teei-finops prices refresh`: rows of a Region from what the AWS Price List answers."""

import csv
import json
from decimal import Decimal

import pytest
from botocore.stub import ANY

from teei_finops.cli import main
from teei_finops.costing import aws
from teei_finops.costing.prices.price_book import list_prices, read_overrides, region_rows
from teei_finops.costing.prices.refresh import HEADER, read_rules, refresh, usage_type_prefixes


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


def test_a_rule_by_usage_type_has_the_prefix_of_the_region():
    (rule,) = [rule for rule in read_rules() if (rule.family, rule.key) == ("nat-gateway", "hour")]
    prefixes = usage_type_prefixes()
    assert rule.filters_in("eu-west-1", prefixes["eu-west-1"])["usagetype"] == "EU-NatGateway-Hours"
    assert rule.filters_in("us-east-1", prefixes["us-east-1"])["usagetype"] == "NatGateway-Hours"


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
