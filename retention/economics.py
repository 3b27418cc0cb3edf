"""What each lifecycle transition costs and saves for the objects of its bucket, at list prices.

It counts the storage in both classes, with their minimum days, minimum sizes and overheads, and the move
itself, but not the retrieval and the requests of objects that are read after they moved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from components.settings.storage import Bucket
from retention.errors import RetentionError
from teei_finops.costing.amounts import Range
from teei_finops.costing.estimators.s3 import MONTH_DAYS, OBJECT_KB, SERVICE
from teei_finops.costing.estimators.s3_lifecycle import (
    KB_PER_GB,
    SMALLEST_MOVED_KB,
    Span,
    Stay,
    overhead_gb,
    padding,
)
from teei_finops.costing.prices.price_book import PriceBook
from teei_finops.costing.prices.storage_classes import storage_classes

OBJECTS = Decimal(1_000_000)
ASSUMED_OBJECT_KB = Decimal(OBJECT_KB[1])


@dataclass(frozen=True)
class TransitionCost:
    """US dollars for a million objects of `object_kb` KB that are moved once.

    `without` and `storage` are what they cost in the class before and in the new class during `days` days,
    `requests` what it costs to move them. `break_even_kb` is the size above which the transition saves, None
    when it never does.
    """

    setting: str
    day: int
    before: str
    storage_class: str
    days: int
    billed_days: int
    object_kb: Decimal
    without: Decimal
    storage: Decimal
    requests: Decimal
    break_even_kb: Decimal | None

    @property
    def saving(self) -> Decimal:
        return self.without - self.storage - self.requests

    @property
    def moves_nothing(self) -> bool:
        """S3 leaves objects of this size where they are."""
        return self.object_kb < SMALLEST_MOVED_KB

    @property
    def loses(self) -> bool:
        return self.saving < 0 and not self.moves_nothing

    @property
    def arithmetic(self) -> str:
        """The sentence that explains the saving or the loss."""
        gb = OBJECTS * self.object_kb / KB_PER_GB
        objects = f"1,000,000 objects of {self.object_kb:,.0f} KB ({gb:,.0f} GB)"
        if self.moves_nothing:
            return f"{objects} stay in {self.before}: S3 does not move objects below {SMALLEST_MOVED_KB} KB"
        billed = f" (billed for at least {self.billed_days})" if self.billed_days > self.days else ""
        result = (
            f"{objects} cost ${self.without:,.2f} for {self.days} days in {self.before}; in"
            f" {self.storage_class}{billed} they cost ${self.storage:,.2f}, and ${self.requests:,.2f} to"
            f" move: ${abs(self.saving):,.2f} {'more' if self.saving < 0 else 'less'}"
        )
        if self.break_even_kb is None:
            return f"{result}. It saves for no size"
        return f"{result}. It saves above {self.break_even_kb:,.0f} KB"


def transition_costs(
    setting: str, bucket: Bucket, region: str, object_kb: Decimal, book: PriceBook
) -> Iterator[TransitionCost]:
    """Each transition of a bucket whose objects have `object_kb` KB on average.

    `setting` is the key of the bucket, such as `storage.exports`. An object stays in its last class until it
    is deleted: at its expiration it becomes a noncurrent version. Raises RetentionError where the price book
    has no price.
    """
    end = bucket.expiration_days + bucket.noncurrent_versions.days
    next_days = (*(transition.days for transition in bucket.transitions[1:]), end)
    before = "STANDARD"
    for index, (transition, next_day) in enumerate(zip(bucket.transitions, next_days, strict=False)):
        span = Span(Decimal(transition.days), Decimal(next_day))
        move = _Move(_Prices(book, region), before, Stay(storage_classes()[transition.storage_class], span))
        yield TransitionCost(
            setting=f"{setting}.transitions[{index}]",
            day=transition.days,
            before=before,
            storage_class=transition.storage_class,
            days=int(move.days),
            billed_days=int(move.billed_days),
            object_kb=object_kb,
            without=move.without(object_kb),
            storage=move.storage(object_kb),
            requests=move.requests,
            break_even_kb=move.break_even_kb(),
        )
        before = transition.storage_class


@dataclass(frozen=True)
class _Prices:
    """List prices of one Region, in US dollars for `OBJECTS` objects."""

    book: PriceBook
    region: str

    def month(self, name: str, kb: Decimal) -> Decimal:
        """A month in a class, with its minimum size and its overheads."""
        storage_class = storage_classes()[name]
        stored = OBJECTS * kb / KB_PER_GB * padding(storage_class, Range.of(kb)).expected
        overheads = overhead_gb(storage_class, Range.of(OBJECTS))
        at_class, at_standard = (overhead.expected for overhead in overheads)
        return (stored + at_class) * self._unit(name, "storage") + at_standard * self._unit(
            "STANDARD", "storage"
        )

    def moved(self, name: str) -> Decimal:
        """The move of each object into a class."""
        return OBJECTS * self._unit(name, "lifecycle-transition")

    def _unit(self, name: str, key: str) -> Decimal:
        """The price of one base unit in the first tier."""
        rate = self.book.find(self.region, SERVICE, storage_classes()[name].price_family, key)
        if rate is None:
            raise RetentionError(
                f"no price of {name} ({key}) in {self.region}: the transition cannot be judged"
            )
        return rate.tiers[0].usd / rate.per


@dataclass(frozen=True)
class _Move:
    """A stay in a new class instead of the class before."""

    prices: _Prices
    before: str
    stay: Stay

    @property
    def days(self) -> Decimal:
        return self.stay.span.days(Decimal(0))

    @property
    def billed_days(self) -> Decimal:
        return max(self.days, Decimal(self.stay.storage_class.min_days))

    @property
    def requests(self) -> Decimal:
        return self.prices.moved(self.stay.storage_class.name)

    def without(self, kb: Decimal) -> Decimal:
        return self.prices.month(self.before, kb) * self.days / MONTH_DAYS

    def storage(self, kb: Decimal) -> Decimal:
        return self.prices.month(self.stay.storage_class.name, kb) * self.billed_days / MONTH_DAYS

    def break_even_kb(self) -> Decimal | None:
        """The size at which the saving is 0. Above the smallest size that is moved, it is a straight line."""
        small, large = Decimal(SMALLEST_MOVED_KB), Decimal(2 * SMALLEST_MOVED_KB)
        saving, other = (self.without(kb) - self.storage(kb) - self.requests for kb in (small, large))
        if saving >= 0:
            return small
        slope = (other - saving) / (large - small)
        return small - saving / slope if slope > 0 else None
