"""What an estimator sees of a resource: its inputs, its usage, related resources, and `charge`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from teei_finops.costing.amounts import (
    HOURS,
    MONTH,
    NO_PRICE,
    UNKNOWN_UNTIL_DEPLOY,
    USAGE_MISSING,
    Range,
    Unpriced,
)
from teei_finops.costing.charges import Charges
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.values import is_unknown
from teei_finops.costing.prices.kubernetes_types import PREFIX
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.references import PlanSnapshot, value_at
from teei_finops.costing.regions import region_of
from teei_finops.costing.resource_types import class_of

T = TypeVar("T")


@lru_cache(maxsize=1_000)
def _assumed(low: Decimal | int, expected: Decimal | int, high: Decimal | int) -> Range:
    return Range(Decimal(low), Decimal(expected), Decimal(high), assumed=True)


class EstimationContext(Charges):
    """One resource in one snapshot of the plan (`before` or `after`), with all that its price depends on."""

    def __init__(self, pricing: Pricing, snapshot: PlanSnapshot, resource: Resource, state: State) -> None:
        super().__init__(pricing, snapshot.name, state.inputs)
        self._snapshot = snapshot
        self._resource = resource
        self._state = state
        self._region: str | None = snapshot.regions.get(resource.urn)
        self._profile: Mapping[str, Range | str] | None = None
        self.has_references = False

    @property
    def urn(self) -> str:
        return self._resource.urn

    @property
    def name(self) -> str:
        return self._resource.name

    @property
    def type(self) -> str:
        return self._resource.type

    @property
    def at(self) -> date:
        """The day of the review, for windows such as extended support."""
        return self._pricing.at

    @property
    def region(self) -> str:
        """Where it is billed; raises `Unpriced` when no rule gives a Region."""
        if self._region is None and self.type.startswith(PREFIX):
            self._region = self._region_of_cluster()
        elif self._region is None:
            self._region = self._snapshot.regions[self.urn] = self._region_of_resource()
        return self._region

    def _region_of_resource(self) -> str:
        pricing = self._pricing
        return region_of(
            self._snapshot.plan,
            self._resource,
            self._state,
            pricing.fallback_region,
            pricing.default_region,
        )

    def _region_of_cluster(self) -> str:
        """Of the plan's first node group or cluster, else of its AWS providers."""
        for token in ("aws:eks/nodeGroup:NodeGroup", "aws:eks/cluster:Cluster"):
            resource = self.first(token)
            if resource is not None:
                return resource.region
        pricing = self._pricing
        region = self._snapshot.home_region or pricing.fallback_region or pricing.default_region
        if not region:
            raise Unpriced(NO_PRICE, "the Region of its cluster is not known; set one with --region")
        return region

    def output(self, name: str) -> Any:
        """A top-level value that the provider computed on the last deploy, None when there is none yet."""
        return self._snapshot.output(self.urn, name)

    # Usage

    @property
    def usage_profile(self) -> Mapping[str, Range | str]:
        """What the usage profile has for the resource, by usage key."""
        if self._profile is None:
            self._profile = self._pricing.usage_of(self._resource)
        return self._profile

    def from_usage(self, key: str) -> Range | None:
        """The value in the usage profile, None when the profile has none."""
        value = self._usage_value(key)
        return value if isinstance(value, Range) else None

    def text_from_usage(self, key: str) -> str | None:
        """As `from_usage`, for keys whose values are text."""
        value = self._usage_value(key)
        return value if isinstance(value, str) else None

    def usage(
        self,
        key: str,
        low: Decimal | int | None = None,
        expected: Decimal | int | None = None,
        high: Decimal | int | None = None,
    ) -> Range:
        """The value in the usage profile, else the given range (marked as assumed), else `Unpriced`."""
        value = self.from_usage(key)
        if value is not None:
            return value
        assumed = self._pricing.assumptions.setdefault(self.urn, {})
        if low is None or expected is None or high is None:
            assumed[key] = None
            raise Unpriced(USAGE_MISSING, key)
        value = assumed[key] = _assumed(low, expected, high)
        return value

    def _usage_value(self, key: str) -> Range | str | None:
        type_class = class_of(self.type)
        if type_class is None or key not in type_class.usage_keys:
            raise KeyError(f"{self.type} has no usage key {key}")
        return self.usage_profile.get(key)

    def hours(self) -> Range:
        """Hours in the month: `monthly_hours` of the profile where the type has that key, else 730."""
        type_class = class_of(self.type)
        if type_class is not None and "monthly_hours" in type_class.usage_keys:
            return self.from_usage("monthly_hours") or MONTH
        return MONTH

    def months(self) -> Range:
        """The share of the month, for monthly rates that `monthly_hours` prorates."""
        return self.hours() / HOURS

    # Related resources

    def related(self, path: str, *types: str) -> EstimationContext | None:
        """The resource of one of `types` that the value at `path` refers to (id, ARN or name), same snapshot.

        None when nothing is set there or the plan does not contain it. An unknown value is resolved through
        `propertyDependencies`; where that is impossible it is `value unknown until deploy`.
        """
        raw = value_at(self.raw, path)
        if raw is None:
            return None
        self.has_references = True
        if is_unknown(raw):
            sources = self._snapshot.dependencies(self.urn, path.partition(".")[0], types)
            if len(sources) != 1:
                raise Unpriced(UNKNOWN_UNTIL_DEPLOY, self.where(path))
            return self._context_of(sources[0])
        value = self.value(path)
        urn = self._snapshot.find(value, types, self._region_or_none()) if isinstance(value, str) else None
        return self._context_of(urn) if urn else None

    def related_all(self, path: str, *types: str) -> list[EstimationContext]:
        """The resources that the list at `path` refers to, unknown ones by `propertyDependencies`; those that
        the plan does not contain are left out.
        """
        raw = value_at(self.raw, path)
        if raw is None:
            return []
        self.has_references = True
        urns: dict[str, None] = {}
        for item in raw if isinstance(raw, list) else [raw]:
            if is_unknown(item):
                sources = self._snapshot.dependencies(self.urn, path.partition(".")[0], types)
                urns.update(dict.fromkeys(sources))
            elif isinstance(item, str):
                urn = self._snapshot.find(item, types, self._region_or_none())
                if urn:
                    urns[urn] = None
        return [self._context_of(urn) for urn in urns]

    def referring(self, token: str, path: str) -> list[EstimationContext]:
        """The resources of type `token` whose value at `path` refers to this one, in the same snapshot.

        Raises `Unpriced` when one of them has an unresolved reference that could be to this one.
        """
        self.has_references = True
        urns, has_unresolved = self._snapshot.referring(self.urn, token, path)
        if has_unresolved and not urns and not self._snapshot.known_id(self.urn):
            short = token.rpartition(":")[2]
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{path} of a {short} that may belong to it")
        return [self._context_of(urn) for urn in urns]

    def matching(self, token: str, path: str, value: str | int) -> list[EstimationContext]:
        """All resources of type `token` with that known value at `path`, in the same snapshot."""
        self.has_references = True
        return [self._context_of(urn) for urn in self._snapshot.by_value(token, path).get(value, [])]

    def all(self, token: str) -> list[EstimationContext]:
        """All resources of type `token` in the same snapshot; slow to do once for each resource."""
        self.has_references = True
        return [self._context_of(urn) for urn in self._snapshot.of_type(token)]

    def first(self, token: str) -> EstimationContext | None:
        """The first resource of type `token` in the same snapshot."""
        self.has_references = True
        urns = self._snapshot.of_type(token)
        return self._context_of(urns[0]) if urns else None

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, computed once for the whole snapshot."""
        self.has_references = True
        if name not in self._snapshot.memo:
            self._snapshot.memo[name] = compute()
        return self._snapshot.memo[name]

    def of_template(self, plan_in: Callable[[str | None], Plan]) -> dict[str, EstimationContext]:
        """What this one creates and the plan does not have, by name: a plan of its own in the same Region, to
        which the usage of this one applies too.
        """
        snapshot = PlanSnapshot(plan_in(self._region_or_none()), self._snapshot.name)
        return {resource.name: self._part(snapshot, resource) for resource in snapshot.plan.resources}

    def _part(self, snapshot: PlanSnapshot, resource: Resource) -> EstimationContext:
        part = EstimationContext(self._pricing, snapshot, *snapshot.resource(resource.urn))
        part._profile = self._pricing.usage.of(self.urn, part.name, part.type)
        return part

    def _context_of(self, urn: str) -> EstimationContext:
        return EstimationContext(self._pricing, self._snapshot, *self._snapshot.resource(urn))
