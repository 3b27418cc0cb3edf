"""Instance-hours on demand and on spot, of one instance type or of any of several."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from teei_finops.costing.amounts import NO_PRICE, USAGE_MISSING, Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext

# Instance types that may run, and for each how many units of capacity one instance counts for.
Types = Mapping[str, Decimal]
# Spot is up to 90 % off the on-demand price (https://aws.amazon.com/ec2/spot/, 2026-10), which is also its
# default maximum price and therefore expected: no list has spot prices.
LEAST_SPOT_FACTOR = Decimal("0.1")
# Types on which EBS optimization is an option with a fee; newer types include it, other old ones have none
# (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs-optimized.html, 2026-10).
EBS_OPTIMIZED_WITH_FEE = frozenset(
    {
        "c1.xlarge", "c3.xlarge", "c3.2xlarge", "c3.4xlarge", "g2.2xlarge", "i2.xlarge", "i2.2xlarge",
        "i2.4xlarge", "m1.large", "m1.xlarge", "m2.2xlarge", "m2.4xlarge", "m3.xlarge", "m3.2xlarge",
        "r3.xlarge", "r3.2xlarge", "r3.4xlarge",
    }
)  # fmt: skip


def one(instance_type: str) -> Types:
    return {instance_type: Decimal(1)}


def instances(types: Types, units: Range) -> Range:
    """How many instances `units` of capacity are: from all of the largest type to all of the smallest."""
    smallest, largest = min(types.values()), max(types.values())
    mean = sum((units.expected / count for count in types.values()), start=Decimal(0)) / len(types)
    low, high = units.low / largest, units.high / smallest
    assumed = units.assumed or smallest != largest
    return Range(low, min(max(mean, low), high), high, assumed)


def charge_instances(
    ctx: EstimationContext,
    types: Types | str,
    hours: Range,
    *,
    times: Range | int = 1,
    tenancy: str = "default",
    system: str,
) -> None:
    """Hours on demand of `times` units of capacity; on a Dedicated Host the host is billed instead.

    Several types are a range from the lowest to the highest price, whatever their order.
    """
    types = one(types) if isinstance(types, str) else types
    if tenancy == "host":
        ctx.note("runs on a Dedicated Host, which is billed separately")
        return
    if tenancy not in ("", "default"):
        raise Unpriced(NO_PRICE, f"{' or '.join(types)} with tenancy {tenancy}")
    family, units = f"instance-{system}-shared", Range.of(times)
    if len(types) == 1:
        ((kind, count),) = types.items()
        label = f"{kind} {system}, on demand"
        ctx.charge(label, "AmazonEC2", family, kind, hours, times=units / count)
        return
    _note_types(ctx, types)
    ctx.charge_any(f"{_label(types)} {system}, on demand", "AmazonEC2", family, types, hours * units)


def charge_spot(
    ctx: EstimationContext,
    types: Types | str,
    hours: Range,
    *,
    times: Range | int = 1,
    system: str,
    highest: Decimal | None = None,
) -> None:
    """Hours on spot: at the price or the discount in the usage profile, else 10 to 100 % of on demand.

    `highest` is a maximum price that the program sets, US dollars per instance-hour.
    """
    types = one(types) if isinstance(types, str) else types
    label, units = f"{_label(types)} {system}, spot", Range.of(times)
    price = ctx.from_usage("spot_price_usd_per_hour")
    if price is not None:
        quantity = hours * instances(types, units)
        ctx.charge_at(label, "AmazonEC2", quantity, "hour", price, "usage profile")
        return
    if len(types) == 1:
        ((kind, count),) = types.items()
        types, units = one(kind), units / count
    else:
        _note_types(ctx, types)
    factor, source = spot_factor(ctx)
    ctx.charge_any(
        label,
        "AmazonEC2",
        f"instance-{system}-shared",
        types,
        hours * units,
        factor=factor,
        source=source,
        highest=highest if highest is None else highest / min(types.values()),
    )


def spot_factor(ctx: EstimationContext) -> tuple[Range, str]:
    """What of the on-demand price spot capacity costs, and how the source of its lines ends."""
    discount = ctx.from_usage("spot_discount_percent")
    if discount is None:
        ctx.note("spot has no list price: 10 to 100 % of on demand assumed; set spot_discount_percent")
        return Range(LEAST_SPOT_FACTOR, Decimal(1), Decimal(1), assumed=True), "; 10 to 100 % of it on spot"
    if discount.high > 100:
        raise Unpriced(USAGE_MISSING, "spot_discount_percent must be at most 100")
    low, expected, high = (1 - end / 100 for end in (discount.high, discount.expected, discount.low))
    return Range(low, expected, high), f"; {discount.expected:f} % off on spot"


def charge_ebs_optimization(
    ctx: EstimationContext, types: Types | str, hours: Range, times: Range | int = 1
) -> None:
    """The fee of the types on which EBS optimization is an option; it is part of the price of all others."""
    for kind, count in (one(types) if isinstance(types, str) else types).items():
        if kind in EBS_OPTIMIZED_WITH_FEE:
            optimized = Range.of(times) / count
            label = f"EBS optimization of {kind}"
            ctx.charge_option(label, "AmazonEC2", "ebs-optimized", kind, hours, times=optimized)


def _label(types: Types) -> str:
    names = list(types)
    return names[0] if len(names) == 1 else f"any of {len(names)} types from {min(names)} to {max(names)}"


def _note_types(ctx: EstimationContext, types: Types) -> None:
    ctx.note(f"may run any of {', '.join(sorted(types))}: lowest to highest price, their mean expected")
