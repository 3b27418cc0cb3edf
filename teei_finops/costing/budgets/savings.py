"""What a fix saves: the estimate of the resource as it is, less that of the resource with the fix."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.estimate import PlanEstimator
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.pricing import Pricing
from teei_finops.policy_report import Remedy


@dataclass(frozen=True)
class Fix:
    """A change of one resource. The fixes of different policies are priced independently."""

    urn: str
    remedy: Remedy
    policy: str = ""


def savings(plan: Plan, fixes: Mapping[int, Fix], pricing: Pricing) -> dict[int, Range]:
    """US dollars a month that each fix saves, by the key of the fix.

    A fix may also change the cost of resources that refer to the resource, such as the instances of a
    cluster. There is no entry for a fix without a price, of a resource that the plan does not have, or that
    saves nothing. Call it in the decimal context `EXACT`.
    """
    possible = {key: fix for key, fix in fixes.items() if fix.urn in plan.by_urn and plan.by_urn[fix.urn].new}
    if not possible:
        return {}
    dependents = _dependents(plan, {fix.urn for fix in possible.values()})
    current = PlanEstimator(plan, pricing)
    saved: dict[int, Range] = {}
    for group in _independent(possible):
        fixed_plan = _with_fixes(plan, {fix.urn: fix.remedy for fix in group.values()})
        fixed = PlanEstimator(fixed_plan, pricing)
        for key, fix in group.items():
            if fix.remedy.merges:
                hours = _hours(current, [plan.by_urn[urn] for urn in fix.remedy.merges if urn in plan.by_urn])
                if hours.expected > 0:
                    saved[key] = hours
                continue
            now = _cost(current, plan.by_urn[fix.urn])
            then = NOTHING if fix.remedy.deletes else _cost(fixed, fixed_plan.by_urn[fix.urn])
            if now is None or then is None:
                continue
            amount = now - then
            for dependent in () if fix.remedy.deletes else dependents[fix.urn]:
                now, then = _cost(current, dependent), _cost(fixed, dependent)
                if now is not None and then is not None:
                    amount += now - then
            if amount.expected > 0:
                saved[key] = amount
    return saved


def _independent(fixes: Mapping[int, Fix]) -> Iterable[dict[int, Fix]]:
    """Groups of fixes of one policy, in which each resource has one fix, so that none changes another."""
    groups: dict[tuple[str, int], dict[int, Fix]] = defaultdict(dict)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for key, fix in fixes.items():
        resource = (fix.policy, fix.urn)
        groups[fix.policy, counts[resource]][key] = fix
        counts[resource] += 1
    return groups.values()


def _dependents(plan: Plan, urns: set[str]) -> Mapping[str, list[Resource]]:
    """The resources whose properties come from each of these."""
    dependents: dict[str, list[Resource]] = defaultdict(list)
    for resource in plan.resources:
        if resource.custom and resource.new:
            sources = {urn for urns_of in resource.new.property_dependencies.values() for urn in urns_of}
            for urn in sources & urns:
                dependents[urn].append(resource)
    return dependents


def _with_fixes(plan: Plan, remedies: Mapping[str, Remedy]) -> Plan:
    """The plan with changed resources; those that a remedy deletes stay."""
    resources = (
        _fixed(resource, remedies[resource.urn]) if resource.urn in remedies else resource
        for resource in plan.resources
    )
    return replace(plan, resources=tuple(resources))


def _fixed(resource: Resource, remedy: Remedy) -> Resource:
    try:
        inputs = with_inputs(resource.state.inputs, remedy.inputs)
    except (KeyError, IndexError, TypeError):
        return resource  # the preview hides a secret there, so that nothing is known to be saved
    return resource._replace(new=State({**resource.state.raw, "inputs": inputs}))


def with_inputs(inputs: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with new values at paths such as `rules[0].status`.

    Raises `KeyError`, `IndexError` or `TypeError` where the parent of a path does not exist.
    """
    changed = deepcopy(dict(inputs))
    for path, value in changes.items():
        *parents, last = _keys(path)
        target: Any = changed
        for key in parents:
            target = target[key]
        target[last] = value
    return changed


def _keys(path: str) -> Iterator[str | int]:
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        yield name or int(index)


def _hours(estimator: PlanEstimator, resources: Iterable[Resource]) -> Range:
    """What resources cost by the hour in a month; nothing for those without a price."""
    lines = (
        line for resource in resources if resource.new for line in estimator.estimate(resource).after_lines
    )
    return sum((line.amount for line in lines if line.unit == "hour"), NOTHING)


def _cost(estimator: PlanEstimator, resource: Resource) -> Range | None:
    """The monthly cost after the change, None where it has no price."""
    estimate = estimator.estimate(resource)
    return None if estimate.state == "unpriced" else estimate.after
