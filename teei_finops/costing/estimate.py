"""What one resource costs a month before and after the change, as a range whose every line explains itself.

How to add a type
-----------------
Write a function in `estimators/<family>.py` and mark it; the modules of that package are found by
themselves. It gets a `Subject` (`estimation_context.py`: the resource on one side of the plan) and bills its
dimensions; it returns nothing.

    @estimates("aws:sqs/queue:Queue")
    def queue(r: Subject) -> None:
        requests = r.usage("monthly_requests", 0, 1_000_000, 10_000_000)
        r.charge("Requests", "AWSQueueService", "standard", "requests", requests, allowance="…")

- Inputs: `r.text("instanceType")`, `r.number("size", 8)`, `r.flag("multiAz")`, `r.items("rules")`,
  `r.part("scalingConfig")`, `r.texts("subnetIds")`, `r.count("subnetIds")`, `r.has("launchTemplate")`; dotted
  paths work. Names are Pulumi's camelCase. Without a default a value that is not set is `Unpriced`; an
  unknown or secret one always is, so read only what the price depends on. `r.output("arn")` is a value that
  the provider computed. `r.region`, `r.at` (day of the review), `r.name`, `r.type`.
- Usage: `r.usage(key, low, expected, high)` is the profile's value or the built-in range, marked as assumed;
  without a range it is `usage not stated`. `r.stated(key)` is None when the profile is silent, for keys that
  replace what inputs give. `r.hours()` is 730 or `monthly_hours`; `r.months()` is `r.hours() / 730`, for
  monthly rates of types without an hourly one. The key must be one of the type's in `aws_cost_tokens.csv`.
- Billing: `r.charge(what, service, family, key, quantity)`: names of `prices/aws_prices.csv`,
  quantity in the base unit (2_500_000 requests, not 2.5; GB; hours; GB-seconds), a `Range`, `Decimal` or
  `int`. It goes tier by tier from 0 for each call and leaves out the row's included quantity. `times=3` bills
  three alike, each with its own tiers; `included=` replaces the row's included quantity; `allowance=` names
  the key of `aws_free_allowances.csv`. No row: `no price in this region` (but a quantity of 0 bills nothing).
  `r.has_rate(…)` asks first, where an engine's price stands under another key.
- Ranges: `+`, `-`, `*` by a number or a range, `/` by a number, `.above(included)`, `.chunks(64)`, `.map(f)`;
  `Range(low, expected, high)` for minSize..maxSize.
- Neighbours: `r.related("launchTemplate.id", "aws:ec2/launchTemplate:LaunchTemplate")` follows a reference
  (id, ARN, name; unknown ones by propertyDependencies); `r.referring(token, "bucket")` gives those that name
  this one; `r.matching(token, path, value)` compares known values. They return `Subject`s of the same side.
- `r.note("…")` tells a reviewer what was assumed. `raise Unpriced(REASON, detail)` when it cannot be priced.
- A Kubernetes estimator bills in the same way: its lines become the object's `allocation`, its amounts 0.
- A type that `aws_cost_tokens.csv` classes `free` needs no function. A type that bills nothing and is not in
  that file goes into `teei_finops/costing/prices/more_types.csv`.

Worked examples: `services/sqs.py` (usage with tiers), `services/ec2.py` (launch template and volumes),
`services/s3.py` (lifecycle rules of another resource).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module

from teei_finops.costing.amounts import NOTHING, TYPE_UNKNOWN, Line, Range, Unpriced, total
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import AFTER, BEFORE, Side
from teei_finops.costing.regions import region_of
from teei_finops.costing.resource_types import TypeClass, class_of

Estimator = Callable[[Subject], None]

_ESTIMATORS: dict[str, Estimator] = {}


def estimates(*tokens: str) -> Callable[[Estimator], Estimator]:
    """Marks the function that bills resources of these types."""

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
class OneSide:
    """What one side of a resource costs; `joined` when that depends on other resources."""

    amount: Range
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    joined: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars a month of one resource.

    `state` is priced, usage, free or unpriced; an unpriced one has `reason` and neither amounts nor lines.
    Lines add up to the amount of their side. `allocation` is a Kubernetes object's share of the nodes, None
    where it takes none or, with a `reason`, where that cannot be told.
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


_FREE = OneSide(NOTHING, (), (), False)


def _and_kept(new: OneSide, old: OneSide) -> OneSide:
    """A replacement that keeps what it replaces: both are billed."""
    kept = tuple(replace(line, what=f"{line.what} (kept old)") for line in old.lines)
    return OneSide(new.amount + old.amount, new.lines + kept, new.notes + old.notes, new.joined or old.joined)


class PlanEstimator:
    """Estimates the resources of one plan, one by one, in the plan's order."""

    def __init__(self, plan: Plan, pricing: Pricing) -> None:
        self._plan = plan
        self._pricing = pricing
        self._sides = {name: Side(plan, name) for name in (BEFORE, AFTER)}
        self._estimators = estimators()

    def estimate(self, resource: Resource) -> Estimate:
        """One unpriced side makes the whole resource unpriced."""
        kind = class_of(resource.type)
        kubernetes = resource.type.startswith("kubernetes:")
        if kubernetes:
            kind = TypeClass("free")
        region = None if kubernetes else self._region(resource)
        try:
            if kind is None:
                raise Unpriced(TYPE_UNKNOWN, resource.type)
            before, after = self._both(resource, kind)
        except Unpriced as reason:
            self._pricing.roll_back()
            if kubernetes:
                note = f"share of the nodes: {reason}"
                return Estimate("free", None, NOTHING, NOTHING, reason=str(reason), notes=(note,))
            return Estimate("unpriced", region, NOTHING, NOTHING, reason=str(reason))
        self._pricing.commit()
        notes = tuple(dict.fromkeys([*after.notes, *before.notes]))
        if kubernetes:
            share = before if resource.new is None else after
            return Estimate(
                "free",
                None,
                NOTHING,
                NOTHING,
                notes=notes,
                allocation=share.amount if share.lines else None,
                allocation_lines=share.lines,
            )
        return Estimate(
            kind.name, region, before.amount, after.amount, before.lines, after.lines, notes=notes
        )

    def _both(self, resource: Resource, kind: TypeClass) -> tuple[OneSide, OneSide]:
        old, new, op = resource.old, resource.new, resource.op
        if op == "import":
            both = self._side(AFTER, resource, new, kind)
            return both, both
        if op == "delete" and resource.retain_on_delete:
            both = self._side(BEFORE, resource, old, kind)
            return both, both
        after = self._side(AFTER, resource, new, kind)
        if op == "replace" and resource.retain_on_delete:
            before = self._side(BEFORE, resource, old, kind)
            return before, _and_kept(after, before)
        unchanged = (
            old is not None
            and new is not None
            and op == "same"
            and not after.joined
            and not self._pricing.free_tier
            and old.inputs == new.inputs
            and old.provider == new.provider
        )
        before = after if unchanged else self._side(BEFORE, resource, old, kind)
        return before, after

    def _side(self, side: str, resource: Resource, state: State | None, kind: TypeClass) -> OneSide:
        function = self._estimators.get(resource.type)
        if state is None or (function is None and kind.name == "free"):
            return _FREE
        if function is None:
            raise Unpriced(TYPE_UNKNOWN, f"{resource.type} has no estimator")
        subject = Subject(self._pricing, self._sides[side], resource, state)
        function(subject)
        return OneSide(total(subject.lines), tuple(subject.lines), tuple(subject.notes), subject.joined)

    def _region(self, resource: Resource) -> str | None:
        state = resource.new or resource.old
        if state is None or not resource.type.startswith("aws:"):
            return None
        try:
            return region_of(self._plan, resource, state, self._pricing.fallback_region)
        except Unpriced:
            return None
