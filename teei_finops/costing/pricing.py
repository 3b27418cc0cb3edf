"""The inputs of one review: price book, usage, discounts, free allowances, day and default Region."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from teei_finops.costing.amounts import ZERO, Line, Range
from teei_finops.costing.preview.plan import Resource
from teei_finops.costing.prices.price_book import PriceBook, allowances
from teei_finops.costing.prices.tiers import tier_lines
from teei_finops.costing.usage.profile import NO_USAGE, Usage, UsageProfile

Pool = tuple[Decimal, Decimal, Decimal]
_LINES_KEPT = 10_000
_NO_DISCOUNT = (Decimal(1), "")


@dataclass(frozen=True, slots=True)
class Discount:
    """A private rate or an EDP: `percent` off every list price of a service, through `until` when given."""

    service: str
    percent: Decimal
    until: date | None = None


@dataclass
class Pricing:
    """`at` is the day of the review: it decides on support windows and discounts, not on prices.

    `default_region` is that of default providers without a configured Region, `fallback_region` that of every
    resource whose Region is not known. `assumptions` collects, by URN and usage key, what estimators assumed
    for lack of usage (None where they could not).

    With `free_tier` each always-free allowance is used up once over the whole review, in the order of the
    preview, separately for the state before and after and for each end of the range.
    """

    book: PriceBook
    at: date
    usage: UsageProfile = NO_USAGE
    fallback_region: str | None = None
    default_region: str | None = None
    free_tier: bool = False
    discounts: Iterable[Discount] = ()
    assumptions: dict[str, dict[str, Range | None]] = field(default_factory=dict, init=False)
    # Many resources have the same charge, above all where usage is assumed.
    tier_lines: Callable[..., tuple[Line, ...]] = field(
        default_factory=lambda: lru_cache(_LINES_KEPT)(tier_lines), init=False
    )
    _factors: dict[str, tuple[Decimal, str]] = field(default_factory=dict, init=False)
    _pools: dict[tuple[str, str, str, str], Pool] = field(default_factory=dict, init=False)
    _journal: list[tuple[tuple[str, str, str, str], Pool | None]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for discount in self.discounts:
            if discount.until is None or self.at <= discount.until:
                factor, suffix = self._factors.get(discount.service, _NO_DISCOUNT)
                factor *= 1 - discount.percent / 100
                suffix += f"; {discount.percent:f} % discount"
                self._factors[discount.service] = (factor, suffix)

    def discount(self, service: str) -> tuple[Decimal, str]:
        """The factor for a list price, and the suffix that its source gets."""
        return self._factors.get(service, _NO_DISCOUNT)

    def usage_of(self, resource: Resource) -> Mapping[str, Usage]:
        return self.usage.of(resource.urn, resource.name, resource.type)

    def after_allowance(self, side: str, service: str, key: str, region: str, quantity: Range) -> Range:
        """`quantity` minus what is left of the free allowance, which it uses up."""
        allowance = allowances()[service, key]
        if not self.free_tier:
            return quantity
        scope = region if allowance.scope == "region" else allowance.scope
        name = (side, service, key, scope)
        pool = self._pools.get(name)
        self._journal.append((name, pool))
        low, expected, high = pool or (allowance.free, allowance.free, allowance.free)
        self._pools[name] = (
            max(low - quantity.low, ZERO),
            max(expected - quantity.expected, ZERO),
            max(high - quantity.high, ZERO),
        )
        return Range(
            max(quantity.low - low, ZERO),
            max(quantity.expected - expected, ZERO),
            max(quantity.high - high, ZERO),
            quantity.assumed,
        )

    def commit(self) -> None:
        """Keeps what the resource just estimated has used of the allowances."""
        self._journal.clear()

    def roll_back(self) -> None:
        """Gives back what an unpriced resource had used of the allowances."""
        while self._journal:
            name, pool = self._journal.pop()
            if pool is None:
                del self._pools[name]
            else:
                self._pools[name] = pool
