"""What an estimator sees of a resource: its inputs, its usage, its neighbours, and `charge`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeVar

from teei_finops.costing.amounts import (
    HOURS,
    NO_PRICE,
    UNKNOWN_UNTIL_DEPLOY,
    USAGE_NOT_STATED,
    ZERO,
    Line,
    Range,
    Unpriced,
)
from teei_finops.costing.preview.plan import Resource, State, is_unknown
from teei_finops.costing.prices.price_book import Rate
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import Side, walk
from teei_finops.costing.regions import region_of
from teei_finops.costing.resource_types import class_of
from teei_finops.costing.values import LARGEST, Values

_STEP = Decimal("1e-9")  # finer than any billing meter; keeps every product exact
T = TypeVar("T")


class Subject(Values):
    """One resource on one side of the plan (`before` or `after`), with everything its price depends on."""

    def __init__(self, pricing: Pricing, side: Side, resource: Resource, state: State) -> None:
        super().__init__(state.inputs)
        self._pricing = pricing
        self._side = side
        self._resource = resource
        self._state = state
        self._region: str | None = None
        self._profile: Mapping[str, Range | str] | None = None
        self._usage_keys: frozenset[str] = frozenset()
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self.joined = False

    @property
    def urn(self) -> str:
        return self._resource.urn

    @property
    def name(self) -> str:
        return self._resource.name

    @property
    def type(self) -> str:
        return self._resource.type

    @property
    def at(self) -> date:
        """The day of the review, for windows such as extended support."""
        return self._pricing.at

    @property
    def region(self) -> str:
        """Where it bills; raises `Unpriced` when no rule names a Region."""
        if self._region is None:
            self._region = region_of(
                self._side.plan, self._resource, self._state, self._pricing.fallback_region
            )
        return self._region

    def output(self, name: str) -> Any:
        """A top-level value the provider computed on the last deploy, None when there is none yet."""
        return self._side.output(self.urn, name)

    # Usage

    def stated(self, key: str) -> Range | None:
        """What the usage profile says, None when it says nothing."""
        value = self._usage(key)
        return value if isinstance(value, Range) else None

    def usage(
        self,
        key: str,
        low: Decimal | int | None = None,
        expected: Decimal | int | None = None,
        high: Decimal | int | None = None,
    ) -> Range:
        """What the profile states, else the built-in range (marked as assumed), else `Unpriced`."""
        value = self.stated(key)
        if value is not None:
            return value
        if low is None or expected is None or high is None:
            raise Unpriced(USAGE_NOT_STATED, key)
        return Range(Decimal(low), Decimal(expected), Decimal(high), assumed=True)

    def stated_text(self, key: str) -> str | None:
        value = self._usage(key)
        return value if isinstance(value, str) else None

    def _usage(self, key: str) -> Range | str | None:
        if self._profile is None:
            kind = class_of(self.type)
            self._usage_keys = kind.usage_keys if kind else frozenset()
            self._profile = self._pricing.usage_of(self._resource)
        if key not in self._usage_keys:
            raise KeyError(f"{self.type} has no usage key {key}")
        return self._profile.get(key)

    def hours(self) -> Range:
        """Hours at work in the month: `monthly_hours` where the type has it and it is stated, else 730."""
        kind = class_of(self.type)
        if kind is not None and "monthly_hours" in kind.usage_keys:
            return self.stated("monthly_hours") or Range.of(HOURS)
        return Range.of(HOURS)

    def months(self) -> Range:
        """The share of the month, for monthly rates that `monthly_hours` prorates."""
        return self.hours() / HOURS

    # Neighbours

    def related(self, path: str, *types: str) -> Subject | None:
        """The resource of one of `types` that the value at `path` names (id, ARN or name), on the same side.

        None when nothing is set there or the plan does not hold it. An unknown value is resolved through
        `propertyDependencies`; where that is impossible it is `value unknown until deploy`.
        """
        raw = walk(self.raw, path)
        if raw is None:
            return None
        self.joined = True
        if is_unknown(raw):
            made_from = self._side.dependencies(self.urn, path.partition(".")[0], types)
            if len(made_from) != 1:
                raise Unpriced(UNKNOWN_UNTIL_DEPLOY, self.where(path))
            return self._neighbour(made_from[0])
        value = self.value(path)
        urn = self._side.find(value, types, self._region_or_none()) if isinstance(value, str) else None
        return self._neighbour(urn) if urn else None

    def related_all(self, path: str, *types: str) -> list[Subject]:
        """The resources that the list at `path` names, unknown ones by `propertyDependencies`; those that the
        plan does not hold are left out.
        """
        raw = walk(self.raw, path)
        if raw is None:
            return []
        self.joined = True
        urns: dict[str, None] = {}
        for item in raw if isinstance(raw, list) else [raw]:
            if is_unknown(item):
                urns.update(dict.fromkeys(self._side.dependencies(self.urn, path.partition(".")[0], types)))
            elif isinstance(item, str):
                urn = self._side.find(item, types, self._region_or_none())
                if urn:
                    urns[urn] = None
        return [self._neighbour(urn) for urn in urns]

    def referring(self, token: str, path: str) -> list[Subject]:
        """The resources of type `token` whose value at `path` names this one, on the same side.

        Raises `Unpriced` when one of them names nobody knows whom and it could be this one.
        """
        self.joined = True
        urns, lost = self._side.referring(self.urn, token, path)
        if lost and not urns and not self._side.known_id(self.urn):
            short = token.rpartition(":")[2]
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{path} of a {short} that may belong to it")
        return [self._neighbour(urn) for urn in urns]

    def matching(self, token: str, path: str, value: str | int) -> list[Subject]:
        """All resources of type `token` with that known value at `path`, on the same side."""
        self.joined = True
        return [self._neighbour(urn) for urn in self._side.by_value(token, path).get(value, [])]

    def all(self, token: str) -> list[Subject]:
        """All resources of type `token` on the same side; slow to walk once per resource."""
        self.joined = True
        return [self._neighbour(urn) for urn in self._side.of_type(token)]

    def first(self, token: str) -> Subject | None:
        """The first resource of type `token` on the same side."""
        self.joined = True
        urns = self._side.of_type(token)
        return self._neighbour(urns[0]) if urns else None

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """What `compute` gives, computed once for this side of the plan."""
        self.joined = True
        if name not in self._side.memo:
            self._side.memo[name] = compute()
        return self._side.memo[name]

    @property
    def home_region(self) -> str | None:
        """Where a Kubernetes object's nodes are when no node group says so."""
        return self._side.home_region

    def _neighbour(self, urn: str) -> Subject:
        found = self._side.get(urn)
        assert found is not None
        return Subject(self._pricing, self._side, *found)

    def _region_or_none(self) -> str | None:
        try:
            return self.region
        except Unpriced:
            return None

    # Money

    def rate(self, service: str, family: str, key: str, region: str | None = None) -> Rate:
        """The list price; raises `Unpriced` when the Region has none."""
        where = region or self._region_or_none()
        rate = self._pricing.book.find(where, service, family, key)
        if rate is None:
            where = where or self.region
            raise Unpriced(NO_PRICE, f"{service} {family} {key} in {where}")
        return rate

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
        times: Range | Decimal | int = 1,
    ) -> None:
        """Bills `quantity` (in the base unit: requests, GB, hours) at the list price, tier by tier.

        `times` multiplies afterwards: three volumes of 4,000 IOPS are `quantity=4000, times=3`, each with its
        own tiers and included quantity. `included` replaces the price row's own included quantity.
        `allowance` names the key of `aws_free_allowances.csv` that covers it when the review asks for free
        allowances. A missing price raises `Unpriced`, except for a quantity of 0.
        """
        quantity = Range.of(quantity)
        times = Range.of(times)
        if quantity.is_zero or times.is_zero:
            return
        rate = self.rate(service, family, key, region)
        if allowance is not None:
            quantity = self._pricing.after_allowance(
                self._side.name, service, allowance, rate.region, quantity
            )
        factor, suffix = self._pricing.discount(service)
        tiers = rate.tiers
        for index, tier in enumerate(tiers):
            start = Decimal(included) if index == 0 and included is not None else tier.start
            stop = tiers[index + 1].start if index + 1 < len(tiers) else None
            part = _between(quantity, start, stop, rate.per, times)
            if part.is_zero:
                continue
            usd = tier.usd * factor
            label = what if len(tiers) == 1 else f"{what} ({_tier_name(start, stop)})"
            expected = part.expected * usd
            if part.low is part.high:
                amount = Range(expected, expected, expected, part.assumed)
            else:
                amount = Range(part.low * usd, expected, part.high * usd, part.assumed)
            self.lines.append(
                Line(label, service, part, rate.unit, usd, amount, tier.source + suffix, tier.as_of)
            )

    def charge_at(
        self, what: str, service: str, quantity: Range, unit: str, usd: Range | Decimal, source: str
    ) -> None:
        """Bills at a rate that is not in the price book (a spot price from the usage profile)."""
        price = Range.of(usd)
        amount = quantity * price
        self.lines.append(Line(what, service, quantity, unit, price.expected, amount, source, ""))

    def note(self, text: str) -> None:
        """Something a reviewer should know: an assumption, or what makes this cost elsewhere."""
        if text not in self.notes:
            self.notes.append(text)


def _between(quantity: Range, start: Decimal, stop: Decimal | None, per: Decimal, times: Range) -> Range:
    def part(value: Decimal) -> Decimal:
        value = (value if stop is None or value < stop else stop) - start
        return value / per if value > 0 else ZERO

    if quantity.low is quantity.high and times.low is times.high:
        only = _exact(part(quantity.low) * times.low)
        return Range(only, only, only, quantity.assumed or times.assumed)
    return Range(
        _exact(part(quantity.low) * times.low),
        _exact(part(quantity.expected) * times.expected),
        _exact(part(quantity.high) * times.high),
        quantity.assumed or times.assumed,
    )


def _exact(value: Decimal) -> Decimal:
    if value > LARGEST:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "a quantity is implausibly large")
    return value.quantize(_STEP, ROUND_HALF_EVEN) if value.as_tuple().exponent < -9 else value  # type: ignore[operator]


def _tier_name(start: Decimal, stop: Decimal | None) -> str:
    return f"from {start:,f}" if stop is None else f"{start:,f} to {stop:,f}"
