"""The parts of an estimate: ranges, lines that explain them, and the reasons for a missing price.

A review creates hundreds of thousands of ranges and lines. They are never changed, but they are no frozen
dataclasses, which take three to four times as long to create.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

ZERO = Decimal(0)
LARGEST_QUANTITY = Decimal("1e15")  # no real quantity is above it
HOURS = Decimal(730)  # of a month, as in the AWS Pricing Calculator
MONTH_DAYS = HOURS / 24

UNVERIFIED = "unverified"  # the source of a price that no public source confirms

TYPE_UNKNOWN = "type unknown"
TYPE_NOT_PRICED = "type not priced"
NO_PRICE = "no price in this region"
UNKNOWN_UNTIL_DEPLOY = "value unknown until deploy"
SECRET_VALUE = "value secret"
USAGE_MISSING = "usage missing"
NOT_VALID = "value not valid"
NOT_IN_PREVIEW = "not in the preview"
REASONS = (
    TYPE_UNKNOWN,
    TYPE_NOT_PRICED,
    NO_PRICE,
    UNKNOWN_UNTIL_DEPLOY,
    SECRET_VALUE,
    USAGE_MISSING,
    NOT_VALID,
    NOT_IN_PREVIEW,
)


class Unpriced(Exception):
    """A resource has no price; `reason` is one of `REASONS`, `detail` the missing value or price."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(slots=True, unsafe_hash=True)
class Range:
    """Low, expected and high of a quantity or of US dollars a month, each 0 or more except in a difference.

    `assumed` is True when any part of it is neither from the program nor from usage.
    """

    low: Decimal
    expected: Decimal
    high: Decimal
    assumed: bool = False

    @classmethod
    def of(cls, value: Decimal | int | Range) -> Range:
        if isinstance(value, Range):
            return value
        number = value if isinstance(value, Decimal) else Decimal(value)
        return cls(number, number, number)

    def __add__(self, other: Decimal | int | Range) -> Range:
        o = Range.of(other)
        return Range(
            self.low + o.low, self.expected + o.expected, self.high + o.high, self.assumed or o.assumed
        )

    __radd__ = __add__

    def __sub__(self, other: Range) -> Range:
        """The change of each end: after − before."""
        return Range(
            self.low - other.low,
            self.expected - other.expected,
            self.high - other.high,
            self.assumed or other.assumed,
        )

    def __mul__(self, other: Decimal | int | Range) -> Range:
        o = Range.of(other)
        return Range(
            self.low * o.low, self.expected * o.expected, self.high * o.high, self.assumed or o.assumed
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Decimal | int) -> Range:
        return Range(self.low / other, self.expected / other, self.high / other, self.assumed)

    def above(self, included: Decimal | int) -> Range:
        """The quantity above an included one, at least 0."""
        return self.map(lambda value: max(value - included, ZERO))

    def chunks(self, size: Decimal | int) -> Range:
        """How many chunks of `size` are billed, at least one."""
        return self.map(lambda value: max((value / size).to_integral_value(ROUND_CEILING), Decimal(1)))

    def map(self, change: Callable[[Decimal], Decimal]) -> Range:
        """`change` applied to each end; it must not decrease where its argument increases."""
        return Range(change(self.low), change(self.expected), change(self.high), self.assumed)

    @property
    def is_zero(self) -> bool:
        return not (self.low or self.expected or self.high)


NOTHING = Range(ZERO, ZERO, ZERO)
ONE = Range.of(1)
MONTH = Range.of(HOURS)


class Line(NamedTuple):
    """One priced dimension, or one tier of it: `amount` = `quantity` × `rate`, end by end.

    `quantity` is in `unit` (2.5 for 2,500,000 requests at `1M-requests`), after included quantities; `rate`
    is US dollars per unit, after a discount, which `source` then includes; `list_amount` is the amount
    without it. `family`, `key` and `region` are those of the price row, empty where it has none.
    """

    what: str
    service: str
    quantity: Range
    unit: str
    rate: Decimal
    amount: Range
    source: str
    as_of: str
    list_amount: Range | None = None
    family: str = ""
    key: str = ""
    region: str = ""

    @property
    def at_list_price(self) -> Range:
        """The amount without a discount."""
        return self.amount if self.list_amount is None else self.list_amount

    @property
    def assumed(self) -> bool:
        return self.quantity.assumed

    @property
    def unverified(self) -> bool:
        """Whether no public source confirms the price."""
        return self.source.startswith(UNVERIFIED)


def total(lines: list[Line] | tuple[Line, ...]) -> Range:
    """US dollars a month of all lines."""
    low = expected = high = ZERO
    assumed = False
    for line in lines:
        amount = line.amount
        low += amount.low
        expected += amount.expected
        high += amount.high
        assumed = assumed or amount.assumed
    return Range(low, expected, high, assumed)
