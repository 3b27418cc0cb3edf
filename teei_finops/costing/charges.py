"""Charges: list price × quantity, line by line, and the lines that have no price."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from teei_finops.costing.amounts import NO_PRICE, ONE, Line, Range, Unpriced
from teei_finops.costing.inputs import Inputs
from teei_finops.costing.prices.price_book import Rate
from teei_finops.costing.pricing import Pricing

_PRICE_STEP = Decimal("1e-9")  # a mean of prices is rounded to it


class Charges(Inputs, ABC):
    """The inputs of a resource and what it is charged for, in one snapshot of the plan."""

    def __init__(self, pricing: Pricing, snapshot_name: str, raw: Any) -> None:
        super().__init__(raw)
        self._pricing = pricing
        self._snapshot_name = snapshot_name
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self.unpriced_lines: list[tuple[str, Unpriced]] = []

    @property
    @abstractmethod
    def region(self) -> str:
        """Where it is billed; raises `Unpriced` when no rule gives a Region."""

    def _region_or_none(self) -> str | None:
        try:
            return self.region
        except Unpriced:
            return None

    def rate(self, service: str, family: str, key: str, region: str | None = None) -> Rate:
        """The list price; raises `Unpriced` when the Region has none."""
        where = region or self._region_or_none()
        rate = self._pricing.book.find(where, service, family, key)
        if rate is None:
            raise Unpriced(NO_PRICE, f"{service} {family} {key} in {where or self.region}")
        return rate

    def rates(self, service: str, family: str) -> Iterator[tuple[str, Rate]]:
        """Every key of a family that the Region has a list price for."""
        for _, *names in self._pricing.book.keys(self.region):
            if names[:2] == [service, family]:
                yield names[2], self.rate(service, family, names[2])

    def has_rate(self, service: str, family: str, key: str) -> bool:
        return self._pricing.book.find(self._region_or_none(), service, family, key) is not None

    def charge(
        self,
        what: str,
        service: str,
        family: str,
        key: str,
        quantity: Range | Decimal | int,
        *,
        included: Decimal | int | None = None,
        allowance: str | None = None,
        region: str | None = None,
        times: Range | Decimal | int = ONE,
    ) -> None:
        """Charges `quantity` (in the base unit: requests, GB, hours) at the list price, tier by tier.

        `times` multiplies afterwards: three volumes of 4,000 IOPS are `quantity=4000, times=3`, each with its
        own tiers and included quantity. `included` replaces the price row's own included quantity.
        `allowance` is the key of `aws_free_allowances.csv` that covers it when the review counts free
        allowances. A missing price raises `Unpriced`, except for a quantity of 0.
        """
        quantity, times = Range.of(quantity), Range.of(times)
        if not (quantity.high and times.high):
            return
        rate = self.rate(service, family, key, region)
        if allowance is not None:
            quantity = self._pricing.after_allowance(
                self._snapshot_name, service, allowance, rate.region, quantity
            )
        factor, source_suffix = self._pricing.discount(service)
        included = None if included is None else Decimal(included)
        self.lines += self._pricing.tier_lines(what, rate, quantity, times, included, factor, source_suffix)

    def charge_option(
        self, what: str, service: str, family: str, key: str, quantity: Range | Decimal | int, **options: Any
    ) -> None:
        """Like `charge`, for an option of a resource: without a price, only its line is unpriced."""
        try:
            self.charge(what, service, family, key, quantity, **options)
        except Unpriced as reason:
            self.leave_out(what, reason)

    def leave_out(self, what: str, reason: Unpriced) -> None:
        """Reports a line as unpriced; the amount is then at least what the other lines add up to."""
        self.unpriced_lines.append((what, reason))

    def charge_any(
        self,
        what: str,
        service: str,
        family: str,
        units: Mapping[str, Decimal],
        quantity: Range,
        *,
        factor: Range | None = None,
        source: str = "",
        highest: Decimal | None = None,
    ) -> None:
        """Charges for one of several alternatives: from the lowest to the highest price, their mean expected.

        `units` is, by price key, how many units of `quantity` one priced unit is (an instance that counts
        for four units of capacity: 4). `factor` multiplies the list price, `highest` caps what a unit of
        `quantity` costs, and `source` says why. Raises `Unpriced` when one of them has no price.
        """
        rates = {key: self.rate(service, family, key) for key in units}
        usd = [rates[key].tiers[0].usd / count for key, count in units.items()]
        mean = (sum(usd, start=Decimal(0)) / len(usd)).quantize(_PRICE_STEP)
        price = Range(min(usd), min(max(mean, min(usd)), max(usd)), max(usd), assumed=len(usd) > 1)
        tiers = [rate.tiers[0] for rate in rates.values()]
        listed = price
        if factor is None:
            discount, suffix = self._pricing.discount(service)
            price, source = price * discount, source + suffix
        else:
            price = price * factor
        if highest is not None:
            price = price.map(lambda value: min(value, highest))
        assumed = quantity.assumed or price.assumed
        quantity = Range(quantity.low, quantity.expected, quantity.high, assumed)
        origin = tiers[0].source
        if len(tiers) > 1:
            origin = f"lowest to highest price of {len(tiers)}: {origin}"
        first = next(iter(rates.values()))
        line = Line(
            what, service, quantity, first.unit, price.expected, quantity * price, origin + source, as_of=""
        )
        if factor is None:
            line = line._replace(
                as_of=min(tier.as_of for tier in tiers),
                list_amount=quantity * listed,
                family=family,
                key=first.key if len(rates) == 1 else "",
                region=first.region,
            )
        self.lines.append(line)

    def charge_at(
        self, what: str, service: str, quantity: Range, unit: str, usd: Range | Decimal, source: str
    ) -> None:
        """Charges at a rate that is not in the price book (a spot price from the usage profile)."""
        price = Range.of(usd)
        self.lines.append(
            Line(what, service, quantity, unit, price.expected, quantity * price, source, as_of="")
        )

    def note(self, text: str) -> None:
        """Adds what a reviewer should know: an assumption, or a cost that is counted on another resource."""
        if text not in self.notes:
            self.notes.append(text)
