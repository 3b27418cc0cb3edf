"""What is stored of billing files on a real PostgreSQL, through the command line."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from functions.cost_data.importing import import_files
from functions.cost_data.records import CostDataError, Unavailable
from functions.cost_data.store import Store
from functions.cost_data.totals import month_totals, parse_month
from tests.functions.cost_data.support import (
    SAMPLE,
    SAMPLE_BILLED,
    SAMPLE_EFFECTIVE,
    at,
    cur_row,
    focus_row,
    put,
    sql,
    write_csv,
)

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[3]
CONTENT = "SELECT * FROM cost_data.daily_costs ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13"
SUMS = ("daily_totals", "monthly_totals", "monthly_tags")


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "functions.cost_data", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def billed(store, month="2026-10"):
    return Decimal(month_totals(store, parse_month(month))["billed"])


def content(cost_database):
    return [row[:-1] for row in sql(cost_database, CONTENT)]


def sums_agree(cost_database):
    """Whether the sums that the metrics read are those of the costs."""
    total = sql(cost_database, "SELECT sum(billed), sum(effective) FROM cost_data.daily_costs")
    return all(
        sql(cost_database, f"SELECT sum(billed), sum(effective) FROM cost_data.{table} {where}") == total
        for table, where in zip(SUMS, ("", "", "WHERE tag = 'team'"), strict=True)
    )


def test_the_command_line_imports_the_sample_and_prints_its_exact_totals(cost_database):
    assert command("import", SAMPLE, "--database-url", cost_database).returncode == 0
    printed = command("totals", "--month", "2024-09", "--database-url", cost_database)
    totals = json.loads(printed.stdout)
    assert printed.returncode == 0
    assert set(totals) == {"month", "billed", "effective", "by_service", "by_region", "final", "sources"}
    assert (totals["month"], totals["final"]) == ("2024-09", True)
    assert Decimal(totals["billed"]) == SAMPLE_BILLED
    assert Decimal(totals["effective"]) == SAMPLE_EFFECTIVE
    assert sum(map(Decimal, totals["by_service"].values())) == SAMPLE_BILLED
    assert sum(map(Decimal, totals["by_region"].values())) == SAMPLE_BILLED
    assert [source["origin"] for source in totals["sources"]] == ["focus_sample_1_0.csv"]


@pytest.mark.parametrize("bad", ["bad.csv", "no-such-file.csv"])
def test_a_bad_file_is_one_line_and_exit_code_2_and_nothing_of_the_import_is_stored(
    cost_database, tmp_path, bad
):
    good = write_csv(tmp_path / "good.csv", [focus_row()])
    write_csv(tmp_path / "bad.csv", [focus_row(BilledCost=None)])
    result = command("import", good, tmp_path / bad, "--database-url", cost_database)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert bad in result.stderr
    assert sql(cost_database, "SELECT count(*) FROM cost_data.daily_costs") == [(0,)]
    assert sql(cost_database, "SELECT count(*) FROM cost_data.reads") == [(0,)]


def test_an_error_in_the_last_row_leaves_what_was_stored_as_it_was(store, cost_database, tmp_path):
    put(store, write_csv(tmp_path / "bill.csv", [focus_row(billed="3")]))
    before = content(cost_database)
    rows = [focus_row(f"2026-10-{day:02}") for day in range(1, 28)]
    rows.append(focus_row("2026-10-28", BillingCurrency="EUR"))
    with pytest.raises(CostDataError, match="EUR"):
        put(store, write_csv(tmp_path / "bill.csv", rows))
    assert content(cost_database) == before
    assert sums_agree(cost_database)


def test_importing_a_file_again_or_under_two_names_changes_no_figure(store, cost_database, tmp_path):
    put(store, SAMPLE)
    first = content(cost_database)
    put(store, SAMPLE, now="2026-11-25 12:00")
    assert content(cost_database) == first
    assert sums_agree(cost_database)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(SAMPLE.read_bytes())
    put(store, SAMPLE, copy, now="2026-11-26 12:00")
    assert content(cost_database) == first


def test_a_corrected_file_replaces_its_period_and_no_other(store, cost_database, tmp_path):
    september = [focus_row("2026-09-30", "100")]
    october = [focus_row("2026-10-01", "1"), focus_row("2026-10-02", "2"), focus_row("2026-10-31", "4")]
    put(store, write_csv(tmp_path / "september.csv", september))
    put(store, write_csv(tmp_path / "october.csv", october))
    corrected = [focus_row("2026-10-01", "1.5"), focus_row("2026-10-02", "2", ServiceName="Amazon EC2")]
    put(store, write_csv(tmp_path / "corrected.csv", corrected))
    assert month_totals(store, parse_month("2026-10"))["by_service"] == {
        "Amazon EC2": "2", "Amazon Simple Storage Service": "1.5",
    }  # fmt: skip
    assert billed(store, "2026-09") == 100
    assert sums_agree(cost_database)


def test_files_of_later_days_are_added_and_each_can_be_corrected_alone(store, tmp_path):
    for day in (1, 2, 3):
        put(store, write_csv(tmp_path / "day.csv", [focus_row(f"2026-10-0{day}", str(day))]))
    assert billed(store) == 6
    put(store, write_csv(tmp_path / "day.csv", [focus_row("2026-10-01", "10")]))
    assert billed(store) == 15


def test_a_file_of_the_last_days_replaces_only_them(store, tmp_path):
    put(store, write_csv(tmp_path / "month.csv", [focus_row(f"2026-10-0{day}", "1") for day in range(1, 8)]))
    put(store, write_csv(tmp_path / "days.csv", [focus_row(f"2026-10-0{day}", "2") for day in (5, 6, 7)]))
    assert billed(store) == 10
    assert len(month_totals(store, parse_month("2026-10"))["sources"]) == 2
    put(store, write_csv(tmp_path / "month.csv", [focus_row(f"2026-10-0{day}", "1") for day in range(1, 8)]))
    assert billed(store) == 7


def test_a_charge_billed_in_the_next_period_is_counted_once_on_its_day(store, tmp_path):
    refund = focus_row("2026-10-30", "-5", BillingPeriodStart="2026-11-01 00:00:00", ChargeClass="Correction")
    october = write_csv(tmp_path / "october.csv", [focus_row("2026-10-30", "20")])
    put(store, october)
    put(store, write_csv(tmp_path / "november.csv", [refund, focus_row("2026-11-02", "3")]))
    put(store, october)
    assert billed(store) == 15
    assert billed(store, "2026-11") == 3


def test_bills_of_other_providers_and_accounts_stay_beside_each_other(store, tmp_path):
    put(store, write_csv(tmp_path / "aws.csv", [focus_row(billed="1")]))
    put(store, write_csv(tmp_path / "other.csv", [focus_row(billed="2", BillingAccountId="999999999999")]))
    put(store, write_csv(tmp_path / "azure.csv", [focus_row(billed="4", ProviderName="Microsoft")]))
    put(store, write_csv(tmp_path / "azure.csv", [focus_row(billed="8", ProviderName="Microsoft")]))
    assert billed(store) == 11


def test_a_day_is_final_after_three_days_and_a_month_on_the_15th_of_the_next(store, cost_database, tmp_path):
    path = write_csv(tmp_path / "bill.csv", [focus_row(f"2026-10-{day}") for day in (27, 28, 29)])
    put(store, path, now="2026-10-31 23:00")
    finals = "SELECT day::text FROM cost_data.daily_totals WHERE final ORDER BY 1"
    assert sql(cost_database, finals) == [("2026-10-27",), ("2026-10-28",)]
    for now, final in (("2026-11-14 23:59", False), ("2026-11-15 00:00", True)):
        put(store, path, now=now)
        assert month_totals(store, parse_month("2026-10"))["final"] is final


def test_content_that_is_confirmed_later_becomes_final(store, cost_database, tmp_path):
    put(store, write_csv(tmp_path / "bill.csv", [focus_row("2026-10-30")]), now="2026-10-31 12:00")
    store.confirm(store.last_read("bill")[0], at("2026-11-15 06:00"))
    assert month_totals(store, parse_month("2026-10"))["final"] is True
    assert sql(cost_database, "SELECT day::text FROM cost_data.daily_totals WHERE final") == [("2026-10-30",)]


def test_bedrock_models_are_summed_up_from_the_bill(store, cost_database, tmp_path):
    rows = [
        focus_row(billed="3", ServiceName="Claude 3.5 Sonnet (Amazon Bedrock Edition)"),
        focus_row(billed="2", ServiceName="Amazon Bedrock", x_UsageType="USE1-NovaPro-input-tokens"),
    ]
    put(store, write_csv(tmp_path / "bill.csv", rows))
    costs = sql(
        cost_database, "SELECT model, cost_usd FROM cost_data.ai_costs WHERE source = 'bedrock' ORDER BY 1"
    )
    assert costs == [("Claude 3.5 Sonnet", 3), ("NovaPro-input-tokens", 2)]


def test_totals_of_a_month_without_figures_are_an_error_and_not_zero(cost_database):
    Store(cost_database).create_schema()
    result = command("totals", "--month", "2026-01", "--database-url", cost_database)
    assert (result.returncode, result.stdout) == (2, "")
    assert "nothing is stored of this month" in result.stderr


def test_without_schema_or_server_the_error_names_what_to_do(cost_database, tmp_path):
    with pytest.raises(Unavailable, match="no schema cost_data; run `import`"):
        month_totals(Store(cost_database), parse_month("2026-10"))
    path = write_csv(tmp_path / "cur.csv", [cur_row()])
    with pytest.raises(Unavailable, match=r"PostgreSQL: .*refused"):
        import_files(Store("postgresql://127.0.0.1:1/x"), [path], at("2026-11-01 00:00"), "1GB")
    with pytest.raises(CostDataError, match="--database-url"):
        Store("not a url").create_schema()
