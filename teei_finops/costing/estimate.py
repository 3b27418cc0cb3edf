"""What one resource costs a month before and after the change: a range, and the lines that add up to it.

`docs/estimators.md` describes how to add an estimator.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from itertools import chain
from typing import NamedTuple

from teei_finops.costing.amounts import (
    NOT_IN_PREVIEW,
    NOTHING,
    TYPE_NOT_PRICED,
    TYPE_UNKNOWN,
    Line,
    Range,
    Unpriced,
    total,
)
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.simple import charge_simple
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.prices.kubernetes_types import PREFIX
from teei_finops.costing.prices.simple_charges import simple_charges
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import AFTER, BEFORE, PlanSnapshot
from teei_finops.costing.resource_types import FREE, NOT_AWS, PRICED, UNPRICED, TypeClass, class_of

Estimator = Callable[[EstimationContext], None]

_ESTIMATORS: dict[str, Estimator] = {}
_SHARES: dict[str, Estimator] = {}


def estimates(*tokens: str) -> Callable[[Estimator], Estimator]:
    """Registers the function that charges for resources of these types."""
    return _registering(_ESTIMATORS, tokens)


def allocates(*tokens: str) -> Callable[[Estimator], Estimator]:
    """Registers the function that gives Kubernetes objects of these types their share of the nodes."""
    return _registering(_SHARES, tokens)


def _registering(registry: dict[str, Estimator], tokens: tuple[str, ...]) -> Callable[[Estimator], Estimator]:
    def register(function: Estimator) -> Estimator:
        for token in tokens:
            if token in registry:
                raise ValueError(f"two estimators for {token}")
            registry[token] = function
        return function

    return register


@cache
def estimators() -> dict[str, Estimator]:
    """Every estimator of what is billed, by type token."""
    from teei_finops.costing import estimators as package

    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return _ESTIMATORS


def share_estimators() -> dict[str, Estimator]:
    """Every estimator of a share of the nodes, by type token."""
    estimators()
    return _SHARES


class StateEstimate(NamedTuple):
    """What a resource costs in one state; `has_references` when that depends on other resources."""

    amount: Range
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    has_references: bool
    unpriced_lines: tuple[str, ...] = ()


class Estimate(NamedTuple):
    """US dollars a month of one resource.

    `state` is priced, usage, free (also where its settings bill nothing) or unpriced; an unpriced one has
    `reason` and neither amounts nor lines. The lines before and after add up to their amounts. `allocation`
    is a Kubernetes object's share of the nodes, None where it takes none or, with an `allocation_problem`,
    where the share is not known. `unpriced_lines` are the dimensions without a price of a resource that has
    one otherwise, each with its reason: its amounts are then lower bounds.
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
    allocation_problem: str = ""
    unpriced_lines: tuple[str, ...] = ()


_FREE = StateEstimate(NOTHING, (), (), has_references=False)


def _with_retained(new: StateEstimate, old: StateEstimate) -> StateEstimate:
    """A replacement that retains the resource it replaces: both are billed."""
    retained = tuple(line._replace(what=f"{line.what} (retained)") for line in old.lines)
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
        self._shares = share_estimators()

    def estimate(self, resource: Resource) -> Estimate:
        """A resource that is unpriced before or after the change is unpriced as a whole."""
        estimate = self._billed(resource)
        return self._with_share(resource, estimate) if resource.type in self._shares else estimate

    def _billed(self, resource: Resource) -> Estimate:
        region = self._region(resource)
        try:
            type_class = class_of(resource.type)
            if type_class is None:
                raise Unpriced(TYPE_UNKNOWN, resource.type)
            if type_class.name == NOT_AWS:
                return Estimate(FREE, None, NOTHING, NOTHING, notes=(type_class.reason,))
            before, after = self._before_and_after(
                resource, _charging(self._estimators, resource, type_class)
            )
        except Unpriced as reason:
            self._pricing.roll_back()
            return Estimate("unpriced", region, NOTHING, NOTHING, reason=str(reason))
        self._pricing.commit()
        missing = _unique(after.unpriced_lines, before.unpriced_lines)
        is_kubernetes = resource.type.startswith(PREFIX)
        bills_nothing = (is_kubernetes or type_class.name == PRICED) and not (before.lines or after.lines)
        return Estimate(
            FREE if bills_nothing else type_class.name,
            None if is_kubernetes and bills_nothing else region,
            before.amount,
            after.amount,
            before.lines,
            after.lines,
            notes=_unique(after.notes, before.notes, tuple(f"not priced: {line}" for line in missing)),
            unpriced_lines=missing,
        )

    def _with_share(self, resource: Resource, estimate: Estimate) -> Estimate:
        """Adds its share of nodes that are billed on their own."""
        try:
            before, after = self._before_and_after(resource, self._shares[resource.type])
        except Unpriced as reason:
            note = f"share of the nodes: {reason}"
            return estimate._replace(notes=(*estimate.notes, note), allocation_problem=str(reason))
        share = before if resource.new is None else after
        return estimate._replace(
            notes=_unique(estimate.notes, after.notes, before.notes),
            allocation=share.amount if share.lines else None,
            allocation_lines=share.lines,
        )

    def _before_and_after(
        self, resource: Resource, function: Estimator | None
    ) -> tuple[StateEstimate, StateEstimate]:
        old, new, op = resource.old, resource.new, resource.op
        if op == "import":
            imported = self._of_state(AFTER, resource, new, function)
            return imported, imported
        if op == "delete" and resource.retain_on_delete:
            retained = self._of_state(BEFORE, resource, old, function)
            return retained, retained
        after = self._of_state(AFTER, resource, new, function)
        if op == "replace" and resource.retain_on_delete:
            before = self._of_state(BEFORE, resource, old, function)
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
        before = after if unchanged else self._of_state(BEFORE, resource, old, function)
        return before, after

    def _of_state(
        self, snapshot: str, resource: Resource, state: State | None, function: Estimator | None
    ) -> StateEstimate:
        if state is None or function is None:
            return _FREE
        ctx = EstimationContext(self._pricing, self._snapshots[snapshot], resource, state)
        function(ctx)
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
        if state is None or not resource.type.startswith(("aws:", PREFIX)):
            return None
        snapshot = self._snapshots[AFTER if resource.new else BEFORE]
        try:
            return EstimationContext(self._pricing, snapshot, resource, state).region
        except Unpriced:
            return None


def _charging(functions: dict[str, Estimator], resource: Resource, type_class: TypeClass) -> Estimator | None:
    """The estimator of the resource with the charges of the table; None for a type that bills nothing.

    Raises `Unpriced` for a type that is billed without a price.
    """
    function = functions.get(resource.type)
    if function is None and type_class.name == UNPRICED:
        if resource.type.startswith(PREFIX):
            raise Unpriced(NOT_IN_PREVIEW, type_class.reason)
        raise Unpriced(TYPE_NOT_PRICED, f"AWS bills {type_class.reason}")
    if function is None and type_class.name == FREE:
        return None
    if resource.type not in simple_charges():
        if function is None:
            raise Unpriced(TYPE_UNKNOWN, f"{resource.type} has no estimator")
        return function

    def charge(ctx: EstimationContext) -> None:
        if function is not None:
            function(ctx)
        charge_simple(ctx, alone=function is None)

    return charge


def _unique(*texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain(*texts)))
