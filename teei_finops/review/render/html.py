"""The review as one self-contained HTML page: no script, style, font or picture from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from teei_finops.review.render import money, view

TEMPLATES = Path(__file__).parent / "templates"
LARGEST = 12
ROWS = 2000


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
    """A budget against its estimate: positions in percent of the track."""

    row: Mapping[str, Any]
    limit: float
    expected: float
    low: float
    high: float


def folded(entries: list[tuple[str, Decimal, Decimal]]) -> list[tuple[str, Decimal, Decimal]]:
    """The largest entries, the rest as one."""
    if len(entries) <= LARGEST:
        return entries
    rest = entries[LARGEST - 1 :]
    other = (f"{len(rest)} others", sum(entry[1] for entry in rest), sum(entry[2] for entry in rest))
    return [*entries[: LARGEST - 1], other]  # type: ignore[list-item]


def waterfall(document: view.Document) -> list[Bar]:
    """The monthly change by service, each bar beginning where the one before ended, then their sum."""
    entries = view.totals_by(document, lambda row: view.service_of(row["type"]))
    changes = [(name, after - before) for name, before, after in folded(entries) if after != before]
    changes.sort(key=lambda entry: -entry[1])
    points = [Decimal(0)]
    for _, change in changes:
        points.append(points[-1] + change)
    low, high = min(points), max(points)
    if not changes or low == high:
        return []
    scale = 100 / float(high - low)
    bars = [
        Bar(name, money.signed(change), float(min(at, at + change) - low) * scale, float(abs(change)) * scale,
            "up" if change > 0 else "down")
        for (name, change), at in zip(changes, points, strict=False)
    ]  # fmt: skip
    total = points[-1]
    start = float(min(Decimal(0), total) - low) * scale
    return [*bars, Bar("Change", money.signed(total), start, float(abs(total)) * scale, "total")]


def shares(entries: list[tuple[str, Decimal, Decimal]]) -> list[Bar]:
    """The monthly cost after the change, one bar an entry, with its change as a note."""
    entries = folded(entries)
    largest = max((after for _, _, after in entries), default=Decimal(0))
    if not largest:
        return []
    return [
        Bar(name, money.dollars(after), 0, float(after / largest) * 100, "share",
            money.signed(after - before) if after != before else "")
        for name, before, after in entries
    ]  # fmt: skip


def budget_bars(document: view.Document) -> list[BudgetBar]:
    found = []
    for row in document["budgets"]:
        limit = Decimal(row["monthly_limit_usd"] or row["after"]["high"])
        after = {end: Decimal(row["after"][end]) for end in ("low", "expected", "high")}
        scale = float(max(limit, after["high"])) or 1
        found.append(BudgetBar(
            row, float(limit) / scale * 100, float(after["expected"]) / scale * 100,
            float(after["low"]) / scale * 100, float(after["high"]) / scale * 100,
        ))  # fmt: skip
    return found


def signed_spread(ends: money.Ends) -> str:
    return money.spread(ends, money.signed)


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    made.filters |= {
        "dollars": money.dollars,
        "signed": money.signed,
        "limit": money.limit,
        "service": view.service_of,
    }
    made.filters["spread"] = money.spread
    made.filters["signed_spread"] = signed_spread
    return made


def render(document: view.Document) -> str:
    """The page. Resources beyond the first 2,000 changed ones are counted on it, not listed.

    Links to `docs/` work from where `make review` writes it, `build/review/`.
    """
    changed = view.rows(document)
    shown = changed[:ROWS]
    return environment().get_template("review.html.j2").render(
        document=document,
        plans={plan["stack"]: plan for plan in document.get("plan", ())},
        stacks=[
            (stack, view.groups([row for row in shown if row.stack == stack["stack"]]))
            for stack in document["stacks"]
        ],
        left_out=len(changed) - len(shown),
        violations=view.violations(document),
        policy=document["policy"] if view.is_judged(document) else None,
        unpriced=view.unpriced(document),
        operations=view.operations,
        percent=money.percent,
        place=view.place,
        waterfall=waterfall(document),
        services=shares(view.totals_by(document, lambda row: view.service_of(row["type"]))),
        regions=shares(view.totals_by(document, lambda row: row.get("region") or "no region")),
        teams=shares(view.totals_by(document, lambda row: row.get("team") or "no team tag")),
        budgets=budget_bars(document),
    )  # fmt: skip
