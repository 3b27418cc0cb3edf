"""What a final review changed against its draft."""

from decimal import Decimal
from typing import Any

from functions.reports.formatting import dollars, text
from functions.reports.records import Column, Figure, Item, Table, Unit

SOURCE = "reports.reviews: the draft of the same period"
NO_DRAFT = "no draft of this period was made"
# Figures of the closed month. Forecasts and tenants at risk are of the day of a review, and differ anyway.
COMPARED = {
    "budget_status": ("billed", "effective", "spend", "budget", "budget_used_percent", "change"),
    "cost_drivers": ("top_services", "area_us", "area_eu", "area_other"),
    "ai_token_usage": ("spend", "tokens"),
    "spend_trend": ("quarter", "quarter_effective"),
    "budget_adherence": ("adherence_percent",),
    "cost_per_customer": ("cost_per_customer", "active_customers"),
}


def changes_since_draft(draft: dict[str, Any] | None, items: list[Item]) -> Item:
    """The figures that differ, with both values; `draft` is the JSON document of the draft, or None."""
    if draft is None:
        return Item(
            key="changes",
            title="Changes since the draft",
            headline="There was no draft to compare with.",
            figures=[Figure("changed_figures", "Changed figures", None, Unit.COUNT, SOURCE, NO_DRAFT)],
        )
    rows: list[tuple[Item, Figure, Decimal | None, Decimal | None]] = []
    for item in items:
        earlier = draft["agenda"].get(item.key, {}).get("figures", {})
        for figure in item.figures:
            if figure.key in COMPARED.get(item.key, ()) and figure.key in earlier:
                before = _number(earlier[figure.key]["value"])
                now = _number(figure.value)
                if before != now:
                    rows.append((item, figure, before, now))
    rows += _services(draft, items)
    billed = next(
        (
            now - before
            for item, figure, before, now in rows
            if figure.key in ("billed", "quarter") and before is not None and now is not None
        ),
        Decimal(0),
    )
    draft_date = draft["at"][:10]
    return Item(
        key="changes",
        title="Changes since the draft",
        headline=(
            f"The bill changed by {text(billed, Unit.USD_CHANGE)} since the draft of {draft_date}."
            if billed
            else f"The total of the bill is that of the draft of {draft_date}."
        ),
        figures=[
            Figure("changed_figures", "Changed figures", len(rows), Unit.COUNT, SOURCE),
            Figure("billed_change", "Change of the bill", billed, Unit.USD_CHANGE, SOURCE),
        ],
        tables=[
            Table(
                key="changes",
                title=f"Figures that changed since {draft_date}",
                columns=[
                    Column("item", "Item"), Column("figure", "Figure"), Column("draft", "Draft"),
                    Column("final", "Final"), Column("change", "Change"),
                ],
                rows=[
                    (
                        item.title, figure.label, text(before, figure.unit), text(now, figure.unit),
                        _difference(before, now, figure.unit),
                    )
                    for item, figure, before, now in rows
                ],
                source=SOURCE,
                empty="None.",
            )
        ],
    )  # fmt: skip


def _services(
    draft: dict[str, Any], items: list[Item]
) -> list[tuple[Item, Figure, Decimal | None, Decimal | None]]:
    """The costs of services that changed."""
    rows: list[tuple[Item, Figure, Decimal | None, Decimal | None]] = []
    for item in items:
        for table in item.tables:
            if (item.key, table.key) != ("cost_drivers", "top_services"):
                continue
            earlier = {
                row["service"]: Decimal(row["cost"])
                for row in draft["agenda"]["cost_drivers"]["tables"]["top_services"]["rows"]
            }
            for name, cost, *_ in table.rows:
                before, now = earlier.get(str(name)), _number(cost)
                if before is not None and before != now:
                    rows.append((item, Figure(str(name), str(name), now, Unit.USD, SOURCE), before, now))
    return rows


def _number(value: Any) -> Decimal | None:
    """A value of a document, or of a figure, as it stands in a document."""
    return None if value is None else round(Decimal(value), 12).normalize()


def _difference(before: Decimal | None, now: Decimal | None, unit: Unit) -> str:
    if before is None or now is None:
        return ""
    if unit in (Unit.USD, Unit.USD_CHANGE):
        return ("+" if now > before else "") + dollars(now - before)
    return f"{now - before:+,.1f}" if unit is not Unit.COUNT else f"{now - before:+,.0f}"
