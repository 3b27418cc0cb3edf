"""The figures of the quarterly review, by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from functions.reports.figures.customers import tier_costs
from functions.reports.records import State
from tests.functions.ai_budget.support import fresh_database, sql
from tests.functions.reports.support import (
    EC2,
    FINAL,
    RDS,
    days_of,
    figures,
    review_of,
    store_costs,
    usage,
)

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.reports.support")
pytestmark = pytest.mark.postgres
JULY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def review(account):
    sql(
        account,
        "INSERT INTO cost_data.commitments VALUES ('reservation', 'ri-1', 'db.r7g', '2026-12-24'),"
        " ('savings-plan', 'sp-1', 'Compute', '2027-12-24')",
    )
    sql(
        account,
        "INSERT INTO cost_data.commitment_usage VALUES ('reservation', 58.5, 91, '2026-10-17', '2026-11-15')",
    )
    return review_of(account, FINAL, JULY, kind="quarterly")


def test_the_agenda_is_that_of_the_guide(review):
    assert [item.key for item in review.items] == [
        "spend_trend", "cost_per_customer", "budget_adherence", "savings", "next_quarter_forecast",
        "commitments", "recommendations", "changes",
    ]  # fmt: skip
    assert (review.period, review.state) == ("2026Q3", State.FINAL)


def test_the_trend_has_the_quarter_and_the_one_before(review):
    values = figures(review, "spend_trend")
    assert values["quarter"] == str(92 * 150)
    assert Decimal(values["change_percent"]) == pytest.approx(Decimal(100) / 91)  # a day more
    assert values["months"] == 7


def test_adherence_counts_the_months_within_the_budget(review):
    values = figures(review, "budget_adherence")
    assert (values["months_kept"], values["months"], values["adherence_percent"]) == (7, 7, "100")


def test_a_month_over_the_budget_is_not_kept(account):
    sql(account, "UPDATE cost_data.budgets SET monthly_limit = 4600 WHERE name = 'total'")
    try:
        values = figures(review_of(account, FINAL, JULY, kind="quarterly"), "budget_adherence")
    finally:
        sql(account, "UPDATE cost_data.budgets SET monthly_limit = 6000 WHERE name = 'total'")
    assert (values["months_kept"], values["quarter_months_kept"]) == (3, 1)  # those of 30 days


def test_a_customer_costs_an_equal_share_of_the_cloud_and_its_own_ai(review):
    values = figures(review, "cost_per_customer")
    assert values["active_customers"] == 1  # only acme called in September
    assert values["cost_per_customer"] == str(30 * 150 + 30 * 4)


def test_the_cost_of_a_tier_is_a_mean_over_its_customers_and_months():
    september, october = date(2026, 9, 1), date(2026, 10, 1)
    by_tier = [
        (september, "Starter", 1, Decimal(10)),
        (october, "Starter", 1, Decimal(20)),
        (october, "Enterprise", 3, Decimal(90)),
    ]
    cloud = {september: Decimal(100), october: Decimal(400)}
    starter, enterprise = tier_costs(by_tier, cloud, {september: 1, october: 4}, [september, october])
    assert (starter.tier, starter.tenant_months, starter.shared, starter.ai) == ("Starter", 2, 100, 15)
    assert (enterprise.tier, enterprise.shared, enterprise.ai, enterprise.total) == (
        "Enterprise",
        100,
        30,
        130,
    )


def test_a_budget_without_a_tier_has_that_of_its_limit(account):
    october = review_of(account, FINAL, date(2026, 10, 1), kind="quarterly").item("cost_per_customer")
    assert [row[0] for row in october.tables[0].rows] == ["Starter", "Enterprise"]


def test_the_next_quarter_is_a_range(review):
    item = review.item("next_quarter_forecast")
    values = figures(review, "next_quarter_forecast")
    assert Decimal(values["next_quarter_forecast"]) == pytest.approx(Decimal(92 * 160), rel=Decimal("0.02"))
    assert item.headline.startswith("2026Q4 is expected to cost $")
    assert " to $" in item.headline


def test_commitments_have_coverage_utilization_three_levels_and_what_ends_soon(review):
    values = figures(review, "commitments")
    assert (values["reservation_coverage_percent"], values["reservation_utilization_percent"]) == (
        "58.5",
        "91",
    )
    assert values["savings_plan_coverage_percent"] is None
    assert values["ending"] == 1
    rows = review.item("commitments").tables[0].rows
    assert [row[0] for row in rows] == [50, 75, 100]
    # $100 a day until September, so that a plan for the cheapest day costs $73 a day at 27 % off.
    assert rows[-1][1] == pytest.approx(Decimal(73) / 24)


def test_no_plan_is_assessed_if_compute_stops_on_some_days(server):
    url = fresh_database(server)
    workdays = [day for day in days_of(JULY, 92) if day.weekday() < 5]
    rows = [usage(day, EC2, "us-east-1", "BoxUsage:m6i.large", "100", "250") for day in workdays]
    rows += [
        usage(day, RDS, "us-east-1", "InstanceUsage:db.r7g.large", "5", "24") for day in days_of(JULY, 92)
    ]
    store_costs(url, rows, FINAL)
    item = review_of(url, FINAL, JULY, kind="quarterly").item("commitments")
    assert item.headline == (
        "Commitments are not read; a plan is not assessed: 26 of 92 days had no compute on demand."
    )
    assert next(figure for figure in item.figures if figure.key == "ending").value is None
    assert item.tables[0].rows == []


def test_the_plan_that_bears_a_drop_of_a_fifth_is_recommended_and_expiring_commitments_too(review):
    rows = review.item("recommendations").tables[0].rows
    assert rows[0][0] == "Buy a Compute Savings Plan of $3.04 an hour"
    assert rows[1][0] == "Decide on the commitments that end within 90 days"


def test_a_running_quarter_has_what_is_known_so_far(account):
    at = datetime(2026, 11, 28, tzinfo=UTC)
    review = review_of(account, at, date(2026, 10, 1), kind="quarterly")
    trend = review.item("spend_trend").figures
    # October: 31 days of $160, a purchase of $1,000 and a credit of $30; November: 15 days.
    assert (trend[0].label, trend[0].value) == ("2026Q4 so far, billed", 5930 + 15 * 160)
    assert trend[2].value is None
    assert trend[2].missing.startswith("the quarter is not over")
    # October is the last month that is over: it is compared with the budget, and has the cost of a customer.
    values = figures(review, "budget_adherence")
    assert (values["months"], values["quarter_months_kept"]) == (8, 1)
    assert review.item("cost_per_customer").headline.endswith("in October 2026.")
    assert all(figure.missing for item in review.items for figure in item.figures if figure.value is None)


def test_a_quarter_of_which_a_month_is_not_stored_is_a_draft(account):
    july = review_of(account, FINAL, date(2026, 1, 1), kind="quarterly")
    assert july.why_draft == "no costs of January 2026 are stored"
    assert july.state is State.DRAFT


def test_a_quarter_that_is_not_over_is_a_draft(account):
    at = datetime(2026, 11, 28, tzinfo=UTC)
    assert (
        review_of(account, at, date(2026, 10, 1), kind="quarterly").why_draft == "November 2026 is not over"
    )
