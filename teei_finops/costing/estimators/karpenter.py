"""The nodes that Karpenter may create: the range that the limits of a NodePool allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from teei_finops.costing.amounts import HOURS, NO_PRICE, NOT_IN_PREVIEW, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.instance_hours import LEAST_SPOT_FACTOR
from teei_finops.costing.estimators.pods import quantity
from teei_finops.costing.estimators.vcpus import vcpus

FAMILY = "instance-linux-shared"
VCPU_HOURS = "monthly_vcpu_hours"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
# m6i, c7gn, x2iedn, inf1: the category, the generation and what follows it.
_FAMILY = re.compile(r"([a-z]+)(\d+)(.*)")


@dataclass(frozen=True, slots=True)
class InstanceType:
    """An instance type as the labels of Karpenter describe it, and what one of its vCPUs costs an hour."""

    name: str
    cpus: int
    usd_per_vcpu: Decimal

    def label(self, key: str) -> str | None:
        """The value of a well-known label, None of another one (karpenter.sh, scheduling, 2026-11)."""
        family, _, size = self.name.partition(".")
        match = _FAMILY.match(family)
        category, generation, suffix = match.groups() if match else (family, "", "")
        labels = {
            "node.kubernetes.io/instance-type": self.name,
            "karpenter.k8s.aws/instance-family": family,
            "karpenter.k8s.aws/instance-category": category,
            "karpenter.k8s.aws/instance-generation": generation,
            "karpenter.k8s.aws/instance-size": size,
            "karpenter.k8s.aws/instance-cpu": str(self.cpus),
            "kubernetes.io/arch": "arm64" if suffix.startswith("g") or family == "a1" else "amd64",
        }
        return labels.get(key)


@dataclass(frozen=True, slots=True)
class Requirement:
    key: str
    operator: str
    values: tuple[str, ...]

    def allows(self, value: str | None) -> bool:
        """Whether a node with this value of the label meets it; a label that is not known narrows nothing."""
        if value is None:
            return True
        if self.operator in ("Gt", "Lt") and self.values and self.values[0].isdigit():
            limit = int(self.values[0])
            return value.isdigit() and (int(value) > limit if self.operator == "Gt" else int(value) < limit)
        if self.operator == "In":
            return value in self.values
        return self.operator != "NotIn" or value not in self.values


@estimates("kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.sh/v1beta1:NodePool")
def node_pool(ctx: EstimationContext) -> None:
    """From no node to the limit of vCPUs; without measured usage the middle is expected.

    A vCPU costs between the cheapest and the most expensive instance type that the requirements allow.
    Karpenter chooses the cheapest one that fits; spot is assumed at 10 to 100 % of on demand.
    """
    requirements = [
        Requirement(item.text("key"), item.text("operator"), tuple(item.texts("values")))
        for item in ctx.items("spec.template.spec.requirements")
    ]
    types = [
        item
        for item in ctx.once(f"instance types {ctx.region}", lambda: list(_instance_types(ctx)))
        if all(requirement.allows(item.label(requirement.key)) for requirement in requirements)
    ]
    if not types:
        raise Unpriced(NO_PRICE, f"no instance type in {ctx.region} meets the requirements")
    capacity = [requirement for requirement in requirements if requirement.key == CAPACITY_TYPE]
    is_spot = bool(capacity) and all(requirement.allows("spot") for requirement in capacity)
    lowest = min(item.usd_per_vcpu for item in types)
    highest = max(item.usd_per_vcpu for item in types)
    rate = Range(lowest * (LEAST_SPOT_FACTOR if is_spot else 1), lowest, highest, assumed=True)
    if ctx.from_usage(VCPU_HOURS) is None:
        limit = _limit(ctx)
        ctx.note(f"0 to {limit:f} vCPUs, as its limits allow; set {VCPU_HOURS}")
        hours = ctx.usage(VCPU_HOURS, 0, limit / 2 * HOURS, limit * HOURS)
    else:
        hours = ctx.usage(VCPU_HOURS)
    source = f"assumed from {len(types)} instance types of the price book, {lowest:f} to {highest:f} USD"
    ctx.charge_at("Nodes", "AmazonEC2", hours, "vCPU-hour", rate, source)


def _limit(ctx: EstimationContext) -> Decimal:
    value = ctx.part("spec.limits").value("cpu")
    if value is None:
        raise Unpriced(NOT_IN_PREVIEW, "its nodes: spec.limits.cpu is not set, so their number has no bound")
    return quantity(value, "spec.limits.cpu")


def _instance_types(ctx: EstimationContext) -> Iterator[InstanceType]:
    for name, rate in ctx.rates("AmazonEC2", FAMILY):
        try:
            cpus = vcpus(name)
        except Unpriced:
            continue
        yield InstanceType(name, cpus, (rate.tiers[0].usd / cpus).quantize(Decimal("1e-9")))
