"""The sample account has what the demo is to show, and is the same at every run."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from demo.bill import CORRECTED_ON, REGIONS, STORAGE, TRANSFER, Bill

TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)


def charges(bill, folder, month, until=NOW, corrected=True):
    with bill.file(folder, month, until, corrected).open() as file:
        return list(csv.DictReader(file))


def total(rows, column="BilledCost"):
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


@pytest.fixture
def bill():
    return Bill(TODAY)


def test_thirteen_months_cost_about_100000_dollars_each_except_the_one_of_the_purchase(bill, tmp_path):
    assert (bill.months[0], bill.months[-1], len(bill.months)) == (date(2025, 11, 1), date(2026, 11, 1), 13)
    costs = {month: total(charges(bill, tmp_path, month)) for month in bill.months}
    purchase = bill.plan_bought.replace(day=1)
    assert all(85_000 < cost < 110_000 for month, cost in costs.items() if month != purchase)
    assert costs[purchase] > 130_000


def test_the_savings_plan_is_bought_once_and_lowers_the_effective_cost(bill, tmp_path):
    rows = [row for month in bill.months for row in charges(bill, tmp_path, month)]
    [purchase] = [row for row in rows if row["ChargeCategory"] == "Purchase"]
    assert Decimal(purchase["BilledCost"]) == bill.plan_fee()
    assert Decimal(purchase["EffectiveCost"]) == 0
    after = charges(bill, tmp_path, bill.months[-2])
    assert total(after) < total(after, "EffectiveCost")


def test_the_two_regions_have_almost_all_of_the_cost(bill, tmp_path):
    rows = charges(bill, tmp_path, bill.months[-2])
    assert {row["RegionId"] for row in rows} == {*REGIONS, ""}
    assert total([row for row in rows if not row["RegionId"]]) < total(rows) / 20


def test_data_transfer_of_the_last_complete_day_is_a_spike(bill, tmp_path):
    days = defaultdict(Decimal)
    for row in charges(bill, tmp_path, bill.months[-1]):
        if row["ServiceName"] == TRANSFER:
            days[row["ChargePeriodStart"][:10]] += Decimal(row["BilledCost"])
    spike = days.pop("2026-11-25")
    assert spike > 2 * max(days.values())


def test_a_correction_of_the_month_before_comes_late(bill, tmp_path):
    month = date(2026, 10, 1)
    first, corrected = (charges(bill, tmp_path, month, NOW, known) for known in (False, True))
    [correction] = [row for row in corrected if row["ChargeClass"] == "Correction"]
    assert corrected == [*first, correction]
    assert correction["ServiceName"] == STORAGE
    assert Decimal(correction["BilledCost"]) < 0


def test_early_in_a_month_the_correction_is_of_an_earlier_one():
    assert Bill(date(2026, 11, CORRECTED_ON)).corrected_month == date(2026, 10, 1)
    assert Bill(date(2026, 11, CORRECTED_ON - 1)).corrected_month == date(2026, 9, 1)


def test_some_cost_has_no_tags(bill, tmp_path):
    rows = [row for row in charges(bill, tmp_path, bill.months[-2]) if row["ChargeCategory"] == "Usage"]
    untagged = total([row for row in rows if row["Tags"] == "{}"]) / total(rows)
    assert Decimal("0.05") < untagged < Decimal("0.15")


def test_a_bill_in_the_middle_of_a_day_has_a_part_of_it(bill, tmp_path):
    start = datetime(2026, 11, 28, tzinfo=UTC)
    morning, noon, night = (
        total(charges(bill, tmp_path, date(2026, 11, 1), start + timedelta(hours=hours)))
        for hours in (0, 12, 24)
    )
    assert (noon - morning).quantize(Decimal("0.01")) == (night - noon).quantize(Decimal("0.01")) > 0


def test_the_bill_is_the_same_at_every_run(tmp_path):
    month = date(2026, 9, 1)
    assert charges(Bill(TODAY), tmp_path, month) == charges(Bill(TODAY), tmp_path, month)


@pytest.mark.parametrize("today", [date(2026, 3, 1), date(2026, 1, 31), date(2028, 2, 29)])
def test_every_day_of_the_year_has_a_bill(today, tmp_path):
    bill = Bill(today)
    until = datetime(today.year, today.month, today.day, 1, tzinfo=UTC)
    assert len(set(bill.months)) == 13
    assert charges(bill, tmp_path, bill.months[-1], until)
