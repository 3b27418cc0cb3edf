"""The options that change prices: usage profile, always-free allowances, discounts and price overrides."""

from datetime import date
from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.budgets.budgets_file import Budgets
from teei_finops.costing.prices.price_book import list_prices, read_overrides
from teei_finops.costing.pricing import Discount
from teei_finops.costing.usage.profile import UsageProfile
from tests.teei_finops.costing.preview_builder import QUEUE, UNKNOWN, VOLUME, create, preview, step
from tests.teei_finops.review.reports_of_previews import (
    GB100,
    ZERO,
    exactly,
    report_of,
    row_in_preview,
    row_of,
)


def usage_of_jobs(**keys) -> UsageProfile:
    return UsageProfile({}, {"jobs": {key: Range.of(Decimal(value)) for key, value in keys.items()}})


def usage_of_each_queue(monthly_requests: int) -> UsageProfile:
    keys = {"monthly_requests": Range.of(monthly_requests), "request_size_kb": Range.of(1)}
    return UsageProfile({QUEUE: keys})


def test_a_usage_profile_replaces_the_assumed_usage():
    usage = usage_of_jobs(monthly_requests=2_500_000, request_size_kb=1)
    row = row_in_preview("jobs", create(QUEUE, "jobs", {}), usage=usage)
    (line,) = row["lines"]
    assert row["state"] == "usage"
    assert (line["quantity"], line["amount"], line["assumed"]) == ("2.5", exactly("1"), False)


def test_usage_without_a_profile_is_a_range_that_is_marked_as_assumed():
    row = row_in_preview("jobs", create(QUEUE, "jobs", {}))
    assert row["after"]["low"] < row["after"]["expected"] < row["after"]["high"]
    assert row["lines"][0]["assumed"] is True


def test_an_entry_of_the_usage_profile_that_matches_no_resource_is_a_warning():
    report = report_of(preview(create(QUEUE, "queue", {})), usage=usage_of_jobs(monthly_requests=1))
    assert any("'jobs'" in warning["message"] for warning in report["warnings"])


def test_each_allowance_is_subtracted_once_over_the_whole_report():
    usage = usage_of_each_queue(800_000)
    queues = preview(create(QUEUE, "first", {}), create(QUEUE, "second", {}))
    with_allowance = report_of(queues, usage=usage, free_tier=True)
    assert report_of(queues, usage=usage)["after"]["expected"] == "0.64"
    assert row_of(with_allowance, "first")["after"] == ZERO
    assert with_allowance["after"]["expected"] == "0.24"


def test_an_unchanged_resource_uses_its_allowance_before_and_after():
    steps = [step("same", QUEUE, "kept", old={}, new={}), step("delete", QUEUE, "deleted", old={})]
    report = report_of(preview(*steps), usage=usage_of_each_queue(800_000), free_tier=True)
    assert (report["before"]["expected"], report["after"]["expected"]) == ("0.24", "0")


def test_an_unpriced_resource_uses_no_allowance():
    broken = step("update", QUEUE, "broken", old={"fifoQueue": UNKNOWN}, new={})
    report = report_of(
        preview(broken, create(QUEUE, "fine", {})), usage=usage_of_each_queue(1_000_000), free_tier=True
    )
    assert row_of(report, "broken")["state"] == "unpriced"
    assert report["after"] == ZERO


def test_a_discount_lowers_the_rate_through_its_last_day_and_is_named():
    budgets = Budgets(discounts=(Discount("AmazonEC2", Decimal(10), date(2026, 11, 24)),))
    disk = preview(create(VOLUME, "disk", GB100))
    row = row_of(report_of(disk, budgets=budgets), "disk")
    assert row["after"] == exactly("7.2")
    assert row["lines"][0]["rate"] == "0.072"
    assert "10 % discount" in row["lines"][0]["source"]
    assert report_of(disk, budgets=budgets, at=date(2026, 11, 25))["after"] == exactly("8")


def test_price_overrides_can_add_a_region(tmp_path):
    file = tmp_path / "extra.csv"
    file.write_text(
        "region,service,family,key,unit,usd,tier_from,as_of,source\n"
        "us-gov-west-1,AmazonEC2,ebs,gp3-storage,GB-month,0.5,0,,\n"
    )
    book = list_prices().with_overrides(read_overrides(file, list_prices()))
    disk = create(VOLUME, "disk", GB100 | {"region": "us-gov-west-1"})
    assert row_in_preview("disk", disk, book=book)["after"] == exactly("50")
