"""What each lifecycle transition costs and saves for the objects of its bucket, at list prices.

It counts the storage in both classes, with their minimum days, minimum sizes and overheads, and the move
itself, but not the retrieval and the requests of objects that are read after they moved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

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
    path = [("STANDARD", 0), *((item.storage_class, item.days) for item in bucket.transitions), ("", end)]
    for index, ((before, _), (after, day), (_, next_day)) in enumerate(
        zip(path, path[1:], path[2:], strict=False)
    ):
        span = Span(Decimal(day), Decimal(next_day))
        billed = Stay(storage_classes()[after], span).billed_days
        assert billed is not None
        days = Decimal(next_day - day)
        count = Range.of(OBJECTS)

        def cost(name: str, days: Decimal, kb: Decimal, count: Range = count) -> Decimal:
            return _storage(book, region, name, count, kb) * days / MONTH_DAYS

        fee = OBJECTS * _price(book, region, after, "lifecycle-transition")
        yield TransitionCost(
            setting=f"{setting}.transitions[{index}]",
            day=day,
            before=before,
            storage_class=after,
            days=int(days),
            billed_days=int(billed),
            object_kb=object_kb,
            without=cost(before, days, object_kb),
            storage=cost(after, billed, object_kb),
            requests=fee,
            break_even_kb=_break_even(
                [
                    (kb, cost(before, days, kb) - cost(after, billed, kb) - fee)
                    for kb in (Decimal(SMALLEST_MOVED_KB), Decimal(2 * SMALLEST_MOVED_KB))
                ]
            ),
        )


def _break_even(points: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    """The size at which the saving is 0: from the smallest size that is moved on, it is a straight line."""
    [((small, saving), (large, other))] = pairwise(points)
    if saving >= 0:
        return small
    slope = (other - saving) / (large - small)
    return small - saving / slope if slope > 0 else None


def _storage(book: PriceBook, region: str, name: str, count: Range, kb: Decimal) -> Decimal:
    """US dollars a month for `count` objects of `kb` KB in a class, with its minimum size and overheads."""
    storage_class = storage_classes()[name]
    stored = count.expected * kb / KB_PER_GB * padding(storage_class, Range.of(kb)).expected
    at_class, at_standard = (overhead.expected for overhead in overhead_gb(storage_class, count))
    standard = _price(book, region, "STANDARD", "storage")
    return (stored + at_class) * _price(book, region, name, "storage") + at_standard * standard


def _price(book: PriceBook, region: str, name: str, key: str) -> Decimal:
    """US dollars for one base unit in the first tier."""
    rate = book.find(region, SERVICE, storage_classes()[name].price_family, key)
    if rate is None:
        raise RetentionError(f"no price of {name} ({key}) in {region}: the transition cannot be judged")
    return rate.tiers[0].usd / rate.per
