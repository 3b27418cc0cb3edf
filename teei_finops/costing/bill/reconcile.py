"""Compares a bill with what a review estimates for the same resources and the same time, by service.

The difference is explained exactly: its parts add up to what was billed less what was estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from teei_finops.costing.amounts import HOURS, ZERO, Line
from teei_finops.costing.bill.focus import Bill, Charge
from teei_finops.costing.preview.plan import Resource, State

USAGE = "usage differs from the estimate"
UNPRICED = "resources that the review has no price for"
NOT_IN_PREVIEW = "resources that are not in the preview"
NO_RESOURCE = "charges without a resource"
DISCOUNTS = "private discounts"
COMMITMENTS = "commitments"
OTHER = "taxes, credits, fees and refunds"
PARTS = (USAGE, UNPRICED, NOT_IN_PREVIEW, NO_RESOURCE, DISCOUNTS, COMMITMENTS, OTHER)


@dataclass(frozen=True)
class EstimatedResource:
    """A resource of the preview; `lines` are its charges in a month, None where it has no price."""

    resource: Resource
    lines: tuple[Line, ...] | None


@dataclass
class ServiceComparison:
    """US dollars of one service in the time of the bill: `estimated` at list prices, `billed` amortized.

    `parts` explain the difference, by `PARTS`.
    """

    service: str
    estimated: Decimal = ZERO
    billed: Decimal = ZERO
    parts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(PARTS, ZERO))


@dataclass(frozen=True)
class ResourceComparison:
    """US dollars of one resource in the time of the bill, both at list prices."""

    name: str
    type: str
    estimated: Decimal
    billed: Decimal

    @property
    def difference(self) -> Decimal:
        return self.billed - self.estimated


@dataclass(frozen=True)
class Reconciliation:
    """`services` and `resources` have the largest difference first."""

    services: list[ServiceComparison]
    resources: list[ResourceComparison]


def reconcile(bill: Bill, estimated: Iterable[EstimatedResource]) -> Reconciliation:
    """The comparison by service, and of each resource that has both an estimate and a charge or only one."""
    estimated = list(estimated)
    share = bill.hours / HOURS
    services: dict[str, ServiceComparison] = {}
    by_resource: dict[str, Decimal] = {}
    for item in estimated:
        for line in item.lines or ():
            amount = line.at_list_price.expected * share
            service = services.setdefault(line.service, ServiceComparison(line.service))
            service.estimated += amount
            service.parts[USAGE] -= amount
            by_resource[item.resource.urn] = by_resource.get(item.resource.urn, ZERO) + amount
    owners = {identity: item for item in estimated for identity in identities(item.resource)}
    billed_by_resource: dict[str, Decimal] = {}
    for charge in bill.charges:
        service = services.setdefault(charge.service, ServiceComparison(charge.service))
        service.billed += charge.effective
        if charge.category != "Usage":
            service.parts[OTHER] += charge.effective
            continue
        service.parts[DISCOUNTS] += charge.contracted - charge.list_cost
        service.parts[COMMITMENTS] += charge.effective - charge.contracted
        service.parts[_part_of(charge, owners)] += charge.list_cost
        owner = owners.get(charge.resource)
        if owner is not None and owner.lines is not None:
            urn = owner.resource.urn
            billed_by_resource[urn] = billed_by_resource.get(urn, ZERO) + charge.list_cost
    resources = [
        ResourceComparison(
            item.resource.name,
            item.resource.type,
            by_resource.get(item.resource.urn, ZERO),
            billed_by_resource.get(item.resource.urn, ZERO),
        )
        for item in estimated
        if item.resource.urn in by_resource or item.resource.urn in billed_by_resource
    ]
    return Reconciliation(
        sorted(services.values(), key=lambda item: (-abs(item.billed - item.estimated), item.service)),
        sorted(resources, key=lambda item: (-abs(item.difference), item.name)),
    )


def identities(resource: Resource) -> Iterator[str]:
    """What a bill may call a deployed resource: its id, its ARN, and the volumes of an instance."""
    state = resource.old or resource.new or State({})
    outputs = state.outputs
    others = outputs.get("ebsBlockDevices")
    devices = [outputs.get("rootBlockDevice"), *(others if isinstance(others, list) else ())]
    volumes = [device.get("volumeId") for device in devices if isinstance(device, dict)]
    for value in (state.id, outputs.get("arn"), *volumes):
        if isinstance(value, str) and value:
            yield value


def _part_of(charge: Charge, owners: Mapping[str, EstimatedResource]) -> str:
    if not charge.resource:
        return NO_RESOURCE
    owner = owners.get(charge.resource)
    if owner is None:
        return NOT_IN_PREVIEW
    return USAGE if owner.lines is not None else UNPRICED
