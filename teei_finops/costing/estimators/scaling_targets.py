"""Application Auto Scaling targets: who scales a service or a table, and between which bounds."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext

TARGET = "aws:appautoscaling/target:Target"


def scaling_targets(ctx: EstimationContext, resource_id: str | None) -> list[EstimationContext]:
    """The targets whose resourceId is `resource_id`, else those whose unknown one is made from `r`."""
    named = ctx.matching(TARGET, "resourceId", resource_id) if resource_id else []
    if named:
        return named
    try:
        return ctx.referring(TARGET, "resourceId")
    except Unpriced:
        return []


def between(target: EstimationContext, now: Decimal) -> Range:
    """From minCapacity to maxCapacity, expected where it is now; AWS moves what lies outside of them."""
    low = target.number("minCapacity")
    high = max(low, target.number("maxCapacity"))
    return Range(low, min(max(low, now), high), high)
