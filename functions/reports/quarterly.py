"""The quarterly review for the CFO and the CTO."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from functions.cost_data.records import next_month
from functions.reports.figures.actions import stored_recommendations, top_actions
from functions.reports.figures.budget import NO_BUDGET, account_budget
from functions.reports.figures.changes import changes_since_draft
from functions.reports.figures.commitments import LEVELS, commitments_item
from functions.reports.figures.customers import cost_per_customer
from functions.reports.figures.outlook import SOURCE, TOO_LITTLE, Outlook, read_outlook, span_figures
from functions.reports.figures.savings import savings_item
from functions.reports.figures.trend import budget_adherence, spend_trend
from functions.reports.formatting import dollars, percent_of
from functions.reports.monthly import (
    Inputs,
    read_times,
    stored_draft,
    stored_forecast,
    why_not_final,
)
from functions.reports.periods import month_labels, quarter_name, quarter_of
from functions.reports.records import (
    Action,
    Chart,
    ChartKind,
    Column,
    Figure,
    Item,
    Review,
    Series,
    State,
    Table,
    Unit,
    Value,
)
from functions.reports.store import Fetch

KIND = "quarterly"
SAFE_DROP = Decimal(20)


def quarterly_review(fetch: Fetch, first_month: date, at: datetime, inputs: Inputs) -> Review:
    """The review of the quarter of a month. Raises ReportError if nothing is stored of the quarter.

    What is of one month is of the last one that is over; in a quarter that begins, of the running one.
    """
    months = quarter_of(first_month)
    last, name = months[-1], quarter_name(first_month)
    read_at = read_times(fetch, months, at, f"--quarter {name}")
    over = [month for month in read_at if next_month(month) <= at.date()]
    newest = max(over or read_at)
    actions = inputs.actions if inputs.actions is not None else stored_recommendations(fetch)
    outlook = read_outlook(fetch, at)
    budget = account_budget(fetch)
    limit = budget[1] if budget else None
    commitments = commitments_item(fetch, last, at, inputs.plan_discount)
    forecast = next_quarter(outlook, last, limit)
    items = [
        spend_trend(fetch, last, at),
        cost_per_customer(fetch, newest, [month for month in months if month <= newest]),
        budget_adherence(fetch, last, at),
        savings_item(fetch, newest, actions),
        forecast,
        commitments,
    ]
    items.append(recommendations(commitments, forecast, actions, at))
    why_draft = why_not_final(months, read_at, at)
    if not why_draft:
        items.append(changes_since_draft(stored_draft(fetch, KIND, months[0]), items))
    return Review(
        kind=KIND,
        period=name,
        title=f"Executive cloud cost review, Q{name[-1]} {name[:4]}",
        state=State.DRAFT if why_draft else State.FINAL,
        why_draft=why_draft,
        at=at,
        read_at=max(read_at.values()),
        items=items,
        actions=top_actions(actions or (), at),
        aws_forecast=stored_forecast(outlook),
    )


def next_quarter(outlook: Outlook, last_month: date, limit: Decimal | None) -> Item:
    """The forecast of the quarter after `last_month`, as a range."""
    months = quarter_of(next_month(last_month))
    name = quarter_name(months[0])
    total = outlook.months(months)
    spans = [outlook.month(month) for month in months]
    budget = limit * 3 if limit else None
    if total is None:
        headline = f"There is no forecast: {TOO_LITTLE}."
    elif total.low is None or total.high is None:
        headline = f"{name} is expected to cost {dollars(total.mean)}."
    else:
        headline = f"{name} is expected to cost {dollars(total.low)} to {dollars(total.high)}."
    return Item(
        key="next_quarter_forecast",
        title="Forecast of the next quarter",
        headline=headline,
        figures=[
            *span_figures("next_quarter", name, total),
            Figure(
                "next_quarter_budget_percent", "Of three monthly budgets",
                percent_of(total.mean, budget) if total else None, Unit.PERCENT,
                f"{SOURCE}; cost_data.budgets",
                "" if total and budget else (TOO_LITTLE if not total else NO_BUDGET),
            ),
        ],
        charts=[
            Chart(
                key="next_quarter",
                title=f"Forecast of {name} by month",
                kind=ChartKind.COLUMNS,
                categories=month_labels(months),
                series=[
                    Series("Low", [span.low if span else None for span in spans]),
                    Series("Forecast", [span.mean if span else None for span in spans]),
                    Series("High", [span.high if span else None for span in spans]),
                ],
                unit=Unit.USD,
                source=SOURCE,
            )
        ],
        notes=["Without credits, refunds and one-time purchases. The range held four of five past errors."],
    )  # fmt: skip


def recommendations(
    commitments: Item, forecast: Item, actions: Sequence[Action] | None, at: datetime
) -> Item:
    """What the figures of the quarter suggest, with the reason."""
    rows: list[tuple[Value, ...]] = []
    for level in reversed(LEVELS):
        plan = _plan(commitments, level)
        if plan and plan["break_even_drop"] >= SAFE_DROP and plan["saving"] > 0:
            rows.append(
                (
                    f"Buy a Compute Savings Plan of {dollars(plan['commitment_hourly'])} an hour",
                    f"It pays until compute falls by {plan['break_even_drop']:.0f} %; "
                    f"{plan['utilization']:.0f} % of it would have been used.",
                    plan["saving"],
                )
            )
            break
    ending = next(figure.value for figure in commitments.figures if figure.key == "ending")
    if ending:
        rows.append(
            (
                "Decide on the commitments that end within 90 days",
                f"{ending} {'ends' if ending == 1 else 'end'}; usage is then billed on demand.",
                None,
            )
        )
    used = next(figure.value for figure in forecast.figures if figure.key == "next_quarter_budget_percent")
    if isinstance(used, Decimal) and used > 100:
        rows.append(
            (
                "Raise the budget, or lower the cost",
                f"The next quarter needs {used:.1f} % of three budgets.",
                None,
            )
        )
    rows += [
        (f"{action.rule}: {action.resource}", action.change or "Recommended by the advisor.", action.saving)
        for action in top_actions(actions or (), at)
    ]
    saving = sum((row[2] for row in rows if isinstance(row[2], Decimal)), Decimal(0))
    count = f"{len(rows)} {'recommendation' if len(rows) == 1 else 'recommendations'}"
    return Item(
        key="recommendations",
        title="Recommendations",
        headline=f"{count}, worth {dollars(saving)} a month." if rows else "No change is recommended.",
        figures=[
            Figure("recommendations", "Recommendations", len(rows), Unit.COUNT, "the items of this review"),
            Figure("saving", "Their savings a month", saving, Unit.USD, "the items of this review"),
        ],
        tables=[
            Table(
                key="recommendations",
                title="Recommendations",
                columns=[
                    Column("recommendation", "Recommendation"), Column("reason", "Why"),
                    Column("saving", "Saving a month", Unit.USD),
                ],
                rows=rows,
                source="the items of this review",
                empty="None.",
            )
        ],
    )  # fmt: skip


def _plan(commitments: Item, level: Decimal) -> dict[str, Decimal] | None:
    table = next(table for table in commitments.tables if table.key == "plan_levels")
    keys = [column.key for column in table.columns]
    for row in table.rows:
        plan = {key: Decimal(str(value)) for key, value in zip(keys, row, strict=True)}
        if plan["share"] == level * 100:
            return plan
    return None
