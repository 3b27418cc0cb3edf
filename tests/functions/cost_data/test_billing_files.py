"""What the costs of a billing file are: formats, names, exact amounts and what is refused."""

from collections import defaultdict
from csv import DictReader
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.cost_data.aggregate import aggregated_files
from functions.cost_data.formats import FORMATS, recognize
from functions.cost_data.records import CostDataError
from tests.functions.cost_data.support import (
    SAMPLE,
    SAMPLE_BILLED,
    SAMPLE_EFFECTIVE,
    cur_row,
    focus_row,
    write_csv,
    write_parquet,
)


def costs(*paths):
    with aggregated_files(paths, "1GB") as rows:
        return list(rows)


def only(path):
    (row,) = costs(path)
    return row


def test_the_sample_of_the_finops_foundation_keeps_its_sums_to_the_last_digit():
    rows = costs(SAMPLE)
    assert sum(row.billed for row in rows) == SAMPLE_BILLED
    assert sum(row.effective for row in rows) == SAMPLE_EFFECTIVE
    assert sum(row.charges for row in rows) == 1000


def test_the_sum_over_services_is_the_sum_of_the_file_on_every_day():
    expected = defaultdict(Decimal)
    with SAMPLE.open() as file:
        for charge in DictReader(file):
            expected[charge["ChargePeriodStart"][:10]] += Decimal(charge["BilledCost"])
    actual = defaultdict(Decimal)
    for row in costs(SAMPLE):
        actual[row.day.isoformat()] += row.billed
    assert actual == expected


def test_a_charge_has_day_account_region_service_usage_type_group_and_tags(tmp_path):
    row = only(write_csv(tmp_path / "bill.csv", [focus_row()]))
    assert row.day.isoformat() == "2026-10-05"
    assert row.billing_period.isoformat() == "2026-10-01"
    assert row[2:13] == (
        "AWS", "111111111111", "222222222222", "us-east-1", "Amazon Simple Storage Service",
        "TimedStorage-ByteHrs", "usage", "platform", "", "prod", "",
    )  # fmt: skip


def test_columns_may_come_in_any_order_and_optional_ones_may_be_missing(tmp_path):
    optional = ("RegionId", "SubAccountId", "x_UsageType", "Tags", "ChargeClass")
    row = focus_row(**dict.fromkeys(optional))
    for name, columns in (("as written", row), ("reversed", dict(reversed(row.items())))):
        cost = only(write_csv(tmp_path / f"{name}.csv", [columns]))
        assert (cost.billed, cost.region, cost.account, cost.tag_team) == (Decimal("1.5"), "global", "", "")


def test_null_as_text_is_no_value(tmp_path):
    cost = only(
        write_csv(tmp_path / "bill.csv", [focus_row(RegionId="NULL", Tags="NULL", x_UsageType="NULL")])
    )
    assert (cost.region, cost.tag_team, cost.usage_type_group) == ("global", "", "")


def test_csv_gzip_and_parquet_give_the_same_costs_whatever_the_file_is_named(tmp_path):
    plain = write_csv(tmp_path / "bill.csv", [focus_row(), focus_row(billed="0.1")])
    gzipped = write_csv(tmp_path / "bill.csv.gz", [focus_row(), focus_row(billed="0.1")])
    parquet = write_parquet(tmp_path / "bill.parquet", f"SELECT * FROM read_csv('{plain}', all_varchar=true)")
    renamed = tmp_path / "download"
    renamed.write_bytes(gzipped.read_bytes())
    assert costs(plain) == costs(gzipped) == costs(parquet) == costs(renamed)


def test_parquet_doubles_timestamps_and_tag_maps_are_read_as_the_text_they_stand_for(tmp_path):
    columns = ", ".join(
        f"'{value}' AS \"{name}\""
        for name, value in focus_row().items()
        if name not in ("BilledCost", "EffectiveCost", "ChargePeriodStart", "Tags")
    )
    path = write_parquet(
        tmp_path / "bill.parquet",
        f'SELECT 0.1::DOUBLE AS "BilledCost", 1.2345678901234567e-8::DOUBLE AS "EffectiveCost", '
        f"TIMESTAMPTZ '2026-10-05 23:30:00+00' AS \"ChargePeriodStart\", "
        f"MAP {{'user:team': 'data'}} AS \"Tags\", "
        f"{columns} FROM range(10)",
    )
    cost = only(path)
    assert (cost.billed, cost.effective) == (Decimal("1.0"), Decimal("1.2345678901234567E-7"))
    assert (cost.day.isoformat(), cost.tag_team, cost.charges) == ("2026-10-05", "data", 10)


amounts = st.decimals(min_value=-10_000, max_value=10_000, places=20)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=20))
def test_no_digit_of_any_amount_is_lost(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("bill") / "bill.csv"
    rows = [focus_row(billed=str(billed), EffectiveCost=str(effective)) for billed, effective in pairs]
    cost = costs(write_csv(path, rows))
    assert sum(row.billed for row in cost) == sum(billed for billed, _ in pairs)
    assert sum(row.effective for row in cost) == sum(effective for _, effective in pairs)


def test_amounts_with_more_than_28_decimals_are_rounded_and_counted(tmp_path):
    amounts = ["0." + "0" * 28 + "4", "-2.7755575615628914E-17", "1e-28", "0.5"]
    path = write_csv(
        tmp_path / "bill.csv", [focus_row(billed=amount, EffectiveCost="0") for amount in amounts]
    )
    with aggregated_files([path], "1GB") as rows:
        total = sum(row.billed for row in rows)
        assert rows.rounded == 2
    assert total == Decimal("0.5") + Decimal("1e-28") - Decimal("2.77555756156E-17")


def test_credits_taxes_purchases_and_refunds_keep_their_category(tmp_path):
    categories = {
        ("Usage", "NULL", "1"): "usage",
        ("Purchase", "NULL", "1"): "purchase",
        ("Tax", "NULL", "1"): "tax",
        ("Credit", "NULL", "-1"): "credit",
        ("Usage", "Correction", "-1"): "refund",
        ("Usage", "Correction", "1"): "usage",
        ("Adjustment", "NULL", "1"): "adjustment",
    }
    for (category, charge_class, billed), expected in categories.items():
        row = focus_row(billed=billed, ChargeCategory=category, ChargeClass=charge_class)
        assert only(write_csv(tmp_path / "bill.csv", [row])).charge_category == expected


def test_cur_names_service_region_usage_type_group_and_tag(tmp_path):
    cost = only(write_csv(tmp_path / "cur.csv", [cur_row()]))
    assert (cost.provider, cost.service, cost.region) == (
        "AWS", "Amazon Elastic Compute Cloud", "eu-central-1",
    )  # fmt: skip
    assert (cost.usage_type_group, cost.tag_cost_center) == ("BoxUsage", "cc-42")


def test_usage_has_its_quantity_and_usage_type_without_the_region_and_other_charges_have_none(tmp_path):
    rows = [
        focus_row(ConsumedQuantity="744.25", x_UsageType="USE1-BoxUsage:m5.large"),
        focus_row(ConsumedQuantity="1", x_UsageType="USE1-BoxUsage:m5.large", ChargeCategory="Tax"),
    ]
    tax, usage = sorted(costs(write_csv(tmp_path / "bill.csv", rows)), key=lambda row: row.charge_category)
    assert (usage.usage_type, usage.quantity, tax.quantity) == ("BoxUsage:m5.large", Decimal("744.25"), None)
    (cost,) = costs(write_csv(tmp_path / "cur.csv", [cur_row(line_item_usage_amount="3.5")]))
    assert (cost.usage_type, cost.quantity) == ("BoxUsage:m5.large", Decimal("3.5"))
    assert only(write_csv(tmp_path / "none.csv", [focus_row()])).quantity is None


def test_a_savings_plan_is_billed_once_and_amortized_once(tmp_path):
    lines = [
        # Usage worth $10 on demand and $6 under the plan; its negation; the plan's fee, of which $6 is used.
        cur_row("SavingsPlanCoveredUsage", "10", savings_plan_savings_plan_effective_cost="6"),
        cur_row("SavingsPlanNegation", "-10"),
        cur_row(
            "SavingsPlanRecurringFee", "8",
            savings_plan_total_commitment_to_date="8", savings_plan_used_commitment="6",
        ),
        cur_row("SavingsPlanUpfrontFee", "100"),
        cur_row("DiscountedUsage", "0", reservation_effective_cost="3"),
        cur_row(
            "RIFee", "5",
            reservation_unused_recurring_fee="1",
            reservation_unused_amortized_upfront_fee_for_billing_period="0.5",
        ),
        cur_row("Fee", "50", reservation_reservation_a_r_n="arn:aws:ec2:reserved-instances/1"),
        cur_row("Tax", "4"),
        cur_row("Credit", "-2"),
        cur_row("Refund", "-1"),
    ]  # fmt: skip
    billed, effective = defaultdict(Decimal), defaultdict(Decimal)
    for cost in costs(write_csv(tmp_path / "cur.csv", lines)):
        billed[cost.charge_category] += cost.billed
        effective[cost.charge_category] += cost.effective
    assert billed == {"usage": 0, "purchase": 163, "tax": 4, "credit": -2, "refund": -1}
    assert effective == {"usage": 9, "purchase": Decimal("3.5"), "tax": 4, "credit": -2, "refund": -1}


def test_files_of_one_import_are_added_up_whatever_their_formats(tmp_path):
    focus = write_csv(tmp_path / "focus.csv", [focus_row(billed="1.25")])
    cur = write_csv(tmp_path / "cur.csv.gz", [cur_row(unblended="2.5")])
    assert sum(row.billed for row in costs(focus, cur)) == Decimal("3.75")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"a": "1", "b": "2"}], r"neither FOCUS \(column BilledCost\) nor CUR 2.0"),
        ([focus_row(BilledCost=None)], "FOCUS file without the mandatory column BilledCost"),
        ([focus_row(EffectiveCost=None)], "FOCUS file without the mandatory column EffectiveCost"),
        ([cur_row(line_item_usage_start_date=None)], "CUR 2.0 file without .* line_item_usage_start_date"),
        ([focus_row(BillingCurrency="EUR")], "amounts in EUR; only USD"),
        ([focus_row(billed="")], "1 charges of Amazon Simple Storage Service on 2026-10-05 have no billed"),
        ([focus_row(billed="1,50")], "1,50"),
        ([focus_row(ChargePeriodStart="NULL")], "1 charges without a day"),
        ([focus_row(ChargePeriodStart="05/10/2026")], "05/10/2026"),
        ([focus_row(Tags="{team")], "Malformed JSON"),
        ([cur_row("SavingsPlanCoveredUsage", "1")], "no billed or effective amount"),
    ],
)
def test_a_file_that_cannot_be_stored_exactly_is_refused_in_one_line(tmp_path, rows, message):
    with pytest.raises(CostDataError, match=message) as error:
        costs(write_csv(tmp_path / "bill.csv", rows))
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("bill.csv: ")


def test_every_mandatory_column_is_required():
    for bill in FORMATS:
        for missing in bill.mandatory.values():
            columns = {name: "VARCHAR" for name in bill.mandatory.values() if name != missing}
            with pytest.raises(CostDataError, match=f"mandatory column {missing}"):
                recognize(columns, "bill.csv")


def test_a_file_of_column_names_alone_is_refused(tmp_path):
    path = tmp_path / "bill.csv"
    path.write_text(",".join(focus_row()) + "\n")
    with pytest.raises(CostDataError, match=r"^bill\.csv: no charges, only column names$"):
        costs(path)


def test_a_byte_order_mark_and_carriage_returns_are_read_over(tmp_path):
    path = write_csv(tmp_path / "bill.csv", [focus_row(), focus_row(billed="2")])
    text = path.read_text().replace("\r\n", "\n").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert only(path).billed == Decimal("3.5")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PAR1 and then nothing"])
def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "bill.csv"
    path.write_bytes(content)
    with pytest.raises(CostDataError, match=r"^bill\.csv: [^\n]+$"):
        costs(path)
