"""The updated forecast of the running month and the quarter, and how far past forecasts were off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from functions.cost_data.records import last_final_day, month_of, next_month, previous_month
from functions.reports.figures.forecast import (
    Days,
    PastForecast,
    mean_error,
    month_forecast,
    past_forecasts,
    range_share,
    recurring_costs,
)
from functions.reports.formatting import dollars, percent_of
from functions.reports.periods import month_labels, month_name, months_before, quarter_name, quarter_of
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

SOURCE = "cost_data.daily_totals: billed, without credits, refunds and one-time purchases"
HISTORY_MONTHS = 16
TOO_LITTLE = "fewer than eight weeks of costs are stored, or not all of a month that is over"
TOO_FEW = "fewer than three months could be forecast from the months before them"


@dataclass(frozen=True)
class Span:
    """A forecast in US dollars; `low` and `high` are None while too few past forecasts are known."""

    mean: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True)
class Outlook:
    """What is known of the cost by day, and what follows from it."""

    days: Days
    known_before: date
    at: datetime
    past: Sequence[PastForecast]
    aws: tuple[date, Decimal, Decimal, Decimal] | None

    @property
    def running_month(self) -> date:
        """The month of the review's date."""
        return month_of(self.at.date())

    def month(self, month: date) -> Span | None:
        """A month: its cost if it is over, else its forecast. None if too little is stored."""
        return self.months([month])

    def months(self, months: Sequence[date]) -> Span | None:
        """The sum of months. The range widens with the part that is forecast."""
        mean = unknown = Decimal(0)
        for month in months:
            forecast = self._cost(month)
            if forecast is None:
                return None
            mean += forecast
            unknown += forecast - self.known(month)
        share = range_share(self.past)
        if share is None:
            return Span(mean, None, None)
        return Span(mean, mean - unknown * share, mean + unknown * share)

    def _cost(self, month: date) -> Decimal | None:
        if next_month(month) > self.known_before:
            return month_forecast(self.days, month, self.known_before)
        # A day without a charge cost nothing, but those before the first that is stored are not known.
        return (self.known(month) or None) if self.days and min(self.days) <= month else None

    def known(self, month: date) -> Decimal:
        """What the days of a month cost whose figures are final."""
        costs = (cost for day, cost in self._known().items() if month_of(day) == month)
        return sum(costs, Decimal(0))

    def _known(self) -> Days:
        return {day: cost for day, cost in self.days.items() if day < self.known_before}


def read_outlook(fetch: Fetch, at: datetime) -> Outlook:
    """What is stored of the costs of the last months, seen from an instant."""
    running = month_of(at.date())
    first = months_before(running, HISTORY_MONTHS)[0]
    rows = fetch("daily_costs", first=first, last=at.date() + timedelta(days=1))
    days = recurring_costs(rows)
    known_before = last_final_day(at) + timedelta(days=1)
    if days:  # a source that is behind makes later days unknown, not free
        known_before = min(known_before, max(days) + timedelta(days=1))
    months = [month for month in months_before(previous_month(running), HISTORY_MONTHS) if month >= first]
    aws_past = dict(fetch("stored_forecasts"))
    complete = [month for month in months if next_month(month) <= known_before]
    newest = fetch("aws_forecast", month=running)
    return Outlook(
        days=days,
        known_before=known_before,
        at=at,
        past=past_forecasts(days, complete, aws_past),
        aws=newest[0] if newest else None,
    )


def forecast_item(outlook: Outlook, month: date, limit: Decimal | None) -> Item:
    """The forecasts of the running month and of the quarter of a month."""
    running, quarter = outlook.running_month, quarter_of(month)
    expected, whole = outlook.month(running), outlook.months(quarter)
    errors = _errors(outlook.past)
    headline = f"There is no forecast: {TOO_LITTLE}."
    if whole:
        low, high = whole.low, whole.high
        spread = f" ({dollars(low)} to {dollars(high)})" if low is not None and high is not None else ""
        headline = f"{quarter_name(month)} is expected to cost {dollars(whole.mean)}{spread}."
    figures = [
        *span_figures("running_month", month_name(running), expected),
        *span_figures("quarter", quarter_name(month), whole),
        Figure(
            "quarter_budget_percent",
            f"{quarter_name(month)}, of three monthly budgets",
            percent_of(whole.mean, limit * 3) if whole and limit else None,
            Unit.PERCENT,
            f"{SOURCE}; cost_data.budgets",
            "" if whole and limit else ("no budget of the account is stored" if whole else TOO_LITTLE),
        ),
        Figure(
            "aws_forecast",
            f"{month_name(running)}, forecast by AWS",
            outlook.aws[1] if outlook.aws else None,
            Unit.USD,
            "cost_data.forecasts: Cost Explorer, billed",
            "" if outlook.aws else "no forecast of Cost Explorer for this month is stored",
        ),
        *errors,
    ]
    return Item(
        key="forecast",
        title="Updated forecast",
        headline=headline,
        figures=figures,
        charts=[_chart(outlook, quarter)],
        tables=[_past_table(outlook.past)],
        notes=[
            "Forecasts are of the cost that recurs: without credits, refunds and one-time purchases. "
            "The range held four of five past errors."
        ],
    )


def span_figures(key: str, label: str, span: Span | None) -> list[Figure]:
    """A forecast as three figures."""
    has_range = span is not None and span.low is not None
    return [
        Figure(
            f"{key}_forecast", f"{label}, forecast", span.mean if span else None, Unit.USD, SOURCE,
            "" if span else TOO_LITTLE,
        ),
        Figure(
            f"{key}_forecast_low", f"{label}, low", span.low if span else None, Unit.USD, SOURCE,
            "" if has_range else (TOO_FEW if span else TOO_LITTLE),
        ),
        Figure(
            f"{key}_forecast_high", f"{label}, high", span.high if span else None, Unit.USD, SOURCE,
            "" if has_range else (TOO_FEW if span else TOO_LITTLE),
        ),
    ]  # fmt: skip


def _errors(past: Sequence[PastForecast]) -> list[Figure]:
    """The mean errors of our forecasts and of both baselines, AWS's in the months that it is known for."""
    ours = mean_error([(entry.forecast, entry.actual) for entry in past])
    baseline = mean_error([(entry.last_month, entry.actual) for entry in past])
    with_aws = [entry for entry in past if entry.aws]
    aws = mean_error([(entry.aws, entry.actual) for entry in with_aws if entry.aws])
    beside_aws = mean_error([(entry.forecast, entry.actual) for entry in with_aws])
    source = f"{SOURCE}; each month forecast from the days before it"
    recorded = "reports.reviews: Cost Explorer's forecast as each draft recorded it"
    missing = "" if past else TOO_LITTLE
    no_aws = "" if with_aws else "no draft has recorded a forecast of AWS for a month that is over"
    percent = Unit.PERCENT
    return [
        Figure("mean_error_percent", f"Mean error in {_months(past)}", ours, percent, source, missing),
        Figure(
            "mean_error_last_month_percent",
            "Mean error of `as last month`",
            baseline,
            percent,
            source,
            missing,
        ),
        Figure(
            "mean_error_aws_percent",
            f"Mean error of AWS in {_months(with_aws)}",
            aws,
            percent,
            recorded,
            no_aws,
        ),
        Figure(
            "mean_error_beside_aws_percent", "Ours in the same months", beside_aws, percent, source, no_aws
        ),
    ]


def _months(past: Sequence[PastForecast]) -> str:
    return f"{len(past)} past {'month' if len(past) == 1 else 'months'}"


def _chart(outlook: Outlook, quarter: Sequence[date]) -> Chart:
    months = months_before(quarter[-1], 9)
    known = [outlook.known(month) for month in months]
    spans = [outlook.month(month) for month in months]
    rest = [
        span.mean - cost if span and span.mean > cost else None
        for span, cost in zip(spans, known, strict=True)
    ]
    return Chart(
        key="monthly_costs_and_forecast",
        title="Cost by month, with the forecast of the quarter",
        kind=ChartKind.STACKED,
        categories=month_labels(months),
        series=[Series("Known", [cost or None for cost in known]), Series("Forecast of the rest", rest)],
        unit=Unit.USD,
        source=SOURCE,
    )


def _past_table(past: Sequence[PastForecast]) -> Table:
    def error(forecast: Decimal | None, actual: Decimal) -> Decimal | None:
        return (forecast / actual - 1) * 100 if forecast else None

    return Table(
        key="past_forecasts",
        title="Forecasts of past months, made on the day before each",
        columns=[
            Column("month", "Month"),
            Column("actual", "Actual", Unit.USD),
            Column("forecast", "Forecast", Unit.USD),
            Column("error", "Error", Unit.PERCENT_CHANGE),
            Column("last_month_error", "As last month", Unit.PERCENT_CHANGE),
            Column("aws_error", "AWS", Unit.PERCENT_CHANGE),
        ],
        rows=[
            (
                f"{entry.month:%Y-%m}",
                entry.actual,
                entry.forecast,
                error(entry.forecast, entry.actual),
                error(entry.last_month, entry.actual),
                error(entry.aws, entry.actual),
            )
            for entry in past[-12:]
        ],
        source=SOURCE,
        empty=f"{TOO_FEW.capitalize()}.",
    )
