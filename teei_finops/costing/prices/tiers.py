"""Splits a quantity among the tiers of a list price."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from teei_finops.costing.amounts import LARGEST_QUANTITY, UNKNOWN_UNTIL_DEPLOY, ZERO, Line, Range, Unpriced
from teei_finops.costing.prices.price_book import Rate

_STEP = Decimal("1e-9")  # finer than any billing meter; keeps every product exact


def tier_lines(
    what: str,
    rate: Rate,
    quantity: Range,
    times: Range,
    included: Decimal | None,
    factor: Decimal,
    source_suffix: str,
) -> tuple[Line, ...]:
    """One line for each tier that `quantity` reaches, `quantity` in the base unit of `rate`.

    `times` multiplies each line, `factor` each price; `included` replaces the quantity that the first tier
    leaves out. Raises `Unpriced` for a quantity that cannot be real.
    """
    lines: list[Line] = []
    for index, tier in enumerate(rate.tiers):
        start = included if index == 0 and included is not None else tier.start
        stop = rate.tiers[index + 1].start if index + 1 < len(rate.tiers) else None
        part = _part(quantity, start, stop, rate.per, times)
        if not part.high:
            continue
        usd = tier.usd * factor
        label = what if len(rate.tiers) == 1 else f"{what} ({_tier_name(start, stop)})"
        expected = part.expected * usd
        if part.low is part.high:
            amount = Range(expected, expected, expected, part.assumed)
        else:
            amount = Range(part.low * usd, expected, part.high * usd, part.assumed)
        lines.append(
            Line(
                label,
                rate.service,
                part,
                rate.unit,
                usd,
                amount,
                tier.source + source_suffix,
                tier.as_of,
                list_amount=None if factor == 1 else part * tier.usd,
                family=rate.family,
                key=rate.key,
                region=rate.region,
            )
        )
    return tuple(lines)


def _part(quantity: Range, start: Decimal, stop: Decimal | None, per: Decimal, times: Range) -> Range:
    """The part of `quantity` in the tier, in the unit of the price, multiplied by `times`."""

    def part(value: Decimal) -> Decimal:
        value = (value if stop is None or value < stop else stop) - start
        return value / per if value > 0 else ZERO

    assumed = quantity.assumed or times.assumed
    if quantity.low is quantity.high and times.low is times.high:
        only = _exact(part(quantity.low) * times.low)
        return Range(only, only, only, assumed)
    return Range(
        _exact(part(quantity.low) * times.low),
        _exact(part(quantity.expected) * times.expected),
        _exact(part(quantity.high) * times.high),
        assumed,
    )


def _exact(value: Decimal) -> Decimal:
    if value > LARGEST_QUANTITY:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "a quantity is implausibly large")
    return value.quantize(_STEP, ROUND_HALF_EVEN)


def _tier_name(start: Decimal, stop: Decimal | None) -> str:
    return f"from {start:,f}" if stop is None else f"{start:,f} to {stop:,f}"
