"""Savings Plans at three levels: saving, break-even and risk, by hand."""

from decimal import Decimal

import pytest

from functions.reports.figures.commitments import DAYS_A_MONTH, plan_levels


def test_a_plan_for_constant_compute_saves_the_discount_and_breaks_even_at_it():
    half, most, whole = plan_levels([Decimal(100)] * 60, Decimal("0.25"))
    assert whole.commitment_hourly == Decimal(75) / 24
    assert whole.saving == 25 * DAYS_A_MONTH
    assert (whole.coverage, whole.utilization) == (100, 100)
    # The plan costs 75 a day: it pays until compute is below 75.
    assert whole.break_even_drop == pytest.approx(Decimal(25), abs=Decimal("0.1"))
    # For 50 it costs 37.50 a day, and for 75 it costs 56.25.
    assert half.break_even_drop == pytest.approx(Decimal("62.5"), abs=Decimal("0.1"))
    assert most.break_even_drop == pytest.approx(Decimal("43.75"), abs=Decimal("0.1"))


def test_thirty_percent_less_compute_loses_money_with_the_largest_plan_only():
    half, most, whole = plan_levels([Decimal(100)] * 60, Decimal("0.25"))
    assert half.saving_after_drop == Decimal("12.5") * DAYS_A_MONTH
    assert most.saving_after_drop == (70 - Decimal("56.25")) * DAYS_A_MONTH
    assert whole.saving_after_drop == -5 * DAYS_A_MONTH


def test_the_levels_are_shares_of_the_cheapest_day_so_that_none_is_left_unused():
    days = [Decimal(60), *[Decimal(100)] * 9]
    levels = plan_levels(days, Decimal("0.25"))
    assert [level.commitment_hourly for level in levels] == [
        60 * share * Decimal("0.75") / 24 for share in (Decimal("0.5"), Decimal("0.75"), Decimal(1))
    ]
    assert [level.utilization for level in levels] == [100, 100, 100]
    assert levels[-1].coverage == Decimal(600) * 100 / 960
