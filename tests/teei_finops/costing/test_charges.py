"""How a quantity becomes lines: tiers, included quantities, several of a kind."""

from datetime import date
from decimal import Decimal

import pytest

from teei_finops.costing.amounts import Range, Unpriced, total
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import AFTER, PlanSnapshot
from tests.teei_finops.costing.preview_builder import BUCKET, SECRET, UNKNOWN, create, preview


def subject(inputs=None, token: str = BUCKET) -> EstimationContext:
    plan = read_plan(preview(create(token, "x", inputs or {})), name="p")
    resource = plan.resources[0]
    return EstimationContext(
        Pricing(list_prices(), date(2026, 11, 24)), PlanSnapshot(plan, AFTER), resource, resource.new
    )


def billed(*arguments, **more):
    r = subject()
    r.charge("x", *arguments, **more)
    return [(line.quantity.expected, line.rate, line.amount.expected) for line in r.lines]


def test_a_quantity_goes_through_the_tiers_and_each_keeps_its_rate():
    assert billed("AmazonS3", "standard", "storage", 600_000) == [
        (51_200, Decimal("0.023"), Decimal("1177.6")),
        (460_800, Decimal("0.022"), Decimal("10137.6")),
        (88_000, Decimal("0.021"), Decimal("1848")),
    ]


def test_a_tier_ends_where_the_next_one_begins():
    assert [q for q, _, _ in billed("AmazonS3", "standard", "storage", 51_200)] == [51_200]
    assert [q for q, _, _ in billed("AmazonS3", "standard", "storage", 51_201)] == [51_200, 1]


def test_tiers_are_in_base_units_and_quantities_in_the_row_s_unit():
    (first, second) = billed("AmazonApiGateway", "http", "requests", 301_000_000)
    assert (first[0], second[0]) == (300, 1)


def test_an_included_quantity_is_not_billed():
    assert billed("AmazonEC2", "ebs", "gp3-iops", 3_000) == []
    assert [q for q, _, _ in billed("AmazonEC2", "ebs", "gp3-iops", 4_000)] == [1_000]


def test_several_of_a_kind_have_each_their_own_included_quantity_and_tiers():
    assert [q for q, _, _ in billed("AmazonEC2", "ebs", "gp3-iops", 4_000, times=3)] == [3_000]
    assert [q for q, _, _ in billed("AmazonEC2", "ebs", "io2-iops", 40_000, times=2)] == [64_000, 16_000]


def test_another_included_quantity_replaces_the_row_s_own():
    assert [q for q, _, _ in billed("AmazonEC2", "ebs", "gp3-iops", 4_000, included=0)] == [4_000]


def test_each_end_of_a_range_has_its_own_tiers_and_adds_up():
    r = subject()
    r.charge("x", "AmazonS3", "standard", "storage", Range(Decimal(0), Decimal(1), Decimal(60_000), True))
    assert [line.quantity.expected for line in r.lines] == [1, 0]
    summed = total(r.lines)
    assert (summed.low, summed.expected) == (0, Decimal("0.023"))
    assert summed.high == 51_200 * Decimal("0.023") + 8_800 * Decimal("0.022")
    assert all(line.assumed for line in r.lines)


def test_a_missing_price_is_named_but_nothing_times_nothing_needs_none():
    with pytest.raises(Unpriced, match="no price in this region: AmazonS3 standard rent in us-east-1"):
        billed("AmazonS3", "standard", "rent", 1)
    assert billed("AmazonS3", "standard", "rent", 0) == []


def test_what_has_no_region_is_priced_from_anywhere():
    assert billed("AmazonRoute53", "hosted-zone", "zone", 1)[0][1] == Decimal("0.5")


def test_inputs_are_read_with_their_kind():
    r = subject(
        {"n": "12.5", "flag": "true", "list": [{"a": 1}, {"a": 2}], "one": {"a": 3}, "names": ["x", "y"]}
    )
    assert r.number("n") == Decimal("12.5")
    assert r.flag("flag")
    assert [item.number("a") for item in r.items("list")] == [1, 2]
    assert [item.number("a") for item in r.items("one")] == [3]
    assert r.texts("names") == ["x", "y"]
    assert r.number("list.1.a") == 2
    assert r.number("none", 7) == 7
    assert r.text("none", "a") == "a"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (UNKNOWN, "value unknown until deploy: x"),
        (SECRET, "value secret: x"),
        ({"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}, "value secret: x"),
        (None, "value unknown until deploy: x is not set"),
        (float("inf"), "value not valid: x is not a number"),
        (True, "value not valid: x is not a number"),
        ([1], "value not valid: x is not a number"),
    ],
)
def test_a_value_that_cannot_be_read_is_unpriced_by_its_path(value, reason):
    with pytest.raises(Unpriced) as caught:
        subject({"x": value}).number("x")
    assert str(caught.value).startswith(reason)


def test_a_nested_unknown_is_named_by_its_whole_path():
    r = subject({"list": [{"size": UNKNOWN}]})
    with pytest.raises(Unpriced, match=r"list\[0\]\.size"):
        r.items("list")[0].number("size")


def test_a_usage_key_that_the_type_does_not_have_is_a_mistake_of_the_estimator():
    with pytest.raises(KeyError, match="no usage key monthly_transitions"):
        subject().usage("monthly_transitions", 0, 0, 0)
