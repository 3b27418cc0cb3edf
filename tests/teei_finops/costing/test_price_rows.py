"""The data of the price book itself, row by row."""

import csv
import re
from collections import defaultdict
from decimal import Decimal
from fnmatch import fnmatchcase

import pytest

from teei_finops.costing.prices.price_book import (
    COLUMNS,
    FOLDER,
    GLOBAL,
    REGIONS,
    PriceFileError,
    allowances,
    list_prices,
    read_overrides,
    region_rows,
    regions,
    split_unit,
    support_dates,
)
from teei_finops.costing.resource_types import known_types

# The base units a quantity may be in: what `split_unit` leaves.
BASES = set(
    """
    ACU-hour ACU-month DCU-hour DPU-hour DSU-hour ECPU GB GB-hour GB-month GB-second IOPS-month
    KPU-hour LCU-hour M-DPU-hour MBps-month MCU-hour MiBps-month NCU-hour OCU-hour RCU-hour
    RPU-hour RRU TB TCU-hour WCU-hour WRU account-hour acl-month alarm-month analysis assessment
    attempts bucket-day budget-day certificate certificate-month change-records check
    check-month chunks city-network-hour controller-hour dashboard-month domain-month domain-name emails
    evaluations event events feature-month function-hour host-hour hour invocations ip-month
    item job key-month mau messages metric-month metrics minute minutes month node-hour
    node-second notifications object-day objects objects-month observations operation operations
    parameter-month partition-hour path pipeline-month queries rWCU-hour rWRU records-month
    report request requests resource-hour responses rule-month run second secret-month session
    shard-hour signals stream-hour tags-month token traces transitions units updates user-month
    vCPU-hour vCPU-month zone-month
    """.split()  # noqa: SIM905  one name a line would take 90 lines
)


FILES = (*regions(), GLOBAL)


def rows(region: str) -> list[dict[str, str]]:
    with (REGIONS / f"{region}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def known_gaps():
    with (FOLDER / "known_gaps.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_price_book_has_the_34_commercial_regions():
    assert len(regions()) == 34
    assert sum(len(rows(region)) for region in FILES) >= 85_671


@pytest.mark.parametrize("region", FILES)
def test_every_row_has_its_region_a_price_and_a_source(region):
    for row in rows(region):
        assert row["region"] == region, row
        assert all(row[column] for column in COLUMNS), row
        assert re.fullmatch(r"\d+(\.\d+)?", row["usd"]), row
        assert re.fullmatch(r"\d+(\.\d+)?", row["tier_from"]), row
        assert re.fullmatch(r"20\d\d(-\d\d(-\d\d)?)?|undated", row["as_of"]), row


@pytest.mark.parametrize("region", FILES)
def test_rows_are_sorted_and_none_is_there_twice(region):
    keys = [(row["service"], row["family"], row["key"], Decimal(row["tier_from"])) for row in rows(region)]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("region", FILES)
def test_tiers_share_a_unit_and_only_the_first_may_start_above_zero_as_an_included_quantity(region):
    tiers = defaultdict(list)
    for row in rows(region):
        tiers[row["service"], row["family"], row["key"]].append(row)
    for key, rows_of_key in tiers.items():
        assert len({row["unit"] for row in rows_of_key}) == 1, key
        starts = [Decimal(row["tier_from"]) for row in rows_of_key]
        if len(starts) > 1 and starts[0] > 0:
            assert key[:2] in INCLUDED_WITH_TIERS, key


@pytest.mark.parametrize("region", FILES)
def test_a_dimension_has_the_unit_of_us_east_1(region):
    reference = {key[1:]: tiers[0][4] for key, tiers in region_rows("us-east-1").items()}
    for key, tiers in region_rows(region).items():
        assert tiers[0][4] == reference.get(key[1:], tiers[0][4]), key
        assert split_unit(tiers[0][4])[1] in BASES, key


def test_a_plan_of_one_region_reads_the_prices_of_that_region_only():
    region_rows.cache_clear()
    book = list_prices()
    assert book.find("sa-east-1", "AmazonEC2", "ebs", "gp3-storage").tiers[0].usd == Decimal("0.152")
    assert region_rows.cache_info().currsize == 1
    assert book.find("mars-1", "AmazonEC2", "ebs", "gp3-storage") is None
    assert book.find("../prices", "AmazonEC2", "ebs", "gp3-storage") is None


# Families whose first units are included, and whose rest has tiers.
INCLUDED_WITH_TIERS = {
    ("awswaf", "fraud-control"),
    ("awswaf", "fraud-control-cloudfront-scope"),
    ("AmazonMacie", "sensitive-data-discovery"),
}


def test_units_are_split_into_how_many_and_of_what():
    assert split_unit("1M-requests") == (1_000_000, "requests")
    assert split_unit("10k-requests") == (10_000, "requests")
    assert split_unit("M-DPU-hour") == (1, "M-DPU-hour")


def matches(gap: dict[str, str], price_key: tuple[str, ...]) -> bool:
    return all(
        fnmatchcase(value, gap[column])
        for value, column in zip(price_key, ("service", "family", "key"), strict=True)
    )


def test_what_us_east_1_or_eu_central_1_has_and_a_region_lacks_is_a_known_gap():
    keys = {region: {key[1:] for key in region_rows(region)} for region in FILES}
    reference = (keys["us-east-1"] | keys["eu-central-1"]) - keys[GLOBAL]
    gaps = [gap for gap in known_gaps() if gap["regions"] != "*"]
    open_regions = [set() for _ in gaps]
    for price_key in sorted(reference):
        lacking = {region for region in regions() if price_key not in keys[region]}
        known = set()
        for gap, open_in in zip(gaps, open_regions, strict=True):
            if matches(gap, price_key):
                named = set(gap["regions"].split())
                known |= named
                open_in |= named & lacking
        assert lacking <= known, f"no price and no known gap: {price_key} in {sorted(lacking - known)}"
    for gap, open_in in zip(gaps, open_regions, strict=True):
        assert set(gap["regions"].split()) == open_in, f"a gap that is closed, or was none: {gap}"


def test_every_type_is_classed_and_free_ones_take_no_usage():
    types = known_types()
    assert len(types) >= 203
    for token, kind in types.items():
        assert kind.name in ("priced", "usage", "free"), token
        assert not (kind.name == "free" and kind.usage_keys), token


def test_allowances_and_support_dates_are_read():
    assert allowances()["AWSLambda", "requests"].free == 1_000_000
    window = support_dates()["AmazonEKS", "kubernetes", "1.32"]
    assert window.standard_until.isoformat() == "2026-03-23"


HEADER = ",".join(COLUMNS)
ROW = "us-east-1,AWSQueueService,standard,requests,1M-requests,0.3,0,,"


def overrides(tmp_path, text: str):
    path = tmp_path / "extra.csv"
    path.write_text(text)
    return read_overrides(path, list_prices())


def test_rows_of_a_user_replace_all_rows_of_a_thing_tiers_included(tmp_path):
    storage = "us-east-1,AmazonS3,standard,storage,GB-month,0.02,0,2026-11-01,contract"
    book = list_prices().with_overrides(overrides(tmp_path, f"{HEADER}\n{storage}\n{ROW}\n"))
    assert [tier.usd for tier in book.find("us-east-1", "AmazonS3", "standard", "storage").tiers] == [
        Decimal("0.02")
    ]
    assert len(book.find("eu-central-1", "AmazonS3", "standard", "storage").tiers) == 3
    assert (
        book.find("us-east-1", "AWSQueueService", "standard", "requests").tiers[0].source.endswith("line 3")
    )


def test_a_user_may_add_a_region(tmp_path):
    book = list_prices().with_overrides(
        overrides(tmp_path, f"{HEADER}\n{ROW.replace('us-east-1', 'us-gov-west-1')}")
    )
    assert book.find("us-gov-west-1", "AWSQueueService", "standard", "requests") is not None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no column region"),
        ("region,service\n", "no column family, key, unit, usd, tier_from, as_of, source"),
        (f"{HEADER}\n{ROW.replace('0.3', 'free')}", "line 2, column usd: 'free' is not a number"),
        (f"{HEADER}\n{ROW.replace('0.3', '-1')}", "line 2, column usd"),
        (f"{HEADER}\n{ROW.replace('0.3', 'NaN')}", "line 2, column usd"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('1M-requests', 'furlong')}", "line 3, column unit: unknown unit"),
        (f"{HEADER}\n{ROW.replace('1M-requests', 'hour')}", "line 2, column unit"),
        (f"{HEADER}\n{ROW.replace('0.3,0', '0.3,x')}", "line 2, column tier_from"),
        (f"{HEADER}\n{ROW}\n{ROW}", "line 3, column tier_from: a second row"),
        (f"{HEADER}\n{ROW.replace('us-east-1', '')}", "line 2, column region: empty"),
        (f"{HEADER}\nus-east-1,AWSQueueService", "line 2: column family is missing"),
    ],
)
def test_a_bad_row_of_a_user_is_named_by_line_and_column(tmp_path, text, problem):
    with pytest.raises(PriceFileError) as caught:
        overrides(tmp_path, text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
