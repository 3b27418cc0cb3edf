"""Why the cost changed between two months: prices, usage, and the mix of what is used.

Quantities add up within a group of usage types that has one unit: the hours of all instance types of a
service (`BoxUsage:m6i.large`, `BoxUsage:m6i.xlarge`), or one usage type in all Regions. In a group with the
quantities Q0 and Q1 of both months, and q0, q1 of a usage type in a Region at prices p0, p1:

    usage = (Q1 - Q0) * the group's mean price before
    mix   = sum of (q1 - q0 * Q1/Q0) * p0       more or less of expensive usage types, at the same total
    price = sum of q1 * (p1 - p0)

They add up to the change of the group. What is new has no price before: it counts as usage at the mean price
of its group, and the rest is mix. A group that started or ended is usage; one without quantities is not
split.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

_ZERO = Decimal(0)


class Usage(NamedTuple):
    """What a usage type in a Region cost, in US dollars, and its quantity, in two months."""

    service: str
    group: str
    usage_type: str
    region: str
    cost: Decimal
    cost_before: Decimal
    quantity: Decimal | None
    quantity_before: Decimal | None


@dataclass(frozen=True)
class Variance:
    """The change of usage costs in US dollars; the parts add up to it."""

    price: Decimal
    usage: Decimal
    mix: Decimal
    not_split: Decimal

    @property
    def total(self) -> Decimal:
        """The whole change."""
        return self.price + self.usage + self.mix + self.not_split

    def __add__(self, other: "Variance") -> "Variance":
        return Variance(
            self.price + other.price,
            self.usage + other.usage,
            self.mix + other.mix,
            self.not_split + other.not_split,
        )


NOTHING = Variance(_ZERO, _ZERO, _ZERO, _ZERO)


def variance(rows: Sequence[Usage]) -> Variance:
    """The change of all usage."""
    groups: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    for row in rows:
        groups[row.service, row.group if _counts_hours(row.group) else row.usage_type].append(row)
    return sum((group_variance(group) for group in groups.values()), NOTHING)


def _counts_hours(group: str) -> bool:
    """Whether all usage types of a group are instance hours. `EBS:` has gigabyte-months and IOPS-months, too.

    https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html (2026-11), lineItem/UsageType
    """
    return group.endswith("Usage")


def group_variance(rows: Sequence[Usage]) -> Variance:
    """The change of the usage types of one group, whose quantities have one unit."""
    change = sum((row.cost - row.cost_before for row in rows), _ZERO)
    if any(_lacks_quantity(row) for row in rows):
        return Variance(_ZERO, _ZERO, _ZERO, change)
    quantity = sum((row.quantity or _ZERO for row in rows), _ZERO)
    before = sum((row.quantity_before or _ZERO for row in rows), _ZERO)
    if not quantity or not before:  # it started or ended
        return Variance(_ZERO, change, _ZERO, _ZERO)
    mean_price = sum((row.cost_before for row in rows), _ZERO) / before
    usage = (quantity - before) * mean_price
    price = sum(
        (
            row.cost - row.quantity * row.cost_before / row.quantity_before
            for row in rows
            if row.quantity and row.quantity_before
        ),
        _ZERO,
    )
    return Variance(price, usage, change - usage - price, _ZERO)


def _lacks_quantity(row: Usage) -> bool:
    """Whether it cost something in a month for which no quantity is stored."""
    return (bool(row.cost) and row.quantity is None) or (
        bool(row.cost_before) and row.quantity_before is None
    )
