"""What one resource costs a month before and after the change, as a range whose every line explains itself.

`docs/estimators.md` describes how to add an estimator.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module

from teei_finops.costing.amounts import NOTHING, TYPE_NOT_PRICED, TYPE_UNKNOWN, Line, Range, Unpriced, total
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.simple import charge_simple
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import AFTER, BEFORE, PlanSnapshot
from teei_finops.costing.regions import region_of
from teei_finops.costing.resource_types import FREE, NOT_AWS, PRICED, UNPRICED, TypeClass, class_of

Estimator = Callable[[EstimationContext], None]

_ESTIMATORS: dict[str, Estimator] = {}


def estimates(*tokens: str) -> Callable[[Estimator], Estimator]:
    """Registers the function that charges for resources of these types."""

    def register(function: Estimator) -> Estimator:
        for token in tokens:
            if token in _ESTIMATORS:
                raise ValueError(f"two estimators for {token}")
            _ESTIMATORS[token] = function
        return function

    return register


@cache
def estimators() -> dict[str, Estimator]:
    """Every estimator by type token."""
    from teei_finops.costing import estimators as package

    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return _ESTIMATORS


@dataclass(frozen=True, slots=True)
class StateEstimate:
    """What a resource costs in one state; `has_references` when that depends on other resources."""

    amount: Range
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    has_references: bool
    unpriced_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars a month of one resource.

    `state` is priced, usage, free (also where its settings bill nothing) or unpriced; an unpriced one has
    `reason` and neither amounts nor lines. The lines before and after add up to their amounts. `allocation`
    is a Kubernetes object's share of the nodes, None where it takes none or, with a `reason`, where the
    share is not known. `unpriced_lines` are the dimensions without a price of a resource that has one
    otherwise, each with its reason: its amounts are then lower bounds.
    """

    state: str
    region: str | None
    before: Range
    after: Range
    before_lines: tuple[Line, ...] = ()
    after_lines: tuple[Line, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    allocation: Range | None = None
    allocation_lines: tuple[Line, ...] = ()
    unpriced_lines: tuple[str, ...] = ()


_FREE = StateEstimate(NOTHING, (), (), has_references=False)


def _with_retained(new: StateEstimate, old: StateEstimate) -> StateEstimate:
    """A replacement that retains the resource it replaces: both are billed."""
    retained = tuple(replace(line, what=f"{line.what} (retained)") for line in old.lines)
    return StateEstimate(
        new.amount + old.amount,
        new.lines + retained,
        new.notes + old.notes,
        new.has_references or old.has_references,
        new.unpriced_lines + old.unpriced_lines,
    )


class PlanEstimator:
    """Estimates the resources of one plan, one by one, in the plan's order."""

    def __init__(self, plan: Plan, pricing: Pricing) -> None:
        self._plan = plan
        self._pricing = pricing
        self._snapshots = {name: PlanSnapshot(plan, name) for name in (BEFORE, AFTER)}
        self._estimators = estimators()

    def estimate(self, resource: Resource) -> Estimate:
        """A resource that is unpriced before or after the change is unpriced as a whole."""
        if resource.type.startswith("kubernetes:"):
            return self._allocation(resource)
        region = self._region(resource)
        try:
            type_class = class_of(resource.type)
            if type_class is None:
                raise Unpriced(TYPE_UNKNOWN, resource.type)
            if type_class.name == UNPRICED:
                raise Unpriced(TYPE_NOT_PRICED, f"AWS bills {type_class.reason}")
            if type_class.name == NOT_AWS:
                return Estimate(FREE, None, NOTHING, NOTHING, notes=(type_class.reason,))
            before, after = self._before_and_after(resource, type_class)
        except Unpriced as reason:
            self._pricing.roll_back()
            return Estimate("unpriced", region, NOTHING, NOTHING, reason=str(reason))
        self._pricing.commit()
        bills_nothing = type_class.name == PRICED and not (before.lines or after.lines)
        return Estimate(
            FREE if bills_nothing else type_class.name,
            region,
            before.amount,
            after.amount,
            before.lines,
            after.lines,
            notes=_notes(before, after),
            unpriced_lines=_unique(after.unpriced_lines, before.unpriced_lines),
        )

    def _allocation(self, resource: Resource) -> Estimate:
        """A Kubernetes object is free; its lines are its share of nodes that are billed on their own."""
        try:
            before, after = self._before_and_after(resource, TypeClass(FREE))
        except Unpriced as reason:
            self._pricing.roll_back()
            note = f"share of the nodes: {reason}"
            return Estimate("free", None, NOTHING, NOTHING, reason=str(reason), notes=(note,))
        self._pricing.commit()
        share = before if resource.new is None else after
        return Estimate(
            "free",
            None,
            NOTHING,
            NOTHING,
            notes=_notes(before, after),
            allocation=share.amount if share.lines else None,
            allocation_lines=share.lines,
        )

    def _before_and_after(
        self, resource: Resource, type_class: TypeClass
    ) -> tuple[StateEstimate, StateEstimate]:
        old, new, op = resource.old, resource.new, resource.op
        if op == "import":
            imported = self._of_state(AFTER, resource, new, type_class)
            return imported, imported
        if op == "delete" and resource.retain_on_delete:
            retained = self._of_state(BEFORE, resource, old, type_class)
            return retained, retained
        after = self._of_state(AFTER, resource, new, type_class)
        if op == "replace" and resource.retain_on_delete:
            before = self._of_state(BEFORE, resource, old, type_class)
            return before, _with_retained(after, before)
        unchanged = (
            old is not None
            and new is not None
            and op == "same"
            and not after.has_references
            and not self._pricing.free_tier
            and old.inputs == new.inputs
            and old.provider == new.provider
        )
        before = after if unchanged else self._of_state(BEFORE, resource, old, type_class)
        return before, after

    def _of_state(
        self, snapshot: str, resource: Resource, state: State | None, type_class: TypeClass
    ) -> StateEstimate:
        function = self._estimators.get(resource.type)
        if state is None or (function is None and type_class.name == FREE):
            return _FREE
        ctx = EstimationContext(self._pricing, self._snapshots[snapshot], resource, state)
        if function is not None:
            function(ctx)
        charge_simple(ctx, alone=function is None)
        if ctx.unpriced_lines and not ctx.lines:
            raise ctx.unpriced_lines[0][1]
        return StateEstimate(
            total(ctx.lines),
            tuple(ctx.lines),
            tuple(ctx.notes),
            ctx.has_references,
            tuple(f"{what}: {reason}" for what, reason in ctx.unpriced_lines),
        )

    def _region(self, resource: Resource) -> str | None:
        state = resource.new or resource.old
        if state is None or not resource.type.startswith("aws:"):
            return None
        try:
            return region_of(self._plan, resource, state, self._pricing.fallback_region)
        except Unpriced:
            return None


def _notes(before: StateEstimate, after: StateEstimate) -> tuple[str, ...]:
    missing = _unique(after.unpriced_lines, before.unpriced_lines)
    return _unique(after.notes, before.notes, tuple(f"not priced: {line}" for line in missing))


def _unique(*texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in texts for text in group))
