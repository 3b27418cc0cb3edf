"""Application Auto Scaling targets: the bounds between which a service or a table is scaled."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext

TARGET = "aws:appautoscaling/target:Target"


def scaling_targets(ctx: EstimationContext, resource_id: str | None) -> list[EstimationContext]:
    """The targets whose resourceId is `resource_id`, else those whose unknown resourceId depends on `ctx`."""
    named = ctx.matching(TARGET, "resourceId", resource_id) if resource_id else []
    if named:
        return named
    try:
        return ctx.referring(TARGET, "resourceId")
    except Unpriced:
        return []


def between(target: EstimationContext, now: Decimal) -> Range:
    """From minCapacity to maxCapacity; the current value is expected, or the nearer bound."""
    low = target.number("minCapacity")
    high = max(low, target.number("maxCapacity"))
    return Range(low, min(max(low, now), high), high)
