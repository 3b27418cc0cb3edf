"""Forecasts from the days before: what they follow, what they leave out, and their error."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from functions.reports.figures.forecast import (
    PastForecast,
    mean_error,
    month_forecast,
    past_forecasts,
    range_share,
    recurring_costs,
)
from functions.reports.figures.outlook import Outlook
from functions.reports.periods import days_of, months_before

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def days(cost, first=date(2026, 3, 1), last=date(2026, 12, 31)):
    """The cost of each day by a function of the day."""
    return {
        day: Decimal(cost(day)) for n in range((last - first).days + 1) if (day := first + timedelta(days=n))
    }


def test_a_constant_cost_goes_on():
    assert month_forecast(days(lambda _: 100), NOVEMBER, NOVEMBER) == 3000


def test_known_days_count_as_they_are_and_only_the_rest_is_forecast():
    costs = days(lambda day: 500 if day == date(2026, 11, 3) else 100)
    assert month_forecast(costs, NOVEMBER, date(2026, 11, 4)) == pytest.approx(3400, rel=Decimal("0.05"))
    assert month_forecast(costs, NOVEMBER, date(2026, 12, 1)) == 3400


def test_days_after_the_known_ones_have_no_influence():
    early = month_forecast(days(lambda _: 100, last=date(2026, 10, 31)), NOVEMBER, NOVEMBER)
    assert early == month_forecast(days(lambda day: 100 if day < NOVEMBER else 900), NOVEMBER, NOVEMBER)


def test_weekends_cost_what_weekends_cost():
    costs = days(lambda day: 40 if day.weekday() >= 5 else 100)
    actual = sum(costs[day] for day in days_of(NOVEMBER))
    assert month_forecast(costs, NOVEMBER, NOVEMBER) == pytest.approx(actual, rel=Decimal("0.005"))


def test_half_of_the_growth_is_assumed_to_go_on():
    costs = days(lambda day: 100 * 1.02 ** ((day - date(2026, 3, 1)).days / 28))
    forecast = month_forecast(costs, NOVEMBER, NOVEMBER)
    last_month = sum(costs[day] for day in days_of(OCTOBER)) * 30 / 31
    actual = sum(costs[day] for day in days_of(NOVEMBER))
    assert forecast is not None
    assert last_month < forecast < actual


def test_the_further_ahead_a_month_is_the_more_it_has_grown():
    costs = days(lambda day: 100 * 1.2 ** ((day - date(2026, 3, 1)).days / 28), last=date(2026, 10, 31))
    november, december = (month_forecast(costs, date(2026, month, 1), NOVEMBER) for month in (11, 12))
    assert november is not None
    assert december is not None
    # Half of 20 % in four weeks, between the middles of months of 30 and 31 days.
    growth = (december / 31) / (november / 30)
    assert growth == pytest.approx(Decimal("1.1") ** (Decimal("30.5") / 28), rel=Decimal("0.005"))


def test_what_is_charged_on_the_first_of_a_month_is_added_once():
    costs = days(lambda day: 1100 if day.day == 1 else 100)
    assert month_forecast(costs, NOVEMBER, NOVEMBER) == 4000


def test_there_is_no_forecast_from_less_than_eight_weeks():
    assert month_forecast(days(lambda _: 100, first=date(2026, 9, 10)), NOVEMBER, NOVEMBER) is None
    assert month_forecast({}, NOVEMBER, NOVEMBER) is None


def test_a_one_time_purchase_does_not_recur_but_an_hourly_fee_does():
    upfront = [(day, Decimal(10), Decimal(5000 if day.day == 10 else 0)) for day in days_of(OCTOBER)]
    assert sum(recurring_costs(upfront).values()) == 310
    hourly = [(day, Decimal(10), Decimal("2.4")) for day in days_of(OCTOBER)]
    assert sum(recurring_costs(hourly).values()) == Decimal("384.4")


def test_past_months_are_forecast_without_a_look_ahead_and_beside_both_baselines():
    costs = days(lambda day: 100 if day < OCTOBER else 200)
    (september, october) = past_forecasts(costs, months_before(OCTOBER, 3), {OCTOBER: Decimal(5000)})
    assert september == PastForecast(date(2026, 9, 1), Decimal(3000), Decimal(3000), Decimal(3100), None)
    assert october == PastForecast(OCTOBER, Decimal(6200), Decimal(3100), Decimal(3000), Decimal(5000))
    assert mean_error([(october.forecast, october.actual)]) == 50
    assert mean_error([]) is None


def test_a_month_with_a_missing_day_is_no_past_month():
    costs = days(lambda _: 100)
    del costs[date(2026, 10, 20)]
    assert [entry.month for entry in past_forecasts(costs, months_before(OCTOBER, 3), {})] == [
        date(2026, 9, 1)
    ]


@pytest.mark.parametrize(
    ("errors", "share"),
    [([], None), ([1, 2], None), ([1, 2, 3], "0.03"), ([1, 2, 3, 4, 50], "0.04"), ([9] * 10, "0.09")],
)
def test_the_range_holds_four_of_five_past_errors(errors, share):
    past = [PastForecast(OCTOBER, Decimal(100), Decimal(100 + error), Decimal(100), None) for error in errors]
    assert range_share(past) == (None if share is None else Decimal(share))


def test_a_month_that_is_over_costs_what_is_stored_of_it_and_has_no_forecast():
    stored = days(lambda _: 100, first=date(2026, 8, 10), last=date(2026, 11, 14))
    del stored[date(2026, 10, 11)]  # a day without a charge
    outlook = Outlook(stored, date(2026, 11, 15), datetime(2026, 11, 16, tzinfo=UTC), past=(), aws=None)
    costs = [outlook.month(date(2026, number, 1)) for number in (7, 8, 10)]
    assert costs[:2] == [None, None]
    assert costs[2].mean == 3000
    assert outlook.month(NOVEMBER).mean == pytest.approx(3000, rel=Decimal("0.05"))
    assert outlook.months([date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]) is None
