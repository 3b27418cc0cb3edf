"""The report as one self-contained HTML page: no script, style, font or picture from outside."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

import jinja2

from teei_finops.review.outcome import outcome_of
from teei_finops.review.render import labels, money, view
from teei_finops.review.render.headline import at_least, headline, missing, price_basis
from teei_finops.review.render.services import service_name
from teei_finops.review.report_schema import BudgetRow, Report

TEMPLATES = Path(__file__).parent / "templates"
MOST_BARS = 12
MOST_CHANGES = 2000
MOST_UNPRICED = 500


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: `start` and `width` in percent of its track."""

    label: str
    value: str
    start: float
    width: float
    kind: str
    note: str = ""


@dataclass(frozen=True)
class BudgetBar:
    """A budget and its estimate: positions in percent of the track."""

    row: BudgetRow
    limit: float
    expected: float
    low: float
    high: float


def render(report: Report) -> str:
    """The page. Of the changed resources it lists the first 2,000 and counts the rest.

    Links to `docs/` work from where `make review` writes it, `build/review/`.
    """
    changes = view.resource_changes(report)
    listed = changes[:MOST_CHANGES]
    unpriced = view.unpriced_resources(report)
    return _environment().get_template("review.html.j2").render(
        report=report,
        outcome=outcome_of(report),
        headline=headline(report),
        price_basis=list(price_basis(report)),
        missing=partial(missing, report),
        plans={plan["stack"]: plan for plan in report["plan"]},
        stacks=[
            (stack, view.by_component(change for change in listed if change.stack == stack["stack"]))
            for stack in report["stacks"]
        ],
        omitted_changes=len(changes) - len(listed),
        violations=view.violations_by_origin(report),
        policy=report["policy"] if view.has_policy_results(report) else None,
        unpriced=unpriced[:MOST_UNPRICED],
        omitted_unpriced=len(unpriced[MOST_UNPRICED:]),
        waterfall=waterfall(report),
        services=_total_bars(view.totals_by(report, lambda row: service_name(row["type"]))),
        regions=_total_bars(view.totals_by(report, lambda row: row["region"] or "no region")),
        teams=_total_bars(view.totals_by(report, lambda row: row["team"] or "no team tag")),
        budgets=[_budget_bar(row) for row in report["budgets"]],
    )  # fmt: skip


def waterfall(report: Report) -> list[Bar]:
    """The monthly change by service, each bar starting where the previous one ended, then their sum."""
    totals = view.with_others(view.totals_by(report, lambda row: service_name(row["type"])), MOST_BARS)
    changes = sorted(
        ((total.name, total.change) for total in totals if total.change), key=lambda item: -item[1]
    )
    points = [Decimal(0)]
    for _, change in changes:
        points.append(points[-1] + change)
    low, high = min(points), max(points)
    if low == high:
        return []
    scale = 100 / float(high - low)

    def bar(name: str, start: Decimal, change: Decimal, kind: str) -> Bar:
        left = float(min(start, start + change) - low) * scale
        return Bar(name, money.signed(change), left, float(abs(change)) * scale, kind)

    return [
        *(
            bar(name, start, change, "up" if change > 0 else "down")
            for (name, change), start in zip(changes, points, strict=False)
        ),
        bar("Change", Decimal(0), points[-1], "total"),
    ]


def _total_bars(totals: list[view.Total]) -> list[Bar]:
    """The monthly cost after the change, one bar for each total, with its change as a note."""
    totals = view.with_others(totals, MOST_BARS)
    largest = max((total.after for total in totals), default=Decimal(0))
    if not largest:
        return []
    return [
        Bar(
            total.name,
            money.dollars(total.after),
            start=0,
            width=float(total.after / largest) * 100,
            kind="cost",
            note=money.signed(total.change) if total.change else "",
        )
        for total in totals
    ]


def _budget_bar(row: BudgetRow) -> BudgetBar:
    limit = Decimal(row["monthly_limit_usd"] or row["after"]["high"])
    low, expected, high = (Decimal(row["after"][end]) for end in ("low", "expected", "high"))
    scale = 100 / (float(max(limit, high)) or 1)
    return BudgetBar(
        row, float(limit) * scale, float(expected) * scale, float(low) * scale, float(high) * scale
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "dollars": money.dollars,
        "signed": money.signed,
        "with_range": money.with_range,
        "signed_with_range": money.signed_with_range,
        "at_least": at_least,
        "limit": money.limit,
        "page_link": view.page_link,
        "source": view.source_text,
        "tone": labels.tone,
        "operation": labels.operation,
        "counted_operations": labels.counted_operations,
    }
    return environment
