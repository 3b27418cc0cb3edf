"""What the resources of a plan cost: the calculation that the cost review and the policy gate share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Context
from pathlib import Path
from typing import NamedTuple

from teei_finops.costing.budgets.budgets_file import Budgets, budgets_of_config, check_waivers, read_budgets
from teei_finops.costing.budgets.gate import Cost
from teei_finops.costing.estimate import Estimate, PlanEstimator
from teei_finops.costing.preview.plan import Plan, Resource
from teei_finops.costing.prices.kubernetes_types import CONTAINERS
from teei_finops.costing.prices.price_book import PriceBook, list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.resource_tags import ResourceTags
from teei_finops.costing.usage.profile import NO_USAGE, UsageProfile, read_usage

EXACT = Context(prec=60)  # the decimal context in which every sum and product of a review is exact
NOT_MANAGED = frozenset({"read", "discard"})


@dataclass(frozen=True)
class CostOptions:
    """How to price, and the budgets to compare with; `at` is the day of the review.

    `region` is for resources whose Region is not known; `default_region` for those of default providers only.
    """

    at: date
    book: PriceBook = field(default_factory=list_prices)
    usage: UsageProfile = NO_USAGE
    budgets: Budgets = field(default_factory=Budgets)
    region: str | None = None
    default_region: str | None = None
    free_tier: bool = False

    def pricing(self) -> Pricing:
        """Prices with the discounts, usage and free allowances of one review."""
        return Pricing(
            book=self.book,
            at=self.at,
            usage=self.usage,
            fallback_region=self.region,
            default_region=self.default_region,
            free_tier=self.free_tier,
            discounts=self.budgets.discounts,
        )


class ResourceCost(NamedTuple):
    """A resource of a plan, its estimate, and its cost as budgets count it."""

    resource: Resource
    estimate: Estimate
    cost: Cost


def costs_of(plan: Plan, pricing: Pricing) -> Iterator[ResourceCost]:
    """The cost of each billed resource of a plan; call it in the decimal context `EXACT`."""
    estimator = PlanEstimator(plan, pricing)
    tags = ResourceTags(plan)
    parents = {resource.parent for resource in plan.resources}
    for resource in plan.resources:
        if is_billed(resource) if resource.type not in CONTAINERS else _is_unrendered(resource, parents):
            estimate = estimator.estimate(resource)
            yield ResourceCost(resource, estimate, _cost(plan, resource, estimate, tags))


def is_billed(resource: Resource) -> bool:
    """Whether it can be billed: a cloud resource that this stack manages."""
    return (
        resource.custom
        and resource.op not in NOT_MANAGED
        and not resource.external
        and not resource.type.startswith(("pulumi:pulumi:", "pulumi:providers:"))
    )


def _is_unrendered(container: Resource, parents: set[str]) -> bool:
    """Whether the preview has none of the objects of a chart or of files: they are rendered on deploy."""
    return container.op not in NOT_MANAGED and container.urn not in parents


def with_config_budgets(budgets: Budgets, plans: Iterable[Plan]) -> Budgets:
    """Adds the budgets that the config of stacks declares; of two with one name, that of the file."""
    by_name = {budget.name: budget for budget in budgets.budgets}
    for plan in plans:
        for budget in budgets_of_config(plan):
            by_name.setdefault(budget.name, budget)
    check_waivers(budgets.waivers, tuple(by_name.values()), "budgets")
    return replace(budgets, budgets=tuple(by_name.values()))


def project_options(root: Path, at: date, default_region: str | None = None) -> CostOptions:
    """Options from the files of a project: `usage.yaml` and `budgets.yaml`, each of which may be missing.

    Raises `SettingError` when a file cannot be used.
    """
    book = list_prices()
    usage, budgets = root / "usage.yaml", root / "budgets.yaml"
    return CostOptions(
        at=at,
        book=book,
        usage=read_usage(usage) if usage.is_file() else NO_USAGE,
        budgets=read_budgets(budgets, book) if budgets.is_file() else Budgets(),
        default_region=default_region,
    )


def _cost(plan: Plan, resource: Resource, estimate: Estimate, tags: ResourceTags) -> Cost:
    after = tags.of(resource, resource.new or resource.old)
    return Cost(
        stack=plan.stack,
        region=estimate.region,
        priced=estimate.state != "unpriced",
        before=estimate.before,
        after=estimate.after,
        before_lines=estimate.before_lines,
        after_lines=estimate.after_lines,
        before_tags=tags.of(resource, resource.old) if resource.old and resource.new else after,
        after_tags=after,
    )
