"""Quarterly: coverage and utilization of commitments, and what a further Savings Plan would save or risk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from functions.cost_data.records import Kind, last_final_day
from functions.reports.formatting import dollars
from functions.reports.periods import months_before
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

USAGE = "cost_data.commitment_usage: Cost Explorer"
COMPUTE = "cost_data.daily_costs: billed compute usage by day, at on-demand prices"
MONTHS = 3
MIN_DAYS = 30
DAYS_A_MONTH = Decimal("30.4375")
HOURS_A_DAY = 24
# Shares of the on-demand cost of the cheapest day that a plan would cover.
LEVELS = (Decimal("0.5"), Decimal("0.75"), Decimal("1"))
DROP = Decimal("0.3")
SOON_DAYS = 90
NOT_READ = "no commitments are read; `python -m functions.cost_data collect` reads them"


@dataclass(frozen=True)
class PlanLevel:
    """A Savings Plan of one size over the days of the past, in US dollars a month.

    `commitment_hourly` is what is paid each hour whether it is used or not. `break_even_drop` is how much of
    today's compute may fall away before the plan costs more than on demand. `saving_after_drop` is the
    saving, or if negative the loss, if compute were smaller by `DROP`.
    """

    share: Decimal
    commitment_hourly: Decimal
    saving: Decimal
    break_even_drop: Decimal
    saving_after_drop: Decimal
    coverage: Decimal
    utilization: Decimal


def plan_levels(days: Sequence[Decimal], discount: Decimal) -> list[PlanLevel]:
    """Plans that cover half, three quarters and all of the cheapest day; `discount` is 0 to 1.

    `days` are on-demand costs, of more than 0. A plan bills hours, and these are means of days: an hour below
    the mean of its day leaves a part of the commitment unused, which this does not see.
    """
    floor = min(days)
    return [_level(days, floor * share, share, discount) for share in LEVELS]


def _level(days: Sequence[Decimal], covered: Decimal, share: Decimal, discount: Decimal) -> PlanLevel:
    commitment = covered * (1 - discount)
    used = [min(day, covered) for day in days]
    total = sum(days, Decimal(0))
    return PlanLevel(
        share=share,
        commitment_hourly=commitment / HOURS_A_DAY,
        saving=_saving(days, covered, discount),
        break_even_drop=_break_even_drop(days, covered, discount),
        saving_after_drop=_saving([day * (1 - DROP) for day in days], covered, discount),
        coverage=sum(used, Decimal(0)) * 100 / total,
        utilization=sum(used, Decimal(0)) * 100 / (covered * len(days)),
    )


def _saving(days: Sequence[Decimal], covered: Decimal, discount: Decimal) -> Decimal:
    """The saving of a month: what the covered usage costs on demand, less the commitment."""
    used = sum((min(day, covered) for day in days), Decimal(0))
    return (used - covered * (1 - discount) * len(days)) / len(days) * DAYS_A_MONTH


def _break_even_drop(days: Sequence[Decimal], covered: Decimal, discount: Decimal) -> Decimal:
    """The drop of all days, in percent to a tenth, up to which the plan saves as much as it costs."""
    low, high = Decimal(0), Decimal(1)
    while high - low > Decimal("0.0005"):
        middle = (low + high) / 2
        if _saving([day * (1 - middle) for day in days], covered, discount) >= 0:
            low = middle
        else:
            high = middle
    return low * 100


def commitments_item(fetch: Fetch, last_month: date, at: datetime, discount: Decimal) -> Item:
    """The item of a quarter. `discount` is that of the plan that could be bought, 0 to 1."""
    usage = {row[0]: row for row in fetch("commitment_usage")}
    active = fetch("commitments", at=at)
    first = months_before(last_month, MONTHS)[0]
    rows = fetch("daily_compute", first=first, last=min(at.date(), last_final_day(at)))
    days = [cost for _, cost in rows]
    missing = _why_not_assessed(days)
    levels = [] if missing else plan_levels(days, discount)
    was_read = bool(active or usage or fetch("was_read", kind=Kind.COMMITMENTS)[0][0])
    ending = len([row for row in active if (row[3] - at).days < SOON_DAYS]) if was_read else None
    return Item(
        key="commitments",
        title="Commitments",
        headline=_headline(levels, ending, missing),
        figures=[
            *(
                Figure(
                    f"{kind.replace('-', '_')}_{what}_percent", f"{label}, {what}",
                    usage[kind][index] if kind in usage else None, Unit.PERCENT, USAGE,
                    "" if kind in usage and usage[kind][index] is not None else "none is active, or read yet",
                )
                for kind, label in (("savings-plan", "Savings Plans"), ("reservation", "Reservations"))
                for index, what in ((1, "coverage"), (2, "utilization"))
            ),
            Figure("ending", f"Commitments that end within {SOON_DAYS} days", ending, Unit.COUNT,
                   "cost_data.commitments", "" if was_read else NOT_READ),
            *(
                Figure(f"plan_{level.share * 100:.0f}_saving",
                f"Plan for {level.share:.0%} of the cheapest day",
                       level.saving, Unit.USD, COMPUTE)
                for level in levels
            ),
        ],
        charts=_charts(levels),
        tables=[_levels_table(levels, missing), _active_table(active, was_read)],
        notes=[
            f"Assumed discount of the plan: {discount:.0%}; set it to that of your instance families.",
            "A Savings Plan bills hours, and the levels are means of days. Buy less if usage falls at night.",
        ],
    )  # fmt: skip


def _why_not_assessed(days: Sequence[Decimal]) -> str:
    """Why no plan is assessed; empty if one is."""
    if not any(days):
        return "no compute on demand is stored by usage type"
    if len(days) < MIN_DAYS:
        return f"fewer than {MIN_DAYS} days of compute are stored"
    if min(days) <= 0:
        return f"{sum(day <= 0 for day in days)} of {len(days)} days had no compute on demand"
    return ""


def _headline(levels: Sequence[PlanLevel], ending: int | None, missing: str) -> str:
    if not levels:
        verb = "commitment ends" if ending == 1 else "commitments end"
        ends = "Commitments are not read" if ending is None else f"{ending} {verb} within {SOON_DAYS} days"
        return f"{ends}; a plan is not assessed: {missing}."
    best = max(levels, key=lambda level: level.saving)
    return (
        f"A plan of {dollars(best.commitment_hourly)} an hour would save {dollars(best.saving)} a month "
        f"until compute falls by {best.break_even_drop:.0f} %."
    )


def _charts(levels: Sequence[PlanLevel]) -> list[Chart]:
    if not levels:
        return []
    return [
        Chart(
            key="plan_levels",
            title="Saving of a Savings Plan a month, and after compute fell",
            kind=ChartKind.COLUMNS,
            categories=[f"{level.share:.0%}: {dollars(level.commitment_hourly)}/h" for level in levels],
            series=[
                Series("At today's compute", [level.saving for level in levels]),
                Series(f"{DROP:.0%} less compute", [level.saving_after_drop for level in levels]),
            ],
            unit=Unit.USD,
            source=COMPUTE,
        )
    ]


def _levels_table(levels: Sequence[PlanLevel], missing: str) -> Table:
    return Table(
        key="plan_levels",
        title="A further Compute Savings Plan at three levels",
        columns=[
            Column("share", "Covers of the cheapest day", Unit.PERCENT),
            Column("commitment_hourly", "Commitment an hour", Unit.USD),
            Column("saving", "Saving a month", Unit.USD),
            Column("break_even_drop", "Breaks even at a drop of", Unit.PERCENT),
            Column("saving_after_drop", f"Saving after {DROP:.0%} less", Unit.USD_CHANGE),
            Column("coverage", "Coverage", Unit.PERCENT),
            Column("utilization", "Utilization", Unit.PERCENT),
        ],
        rows=[
            (
                level.share * 100, level.commitment_hourly, level.saving, level.break_even_drop,
                level.saving_after_drop, level.coverage, level.utilization,
            )
            for level in levels
        ],
        source=COMPUTE,
        empty=f"Not assessed: {missing}.",
    )  # fmt: skip


def _active_table(active: Sequence[tuple[str, str, str, datetime]], was_read: bool) -> Table:
    return Table(
        key="active",
        title="Active commitments",
        columns=[
            Column("kind", "Kind"), Column("id", "Id"), Column("product", "Product"),
            Column("ends", "Ends", Unit.DATE),
        ],
        rows=[(kind, name, product, ends.date()) for kind, name, product, ends in active],
        source="cost_data.commitments",
        empty="None." if was_read else f"Not known: {NOT_READ}.",
    )  # fmt: skip
