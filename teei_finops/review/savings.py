"""What the fixes of violations save: the same estimate, of the resource as it is and as its fix makes it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from teei_finops.costing.amounts import NOTHING, Range
from teei_finops.costing.estimate import PlanEstimator
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.pricing import Pricing
from teei_finops.policy_report import Remedy, ReportedViolation


def savings(plan: Plan, violations: Iterable[ReportedViolation], pricing: Pricing) -> dict[int, Range]:
    """US dollars a month that the fix of each violation saves, by its position among the violations.

    A fix may also change the cost of resources that refer to the resource, such as the instances of a
    cluster. There is no entry without a definite fix, without a price, or where the fix saves nothing.
    Call it in the decimal context `EXACT`.
    """
    fixes = [
        (position, plan.by_urn[violation.urn], violation.remedy, violation.policy)
        for position, violation in enumerate(violations)
        if violation.remedy and violation.urn in plan.by_urn and plan.by_urn[violation.urn].new
    ]
    if not fixes:
        return {}
    dependents = _dependents(plan, {resource.urn for _, resource, _, _ in fixes})
    current = PlanEstimator(plan, pricing)
    saved: dict[int, Range] = {}
    for group in _independent(fixes):
        remedies = {resource.urn: remedy for _, resource, remedy, _ in group if not remedy.deletes}
        fixed_plan = _with_fixes(plan, remedies)
        fixed = PlanEstimator(fixed_plan, pricing)
        for position, resource, remedy, _ in group:
            now = _cost(current, resource)
            then = NOTHING if remedy.deletes else _cost(fixed, fixed_plan.by_urn[resource.urn])
            if now is None or then is None:
                continue
            amount = now - then
            for dependent in () if remedy.deletes else dependents[resource.urn]:
                now, then = _cost(current, dependent), _cost(fixed, dependent)
                if now is not None and then is not None:
                    amount += now - then
            if amount.expected > 0:
                saved[position] = amount
    return saved


_Fix = tuple[int, Resource, Remedy, str]


def _independent(fixes: list[_Fix]) -> Iterable[list[_Fix]]:
    """Groups in which each resource has one fix and all are of one policy, so that none changes another."""
    groups: dict[tuple[str, int], list[_Fix]] = defaultdict(list)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for fix in fixes:
        key = (fix[3], fix[1].urn)
        groups[fix[3], counts[key]].append(fix)
        counts[key] += 1
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


def _cost(estimator: PlanEstimator, resource: Resource) -> Range | None:
    """The monthly cost after the change, None where it has no price."""
    estimate = estimator.estimate(resource)
    return None if estimate.state == "unpriced" else estimate.after
