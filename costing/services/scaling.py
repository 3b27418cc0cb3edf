"""Application Auto Scaling targets: who scales a service or a table, and between which bounds."""

from __future__ import annotations

from decimal import Decimal

from costing.model import Range, Unpriced
from costing.subject import Subject

TARGET = "aws:appautoscaling/target:Target"


def scaling_targets(r: Subject, namespace: str, resource_id: str | None) -> list[Subject]:
    """The targets of `namespace` whose resourceId ends in `resource_id`, or is unknown and made from `r`."""
    named = [
        target
        for target in r.matching(TARGET, "serviceNamespace", namespace)
        if resource_id and f"/{target.raw.get('resourceId')}".endswith(f"/{resource_id}")
    ]
    if named:
        return named
    try:
        return r.referring(TARGET, "resourceId")
    except Unpriced:
        return []


def between(target: Subject, now: Decimal) -> Range:
    """From minCapacity to maxCapacity, expected where it is now."""
    low, high = target.number("minCapacity"), target.number("maxCapacity")
    return Range(min(low, now), max(low, min(now, high)), max(high, now))
