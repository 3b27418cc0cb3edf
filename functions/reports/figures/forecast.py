"""Forecasts of a month from the days before it, and how far they were off in past months.

They are of the cost that recurs: without credits, refunds and one-time purchases, which have no trend. A day
is forecast from its weekday in the last eight weeks, the level of the last four weeks and half of their
growth, in which no day counts more than twice the median. What is charged on the first of a month (support,
taxes) is added once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from functions.cost_data.records import month_of, next_month
from functions.reports.periods import days_of

FOUR_WEEKS = 28
MIN_HISTORY_DAYS = 56
MIN_ERRORS = 3
GROWTH_KEPT = Decimal("0.5")
SPIKE = 2
RANGE_PERCENTILE = Decimal("0.8")

Days = Mapping[date, Decimal]


@dataclass(frozen=True)
class PastForecast:
    """What was forecast for a month on the day before it began, what it cost, and what baselines had said."""

    month: date
    actual: Decimal
    forecast: Decimal
    last_month: Decimal
    aws: Decimal | None


def recurring_costs(rows: Sequence[tuple[date, Decimal, Decimal]]) -> dict[date, Decimal]:
    """The cost of each day without one-time purchases, from rows of (day, recurring, purchases).

    A purchase recurs if it is made on most days of a month, as the hourly fee of a Savings Plan is; what
    exceeds ten times the median of the month is bought once.
    """
    purchases: dict[date, dict[date, Decimal]] = {}
    for day, _, purchase in rows:
        purchases.setdefault(month_of(day), {})[day] = purchase
    limits = {month: 10 * median(days.values()) for month, days in purchases.items()}
    return {
        day: recurring + (purchase if purchase <= limits[month_of(day)] else Decimal(0))
        for day, recurring, purchase in rows
    }


def month_total(days: Days, month: date) -> Decimal | None:
    """What a month cost; None unless every day of it is known."""
    known = [days.get(day) for day in days_of(month)]
    return sum((cost for cost in known if cost is not None), Decimal(0)) if None not in known else None


def month_forecast(days: Days, month: date, known_before: date) -> Decimal | None:
    """The cost of a month, from the days before `known_before`. None with less than eight weeks of them."""
    known = {day: cost for day, cost in days.items() if day < known_before}
    if len(known) < MIN_HISTORY_DAYS:
        return None
    end = max(known) + timedelta(days=1)
    # What is charged on the first of a month is looked at apart.
    usual = _without_spikes({day: cost for day, cost in known.items() if day.day > 1}, end)
    weekdays = _weekday_factors(usual, end)
    even = {day: cost / weekdays[day.weekday()] for day, cost in usual.items() if weekdays[day.weekday()]}
    level, growth = _mean(even, end, FOUR_WEEKS), _growth(even, end)
    total = Decimal(0)
    for day in days_of(month):
        if day in known:
            total += known[day]
            continue
        ahead = Decimal((day - end).days + FOUR_WEEKS // 2) / FOUR_WEEKS
        total += level * weekdays[day.weekday()] * growth**ahead
        if day.day == 1:
            total += _first_day_charges(known)
    return total


def past_forecasts(days: Days, months: Sequence[date], aws: Mapping[date, Decimal]) -> list[PastForecast]:
    """The forecasts of past months, each only from the days before it, with the two baselines."""
    forecasts = []
    for before, month in pairwise(months):
        actual, last_month = month_total(days, month), month_total(days, before)
        forecast = month_forecast(days, month, month)
        if actual and last_month and forecast:
            forecasts.append(PastForecast(month, actual, forecast, last_month, aws.get(month)))
    return forecasts


def mean_error(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """The mean absolute error in percent of (forecast, actual); None without months."""
    if not pairs:
        return None
    return sum((abs(forecast / actual - 1) for forecast, actual in pairs), Decimal(0)) * 100 / len(pairs)


def range_share(past: Sequence[PastForecast]) -> Decimal | None:
    """How far a forecast may be off, as a share: four of five past errors were smaller. None with too few."""
    errors = sorted(abs(entry.forecast / entry.actual - 1) for entry in past)
    if len(errors) < MIN_ERRORS:
        return None
    index = int((len(errors) * RANGE_PERCENTILE).to_integral_value(rounding="ROUND_CEILING")) - 1
    return errors[index]


def _without_spikes(days: Days, end: date) -> dict[date, Decimal]:
    """The days, each at most twice the median of the last eight weeks: one bad day is no trend."""
    recent = [cost for day, cost in days.items() if day >= end - timedelta(days=2 * FOUR_WEEKS)]
    limit = SPIKE * median(recent) if recent else Decimal(0)
    return {day: min(cost, limit) for day, cost in days.items()}


def _mean(days: Days, end: date, count: int) -> Decimal:
    """The mean of the known days among the last `count` before `end`; 0 without any."""
    known = [days[day] for n in range(1, count + 1) if (day := end - timedelta(days=n)) in days]
    return sum(known, Decimal(0)) / len(known) if known else Decimal(0)


def _weekday_factors(days: Days, end: date) -> list[Decimal]:
    """The mean cost of each weekday of the last eight weeks, Monday first, by the mean of all seven."""
    means = []
    for weekday in range(7):
        same = {day: cost for day, cost in days.items() if day.weekday() == weekday}
        means.append(_mean(same, end, 2 * FOUR_WEEKS))
    mean = sum(means, Decimal(0)) / 7
    return [entry / mean if mean else Decimal(1) for entry in means]


def _growth(days: Days, end: date) -> Decimal:
    """The damped factor from four weeks to the next four, from at most the last twelve weeks."""
    means = [_mean(days, end - timedelta(days=FOUR_WEEKS * n), FOUR_WEEKS) for n in range(3)]
    ratios = [later / earlier for later, earlier in pairwise(means) if earlier > 0]
    ratios = [min(max(ratio, Decimal("0.5")), Decimal(2)) for ratio in ratios]
    growth = sum(ratios, Decimal(0)) / len(ratios) if ratios else Decimal(1)
    return 1 + (growth - 1) * GROWTH_KEPT


def _first_day_charges(known: Days) -> Decimal:
    """What the last three firsts of a month cost more than the other days of their month; at least 0."""
    extra = []
    for first in sorted((day for day in known if day.day == 1), reverse=True)[:3]:
        others = [known[day] for day in known if first < day < next_month(first)]
        if others:
            extra.append(known[first] - sum(others, Decimal(0)) / len(others))
    return max(sum(extra, Decimal(0)) / len(extra), Decimal(0)) if extra else Decimal(0)
