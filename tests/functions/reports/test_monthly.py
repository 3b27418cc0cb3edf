"""The figures of the monthly review, each by hand from a small account."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from functions.cost_data.records import Unavailable
from functions.reports.records import ReportError, State
from functions.reports.store import Store
from tests.functions.ai_budget.support import fresh_database, sql
from tests.functions.reports.support import (
    DRAFT,
    EC2,
    FINAL,
    OCTOBER,
    RDS,
    charges,
    days_of,
    figures,
    review_of,
    store_account,
    store_budget,
    store_calls,
    store_costs,
    usage,
)

pytest_plugins = (
    "tests.functions.ai_budget.support",
    "tests.functions.cost_data.support",
    "tests.functions.reports.support",
)
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def review(account):
    return review_of(account, FINAL)


def test_the_agenda_is_that_of_the_guide_with_savings_forecast_and_changes(review):
    assert [item.key for item in review.items] == [
        "budget_status", "cost_drivers", "ai_token_usage", "optimization_actions", "storage_health",
        "savings", "forecast", "changes",
    ]  # fmt: skip


def test_spend_counts_against_the_budget_without_credits(review):
    values = figures(review, "budget_status")
    # 31 days of $110 and $50, an upfront fee of $1,000, and a credit of $30.
    assert (values["billed"], values["spend"], values["budget"]) == ("5930", "5960", "6000")
    assert values["effective"] == "4930"
    assert (Decimal(values["budget_used_percent"]), values["budget_remaining"]) == (
        pytest.approx(Decimal("99.3333333333")), "40",
    )  # fmt: skip


def test_the_headline_says_of_which_days_costs_are_stored_unless_it_is_all(server, review):
    url = fresh_database(server)
    store_costs(url, [row for day in days_of(OCTOBER, 20) for row in charges(day)], FINAL)
    assert "Costs are stored from 2026-10-01 to 2026-10-20." in review_of(url, FINAL).items[0].headline
    assert "stored" not in review.items[0].headline


def test_the_variance_is_split_into_price_usage_mix_and_other_charges(review):
    values = figures(review, "budget_status")
    # September: 30 days of $100 and $50. EC2 rose by 4 cents on 7,750 hours; October has one day more.
    assert values["change"] == "1430"
    assert values["variance_price"] == "310"
    assert values["variance_usage"] == "150"
    assert (values["variance_mix"], values["variance_not_split"]) == ("0", "0")
    assert values["variance_other_charges"] == "970"


def test_a_purchase_of_the_month_before_is_a_fall_of_other_charges(account):
    november = review_of(account, FINAL, date(2026, 11, 1))
    assert figures(november, "budget_status")["variance_other_charges"] == "-970"


def test_a_month_like_the_one_before_has_parts_of_zero(account):
    values = figures(review_of(account, FINAL, date(2026, 8, 1)), "budget_status")
    parts = ("change", "variance_price", "variance_usage", "variance_mix", "variance_other_charges")
    assert [values[part] for part in parts] == ["0"] * 5


def test_drivers_are_the_services_by_cost_and_the_areas_of_their_regions(review):
    values = figures(review, "cost_drivers")
    rows = review.item("cost_drivers").tables[0].rows
    assert [row[:3] for row in rows[:2]] == [(EC2, 4410, 3000), (RDS, 1550, 1500)]
    assert (values["area_us"], values["area_eu"], values["area_other"]) == ("4380", "1550", "0")


def test_ai_spend_its_consumers_and_the_day_on_which_a_budget_ends(review):
    values = figures(review, "ai_token_usage")
    assert (values["spend"], values["spend_before"]) == ("170.5", "120")  # 31 days of $4 and $1.50
    assert values["tokens"] == 62_000
    assert Decimal(values["cost_per_million_tokens"]) == 2750
    # acme: $60 of $100, and 13 calls of $4 in 14 days: the other $40 last for 10.8 days.
    (row,) = review.item("ai_token_usage").tables[0].rows
    assert row[:4] == ("acme", "claude-3-5-sonnet-20241022", 60, 100)
    assert row[-1] == date(2026, 11, 27)


def test_the_top_consumers_have_their_cost_tokens_and_requests(review):
    acme, bold = review.item("ai_token_usage").tables[1].rows
    assert acme == ("acme", 124, 120, pytest.approx(Decimal(10) / 3), 31_000, 31)
    assert bold == ("<b>bold</b>", Decimal("46.5"), 0, None, 31_000, 31)


def test_a_budget_that_is_used_up_ended_today_and_an_unused_one_is_not_at_risk(server):
    url = fresh_database(server)
    store_costs(url, list(charges(OCTOBER)), FINAL)
    store_budget(url, "spent", 10)
    store_budget(url, "unused", 10)
    store_calls(url, "spent", days_of(date(2026, 11, 3), 1), "10")
    (row,) = review_of(url, FINAL).item("ai_token_usage").tables[0].rows
    assert (row[0], row[-1]) == ("spent", FINAL.date())


def test_what_nobody_measured_is_marked_with_what_is_needed(review):
    storage = {figure.key: figure for figure in review.item("storage_health").figures}
    assert storage["retention_differences"].value is None
    assert "storage-retention.sh verify --json" in storage["retention_differences"].missing
    for item in review.items:
        assert all(figure.missing for figure in item.figures if figure.value is None), item.key


def test_recommendations_of_the_advisor_are_read_and_the_five_best_get_a_deadline(server):
    url = fresh_database(server)
    store_costs(url, list(charges(OCTOBER)), FINAL)
    sql(
        url,
        "CREATE TABLE cost_data.recommendations (rule text, resource text, status text, change text,"
        " owner text, deadline date, saving_effective numeric, realized numeric)",
    )
    for saving in range(1, 8):
        sql(
            url,
            "INSERT INTO cost_data.recommendations"
            " VALUES ('gp2-volume', %s, 'open', 'gp3', '', NULL, %s, NULL)",
            f"vol-{saving}", saving * 10,
        )  # fmt: skip
    rejected = "('gp2-volume', 'vol-9', 'rejected', '', '', NULL, 999, NULL)"
    sql(url, f"INSERT INTO cost_data.recommendations VALUES {rejected}")
    review = review_of(url, FINAL)
    assert [action.resource for action in review.actions] == [f"vol-{n}" for n in (7, 6, 5, 4, 3)]
    assert {(action.owner, action.deadline) for action in review.actions} == {
        ("to be named", date(2026, 11, 30))
    }
    values = figures(review, "optimization_actions")
    assert (values["open_recommendations"], values["top_actions_saving"]) == (7, "250")


def test_the_forecast_of_the_quarter_is_known_days_and_the_rest_with_its_past_error(review):
    values = figures(review, "forecast")
    # $160 a day without the purchase: October and 13 days of November are known.
    assert Decimal(values["running_month_forecast"]) == pytest.approx(Decimal(4800), rel=Decimal("0.02"))
    assert Decimal(values["quarter_forecast"]) == pytest.approx(Decimal(92 * 160), rel=Decimal("0.02"))
    assert Decimal(values["mean_error_percent"]) < Decimal(values["mean_error_last_month_percent"])
    # Six of seven past months cost what was forecast, so that the range is narrow.
    assert values["quarter_forecast_low"] == values["quarter_forecast"] == values["quarter_forecast_high"]


def test_a_draft_is_estimated_and_the_final_review_shows_what_changed(server):
    url = fresh_database(server)
    store_account(url, DRAFT)
    draft = review_of(url, DRAFT)
    assert draft.state is State.DRAFT
    assert "until 15 November 2026" in draft.why_draft
    late = list(charges(date(2026, 10, 31)))
    late.append(usage(date(2026, 10, 31), RDS, "eu-central-1", "Backup", "7.5", "75"))
    store_costs(url, [row for day in days_of(OCTOBER, 30) for row in charges(day)] + late, FINAL)
    final = review_of(url, FINAL)
    assert (final.state, final.why_draft) == (State.FINAL, "")
    changes = final.item("changes")
    assert figures(final, "changes")["billed_change"] == "7.5"
    assert ("Cost drivers", RDS, "$1,550", "$1,558", "+$7.50") in changes.tables[0].rows


def test_figures_that_were_read_too_early_stay_a_draft_on_any_day(server):
    url = fresh_database(server)
    store_account(url, DRAFT)
    review = review_of(url, datetime(2026, 12, 20, tzinfo=UTC))
    assert review.state is State.DRAFT
    assert "October 2026 was last read on 2 November 2026, before 15 November 2026" in review.why_draft


def test_a_running_month_is_a_draft(account):
    assert review_of(account, FINAL, date(2026, 11, 1)).why_draft == "November 2026 is not over"


def test_aws_forecasts_that_drafts_recorded_are_compared_with_what_the_month_cost(server):
    url = fresh_database(server)
    store_account(url, FINAL)
    sql(url, "INSERT INTO cost_data.forecasts VALUES ('2026-10-01', 9920, 9000, 11000)")
    october = datetime(2026, 10, 2, 18, tzinfo=UTC)
    review_of(url, october, date(2026, 9, 1))
    sql(url, "DELETE FROM cost_data.forecasts")
    sql(url, "INSERT INTO cost_data.forecasts VALUES ('2026-10-01', 4960, 4900, 5000)")
    review_of(url, datetime(2026, 10, 30, 18, tzinfo=UTC), OCTOBER)  # near its end it is easy to know
    # $160 on 31 days are $4,960, half of what AWS forecast.
    assert figures(review_of(url, FINAL), "forecast")["mean_error_aws_percent"] == "100"


def test_without_a_budget_ai_tables_or_quantities_the_review_says_so(postgres_server):
    url = postgres_server.replace("/postgres?", "/bare?")
    sql(postgres_server, "CREATE DATABASE bare")
    store_costs(url, [row._replace(quantity=None) for row in charges(OCTOBER)], FINAL)
    review = review_of(url, FINAL)
    missing = {
        f"{item.key}.{figure.key}": figure.missing
        for item in review.items
        for figure in item.figures
        if figure.value is None
    }
    assert "no budget of the account is stored" in missing["budget_status.budget"]
    assert missing["ai_token_usage.tenants_at_risk"].startswith("the AI budget service keeps its usage log")
    assert missing["budget_status.variance_price"] == "nothing is stored of September 2026"
    # What a service cost in September is not known, and not 0.
    drivers = review.item("cost_drivers")
    assert drivers.tables[0].rows[0] == (EC2, 110, None, None, None)
    assert list(drivers.charts[1].series[0].values) == [None] * 5 + [110]
    assert drivers.headline == "Elastic Compute Cloud is 69 % of the bill."
    store_costs(url, [row._replace(quantity=None) for row in charges(date(2026, 9, 1))], FINAL)
    (price,) = [
        figure
        for figure in review_of(url, FINAL).item("budget_status").figures
        if figure.key == "variance_price"
    ]
    assert "ConsumedQuantity" in price.missing


def test_a_month_without_costs_and_a_database_without_cost_data_are_refused(server, account):
    with pytest.raises(ReportError, match="--month 2020-01: no costs of it are stored"):
        review_of(account, FINAL, date(2020, 1, 1))
    with pytest.raises(ReportError, match="--month 2026-11: it begins after 2026-10-05, the day of the revi"):
        review_of(account, datetime(2026, 10, 5, tzinfo=UTC), date(2026, 11, 1))
    with pytest.raises(Unavailable, match="no cost data"):
        review_of(fresh_database(server), FINAL)
    with pytest.raises(Unavailable, match="PostgreSQL: "):
        Store("postgresql://127.0.0.1:1/none").create_schema()


def test_a_statement_that_postgresql_refuses_is_one_line(server):
    url = fresh_database(server)
    store_costs(url, list(charges(OCTOBER)), FINAL)
    sql(url, "ALTER TABLE ai_token_usage DROP COLUMN cache_read_tokens CASCADE")
    with pytest.raises(Unavailable, match=r'^PostgreSQL: column "cache_read_tokens" does not exist$'):
        review_of(url, FINAL)
