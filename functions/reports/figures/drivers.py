"""Agenda item 2, cost drivers: the top ten services with their change, and the US against the EU."""

from datetime import date
from decimal import Decimal

from functions.cost_data.records import next_month, previous_month
from functions.reports.formatting import dollars, percent_change, percent_of
from functions.reports.periods import month_labels, month_name, months_before
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

SERVICES = "cost_data.monthly_totals: billed by service"
AREAS = (
    "cost_data.monthly_totals: billed by Region; Other is the rest of the world, and charges without a Region"
)
TOP = 10
AREA_NAMES = ("US", "EU", "Other")
AREA_MONTHS = 6

# A service, what it cost, and what it cost in the month before; None if nothing of that month is stored.
ServiceCost = tuple[str, Decimal, Decimal | None]


def cost_drivers(fetch: Fetch, month: date) -> Item:
    """The item of a month."""
    before = previous_month(month)
    months = months_before(month, AREA_MONTHS)
    areas = {(row[0], row[1]): row[2] for row in fetch("area_costs", first=months[0], last=next_month(month))}
    stored = {stored_month for stored_month, _ in areas}

    def area_cost(month: date, area: str) -> Decimal:
        return areas.get((month, area), Decimal(0))

    services: list[ServiceCost] = [
        (name, cost, earlier if before in stored else None)
        for name, cost, earlier in fetch("service_costs", month=month, before=before)
    ]
    top, total = services[:TOP], sum((row[1] for row in services), Decimal(0))
    in_top = sum((row[1] for row in top), Decimal(0))
    first = top[0]
    return Item(
        key="cost_drivers",
        title="Cost drivers",
        headline=_headline(first, total, services),
        figures=[
            Figure(
                "services", "Services with costs", len([row for row in services if row[1]]), Unit.COUNT,
                SERVICES
            ),
            Figure("top_services", f"Top {len(top)} services", in_top, Unit.USD, SERVICES),
            Figure("top_services_percent", "Their share", percent_of(in_top, total), Unit.PERCENT, SERVICES),
            *(
                Figure(
                    f"area_{area.lower()}", area, area_cost(month, area), Unit.USD, AREAS
                )
                for area in AREA_NAMES
            ),
            *(
                Figure(
                    f"area_{area.lower()}_change_percent", f"{area}, change",
                    percent_change(area_cost(month, area), areas.get((before, area))),
                    Unit.PERCENT_CHANGE, AREAS,
                    "" if areas.get((before, area)) else f"nothing is stored of {month_name(before)}",
                )
                for area in AREA_NAMES[:2]
            ),
        ],
        charts=[
            Chart(
                key="top_services",
                title=f"Top services, {month_name(month)} and the month before",
                kind=ChartKind.BARS,
                categories=[short_name(row[0]) for row in top],
                series=[
                    Series(month_name(month), [row[1] for row in top]),
                    Series(month_name(before), [row[2] for row in top]),
                ],
                unit=Unit.USD,
                source=SERVICES,
            ),
            Chart(
                key="areas",
                title="US and EU by month",
                kind=ChartKind.STACKED,
                categories=month_labels(months),
                series=[
                    Series(area, [area_cost(entry, area) if entry in stored else None for entry in months])
                    for area in AREA_NAMES
                ],
                unit=Unit.USD,
                source=AREAS,
            ),
        ],
        tables=[
            Table(
                key="top_services",
                title=f"Top {len(top)} services",
                columns=[
                    Column("service", "Service"),
                    Column("cost", month_name(month), Unit.USD),
                    Column("before", month_name(before), Unit.USD),
                    Column("change", "Change", Unit.USD_CHANGE),
                    Column("change_percent", "Change", Unit.PERCENT_CHANGE),
                ],
                rows=[
                    (
                        name, now, then, None if then is None else now - then, percent_change(now, then)
                    )
                    for name, now, then in top
                ],
                source=SERVICES,
            )
        ],
    )  # fmt: skip


def short_name(service: str) -> str:
    """A service without the vendor's name, as a label of an axis."""
    return service.removeprefix("Amazon ").removeprefix("AWS ")


def _headline(first: ServiceCost, total: Decimal, services: list[ServiceCost]) -> str:
    share = percent_of(first[1], total)
    text = f"{short_name(first[0])} is {share:.0f} % of the bill" if share else "Nothing was billed"
    changes = [(now - then, name) for name, now, then in services if then is not None]
    change, name = max(changes, key=lambda entry: abs(entry[0]), default=(Decimal(0), ""))
    if not change:
        return f"{text}."
    verb = "rose" if change > 0 else "fell"
    return f"{text}; {short_name(name)} {verb} most, by {dollars(abs(change))}."
