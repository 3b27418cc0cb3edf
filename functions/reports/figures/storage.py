"""Agenda item 5, storage health: bucket sizes, ClickHouse's disk, and whether retention is as declared."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, NonNegativeInt, ValidationError

from functions.cost_data.records import next_month
from functions.reports.formatting import text
from functions.reports.records import Chart, ChartKind, Column, Figure, Item, ReportError, Series, Table, Unit
from functions.reports.store import Fetch

SIZES = "cost_data.bucket_sizes: CloudWatch BucketSizeBytes"
VERIFIED = "scripts/infra/storage-retention.sh verify --json"
NO_RESULT = f"no result of `{VERIFIED}` was given: --retention FILE, or retention/ in the report bucket"
STALE_DAYS = 35
TOP_BUCKETS = 8
# The storage types of CloudWatch, with the names that S3 shows; others keep theirs.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html (2026-11).
CLASS_NAMES = {
    "StandardStorage": "Standard",
    "StandardIAStorage": "Standard-IA",
    "OneZoneIAStorage": "One Zone-IA",
    "GlacierInstantRetrievalStorage": "Glacier Instant Retrieval",
    "GlacierStorage": "Glacier Flexible Retrieval",
    "DeepArchiveStorage": "Deep Archive",
}


@dataclass(frozen=True)
class Retention:
    """The result of a verification of a stack. `differences` are (store, resource, what differs).

    `not_verified` are the stores that were left out or could not be read.
    """

    stack: str
    at: datetime
    compliant: bool
    differences: Sequence[tuple[str, str, str]] = ()
    not_verified: Sequence[str] = ()
    clickhouse_bytes: int | None = None

    def is_stale(self, at: datetime) -> bool:
        """Whether it is too old for a review."""
        return (at - self.at).days > STALE_DAYS


class _Difference(BaseModel):
    store: str
    resource: str
    text: str


class _Table(BaseModel):
    bytes: NonNegativeInt | None = None


class _Measured(BaseModel):
    clickhouse: _Table = _Table()


class _Document(BaseModel):
    """What is read of the JSON; docs/storage-retention.md describes all of it."""

    stack: str
    at: AwareDatetime
    compliant: bool
    differences: list[_Difference]
    errors: dict[str, str] = {}
    not_verified: dict[str, str] = {}
    measured: _Measured = _Measured()


def read_retention(json: str, name: str) -> Retention:
    """A result from its JSON. Raises ReportError."""
    try:
        document = _Document.model_validate_json(json)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise ReportError(f"{name}: not the JSON of `{VERIFIED}` ({reason})") from None
    return Retention(
        stack=document.stack,
        at=document.at,
        compliant=document.compliant,
        differences=[(entry.store, entry.resource, entry.text) for entry in document.differences],
        not_verified=[*document.errors, *document.not_verified],
        clickhouse_bytes=document.measured.clickhouse.bytes,
    )


def storage_health(fetch: Fetch, month: date, at: datetime, retention: Sequence[Retention]) -> Item:
    """The item; sizes are the newest ones that are stored."""
    sizes = fetch("bucket_sizes")
    total = sum((row[2] for row in sizes), Decimal(0))
    measured_at = max((row[3] for row in sizes), default=None)
    no_sizes = "no bucket sizes are stored; `python -m functions.cost_data collect` reads them"
    cold = sum((row[2] for row in sizes if row[1] != "StandardStorage"), Decimal(0))
    differences = [(result.stack, *difference) for result in retention for difference in result.differences]
    clickhouse = [result.clickhouse_bytes for result in retention if result.clickhouse_bytes is not None]
    gb_months = fetch("stored_bytes", first=month, last=next_month(month))
    cost = sum((row[3] for row in gb_months), Decimal(0))
    return Item(
        key="storage_health",
        title="Storage health",
        headline=_headline(total, retention, at),
        figures=[
            Figure(
                "buckets", "Buckets", len({row[0] for row in sizes}) or None, Unit.COUNT, SIZES,
                "" if sizes else no_sizes
            ),
            Figure("bytes", "Stored in S3", total or None, Unit.BYTES, SIZES, "" if total else no_sizes),
            Figure(
                "cold_percent", "In colder classes than Standard", cold * 100 / total if total else None,
                Unit.PERCENT, SIZES, "" if total else no_sizes,
            ),
            Figure(
                "measured_on", "Sizes of", measured_at.date() if measured_at else None, Unit.DATE, SIZES,
                "" if sizes else no_sizes,
            ),
            Figure(
                "storage_cost", "S3 storage on the bill", cost if gb_months else None, Unit.USD,
                "cost_data.daily_costs: usage types TimedStorage-* and EarlyDelete-*",
                "" if gb_months else "the stored bill has no usage types of S3 storage for this month",
            ),
            Figure(
                "clickhouse_bytes", "ClickHouse's disk", sum(clickhouse, Decimal(0)) if clickhouse else None,
                Unit.BYTES, VERIFIED,
                "" if clickhouse else (NO_RESULT if not retention else "ClickHouse was not verified"),
            ),
            Figure(
                "retention_differences", "Differences from the declared retention",
                len(differences) if retention else None, Unit.COUNT, VERIFIED, "" if retention else NO_RESULT,
            ),
        ],
        charts=_charts(sizes),
        tables=[_retention_table(retention, at), _differences_table(differences, bool(retention))],
        notes=[],
    )  # fmt: skip


def _headline(total: Decimal, retention: Sequence[Retention], at: datetime) -> str:
    size = f"{total / 10**12:.1f} TB are stored in S3" if total else "The sizes of buckets are not stored"
    differences = sum(len(result.differences) for result in retention)
    oldest = min((result.at for result in retention if result.is_stale(at)), default=None)
    if not retention:
        found = "retention was not verified"
    elif differences:
        found = f"retention differs in {differences} {'place' if differences == 1 else 'places'}"
    elif oldest:
        found = f"retention was last verified on {text(oldest.date(), Unit.DATE)}"
    elif not all(result.compliant for result in retention):
        found = "retention could not be verified everywhere"
    elif any(result.not_verified for result in retention):
        found = "retention is as declared where it was verified"
    else:
        found = "retention is as declared"
    return f"{size}; {found}."


def _charts(sizes: Sequence[tuple[str, str, Decimal, datetime]]) -> list[Chart]:
    buckets: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for bucket, storage_class, size, _ in sizes:
        buckets[bucket][CLASS_NAMES.get(storage_class, storage_class)] += size
    if not buckets:
        return []
    names = list(buckets)[:TOP_BUCKETS]
    classes = sorted(
        {name for classes in buckets.values() for name in classes},
        key=lambda name: list(CLASS_NAMES.values()).index(name) if name in CLASS_NAMES.values() else 99,
    )
    return [
        Chart(
            key="bucket_sizes",
            title="Largest buckets by storage class, in gigabytes",
            kind=ChartKind.STACKED,
            categories=names,
            series=[Series(name, [buckets[bucket][name] / 10**9 for bucket in names]) for name in classes],
            unit=Unit.COUNT,
            source=SIZES,
        )
    ]


def _retention_table(retention: Sequence[Retention], at: datetime) -> Table:
    def state(result: Retention) -> str:
        if result.is_stale(at):
            return f"older than {STALE_DAYS} days: verify again"
        if result.differences:
            return "differs"
        return "as declared" if result.compliant else "a store could not be read"

    return Table(
        key="retention",
        title="Retention policy compliance",
        columns=[
            Column("stack", "Stack"),
            Column("verified", "Verified on", Unit.DATE),
            Column("state", "Retention"),
            Column("differences", "Differences", Unit.COUNT),
            Column("not_verified", "Not verified"),
        ],
        rows=[
            (
                result.stack, result.at.date(), state(result), len(result.differences),
                ", ".join(result.not_verified) or "nothing",
            )
            for result in retention
        ],
        source=VERIFIED,
        empty=f"Not measured: {NO_RESULT}.",
    )  # fmt: skip


def _differences_table(differences: Sequence[tuple[str, str, str, str]], verified: bool) -> Table:
    return Table(
        key="differences",
        title="What differs from the declared retention",
        columns=[
            Column("stack", "Stack"), Column("store", "Store"), Column("resource", "Resource"),
            Column("difference", "Difference"),
        ],
        rows=differences,
        source=VERIFIED,
        empty="Nothing." if verified else f"Not measured: {NO_RESULT}.",
    )  # fmt: skip
