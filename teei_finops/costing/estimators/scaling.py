"""Application Auto Scaling targets: who scales a service or a table, and between which bounds."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range, Unpriced
from teei_finops.costing.estimation_context import Subject

TARGET = "aws:appautoscaling/target:Target"


def scaling_targets(r: Subject, resource_id: str | None) -> list[Subject]:
    """The targets whose resourceId is `resource_id`, else those whose unknown one is made from `r`."""
    named = r.matching(TARGET, "resourceId", resource_id) if resource_id else []
    if named:
        return named
    try:
        return r.referring(TARGET, "resourceId")
    except Unpriced:
        return []


def between(target: Subject, now: Decimal) -> Range:
    """From minCapacity to maxCapacity, expected where it is now; AWS moves what lies outside of them."""
    low = target.number("minCapacity")
    high = max(low, target.number("maxCapacity"))
    return Range(low, min(max(low, now), high), high)
