"""Savings against the guide's targets, each measured from the bill or marked as not yet measurable."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from functions.cost_data.records import next_month
from functions.reports.formatting import dollars
from functions.reports.periods import months_before
from functions.reports.records import Action, Chart, ChartKind, Column, Figure, Item, Series, Table, Unit
from functions.reports.store import Fetch

GUIDE = "guide, Monthly Savings Targets"
STORAGE = (
    "cost_data.daily_costs: gigabyte-months in colder classes, at the bill's own price difference to Standard"
)
SPOT = "cost_data.daily_costs: spot hours, at the bill's own on-demand price of the instance type and Region"
ADVISOR = "cost_data.recommendations: realized savings of finished actions"
STANDARD = "TimedStorage-ByteHrs"
PRICE_MONTHS = 12
# The initiative of a rule of the advisor. Spot and colder storage classes are measured on the bill itself.
INITIATIVES = {
    "bucket-expires-old-versions": "storage_lifecycle",
    "log-group-has-retention": "storage_lifecycle",
    "snapshots-expire": "storage_lifecycle",
    "overprovisioned-requests": "right_sized_pods",
    "hpa-minimum-binds": "right_sized_pods",
    "idle-node": "right_sized_pods",
    "low-traffic-services": "consolidated_services",
}


@dataclass(frozen=True)
class Saving:
    """Savings a month in US dollars: the target of the guide from `low` to `high`, and what was measured."""

    key: str
    label: str
    group: str
    low: Decimal
    high: Decimal
    measured: Decimal | None
    source: str
    missing: str = ""


def storage_saving(fetch: Fetch, month: date) -> Decimal | None:
    """What a month's storage in colder classes would have cost more in S3 Standard, in the same Region.

    Both prices are those of the bill, as cost by gigabyte-month. What a colder class bills beside the
    objects, the padding of small ones and early deletions, lowers the saving. A Region without Standard
    storage has no price to compare with and is left out. None if nothing could be compared.
    """
    rows = fetch("stored_bytes", first=month, last=next_month(month))
    standard = {
        region: billed / quantity for region, usage_type, quantity, billed in rows if usage_type == STANDARD
    }
    colder = [
        (Decimal(0) if _has_no_object(usage_type) else quantity * standard[region]) - billed
        for region, usage_type, quantity, billed in rows
        if usage_type != STANDARD and region in standard
    ]
    return sum(colder, Decimal(0)) if colder else None


def _has_no_object(usage_type: str) -> bool:
    """Whether S3 Standard would not bill it: `TimedStorage-SIA-SmObjects`, `EarlyDelete-SIA`.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/aws-usage-report-understand.html (2026-11)
    """
    return usage_type.endswith("SmObjects") or usage_type.startswith("EarlyDelete-")


def spot_saving(fetch: Fetch, month: date) -> Decimal | None:
    """What a month's spot hours would have cost more on demand. None without spot hours that can be compared.

    The price on demand is that of the newest of the last twelve months in which the instance type ran on
    demand in the Region; one that never did is left out. Hours that a Savings Plan covers lower that price,
    so that the saving is at least this.
    """
    first = months_before(month, PRICE_MONTHS)[0]
    rows = fetch("spot_usage", first=first, month=month, last=next_month(month))
    comparable = [hours * price - cost for hours, cost, price in rows]
    return sum(comparable, Decimal(0)) if comparable else None


def realized_by_initiative(actions: Sequence[Action] | None) -> dict[str, Decimal]:
    """The realized savings of finished actions by initiative of the guide."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for action in actions or ():
        initiative = INITIATIVES.get(action.rule)
        if initiative and action.status == "done" and action.realized is not None:
            totals[initiative] += action.realized
    return totals


def savings(fetch: Fetch, month: date, actions: Sequence[Action] | None) -> list[Saving]:
    """Every target of the guide with what was measured in a month."""
    realized = realized_by_initiative(actions)
    storage, spot = storage_saving(fetch, month), spot_saving(fetch, month)
    no_action = "no finished action has a realized saving yet"
    denied = "refused requests have no cost on any bill"
    replicas = "needs the month's replicas from Prometheus"
    per_class = "no colder S3 storage with quantities on the bill"
    return [
        _saving("ai_token_budgets", "AI token budgets", "initiatives", 2000, 5000, None, GUIDE, denied),
        _saving(
            "storage_lifecycle", "Storage lifecycle", "initiatives", 800, 1500,
            _sum(storage, realized.get("storage_lifecycle")), f"{STORAGE}; {ADVISOR}", per_class,
        ),
        _saving(
            "right_sized_pods", "Right-sized pods", "initiatives", 1000, 3000,
            realized.get("right_sized_pods"), ADVISOR, no_action,
        ),
        _saving(
            "spot_instances", "Spot instances", "initiatives", 1500, 4000, spot, SPOT,
            "no spot hours of an instance type that ran on demand in the last twelve months on the bill",
        ),
        _saving(
            "consolidated_services", "Consolidated services", "initiatives", 500, 1000,
            realized.get("consolidated_services"), ADVISOR, no_action,
        ),
        _saving(
            "storage_s3", "S3 lifecycle and Loki's bucket", "storage", 1600, 1600, storage, STORAGE, per_class
        ),
        _saving(
            "storage_clickhouse", "ClickHouse TTL", "storage", 600, 600, None, GUIDE,
            "rows that a TTL deleted have no cost on any bill",
        ),
        _saving(
            "storage_wal", "PostgreSQL WAL", "storage", 200, 200, None, GUIDE,
            "WAL that was deleted has no cost on any bill",
        ),
        _saving(
            "autoscaling_reporting", "Reporting, 2 to 20 pods", "autoscaling", 800, 800, None, GUIDE, replicas
        ),
        _saving(
            "autoscaling_q2q_ai", "Q2Q AI, 2 to 15 pods", "autoscaling", 1200, 1200, None, GUIDE, replicas
        ),
        _saving(
            "autoscaling_api_gateway", "API Gateway, 3 to 10 pods", "autoscaling", 600, 600, None, GUIDE,
            replicas
        ),
    ]  # fmt: skip


def _sum(*amounts: Decimal | None) -> Decimal | None:
    """The sum of what is measured; None if nothing is."""
    measured = [amount for amount in amounts if amount is not None]
    return sum(measured, Decimal(0)) if measured else None


def _saving(
    key: str, label: str, group: str, low: int, high: int, measured: Decimal | None, source: str, missing: str
) -> Saving:
    reason = missing if measured is None else ""
    return Saving(key, label, group, Decimal(low), Decimal(high), measured, source, reason)


def savings_item(fetch: Fetch, month: date, actions: Sequence[Action] | None) -> Item:
    """Savings tracking of a month. The groups overlap, so only the initiatives are added up."""
    entries = savings(fetch, month, actions)
    initiatives = [entry for entry in entries if entry.group == "initiatives"]
    measured = [entry.measured for entry in initiatives if entry.measured is not None]
    total = sum(measured, Decimal(0))
    low = sum((entry.low for entry in initiatives), Decimal(0))
    high = sum((entry.high for entry in initiatives), Decimal(0))
    nothing = "none of the initiatives can be measured yet"
    others = len(initiatives) - len(measured)
    headline = (
        f"{dollars(total)} a month are measured, of a target of {dollars(low)} to {dollars(high)}; "
        f"{others} of {len(initiatives)} initiatives {'is' if others == 1 else 'are'} not yet measurable."
    )
    chart = Chart(
        key="measured_savings",
        title="Measured savings a month and the low end of the targets",
        kind=ChartKind.BARS,
        categories=[entry.label for entry in initiatives],
        series=[
            Series("Measured", [entry.measured for entry in initiatives]),
            Series("Target, low end", [entry.low for entry in initiatives]),
        ],
        unit=Unit.USD,
        source=f"{GUIDE}; {STORAGE}; {SPOT}; {ADVISOR}",
    )
    return Item(
        key="savings",
        title="Savings against the targets",
        headline=headline if measured else f"Not yet measurable: {nothing}.",
        figures=[
            Figure(
                "measured", "Measured savings a month", total if measured else None, Unit.USD,
                "the measured initiatives", "" if measured else nothing,
            ),
            Figure("target_low", "Target, from", low, Unit.USD, GUIDE),
            Figure("target_high", "Target, to", high, Unit.USD, GUIDE),
            *(
                Figure(entry.key, entry.label, entry.measured, Unit.USD, entry.source, entry.missing)
                for entry in entries
            ),
        ],
        charts=[chart],
        tables=[
            Table(
                key="savings",
                title="Savings against the guide's targets",
                columns=[
                    Column("group", "Targets of"),
                    Column("initiative", "Initiative"),
                    Column("target_low", "From", Unit.USD),
                    Column("target_high", "To", Unit.USD),
                    Column("measured", "Measured", Unit.USD),
                    Column("missing", "Why it is not yet measurable"),
                ],
                rows=[
                    (entry.group, entry.label, entry.low, entry.high, entry.measured, entry.missing)
                    for entry in entries
                ],
                source=GUIDE,
            )
        ],
        notes=["The targets of storage and autoscaling overlap with the initiatives and are not added."],
    )  # fmt: skip
