"""The resource requests of a pod, and their share of a node."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from teei_finops.costing.amounts import NOT_VALID, NOTHING, Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.vcpus import vcpus
from teei_finops.costing.inputs import Inputs

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
# Used for a plan without a node group of a known size and price.
REFERENCE_NODE = "m6i.large"
REFERENCE_WEIGHT = Decimal(2 * 9 + 8)  # 2 vCPUs, 8 GB
# A vCPU weighs as much as 9 GB of memory: the ratio by which AWS's split cost allocation data divides a node
# among its pods (AWS Data Exports user guide, 2026-10).
CPU_WEIGHT = 9
GB_PER_VCPU = {"c": Decimal(2), "m": Decimal(4), "r": Decimal(8)}
BURSTABLE_GB = {"medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}  # t3, t3a, t4g
# A container without requests: from best effort to a small service.
DEFAULT_CPU = Range(Decimal(0), Decimal("0.1"), Decimal("0.5"), assumed=True)
DEFAULT_GB = Range(Decimal(0), Decimal("0.125"), Decimal("0.5"), assumed=True)

_QUANTITY = re.compile(r"([0-9.]+(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?")
_SUFFIXES = {
    **{suffix: Decimal(1000) ** (power - 3) for power, suffix in enumerate(("n", "u", "m"))},
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}


@dataclass(frozen=True, slots=True)
class Requests:
    """vCPUs and GB (GiB) that one pod requests."""

    cpu: Range
    gb: Range

    def __add__(self, other: Requests) -> Requests:
        return Requests(self.cpu + other.cpu, self.gb + other.gb)

    @property
    def weight(self) -> Range:
        return self.cpu * CPU_WEIGHT + self.gb


@dataclass(frozen=True, slots=True)
class Node:
    """An instance type, the Region of its price, and its weight: what its pods can request in total."""

    kind: str
    region: str
    weight: Decimal


NO_REQUESTS = Requests(NOTHING, NOTHING)


def quantity(value: Any, where: str) -> Decimal:
    """A Kubernetes quantity (`500m`, `2`, `1.5Gi`, `1e3`) in base units: vCPUs or bytes."""
    match = _QUANTITY.fullmatch(str(value).strip())
    try:
        if match and not isinstance(value, bool):
            return Decimal(match[1]) * _SUFFIXES.get(match[2], Decimal(1))
    except InvalidOperation:
        pass
    raise Unpriced(NOT_VALID, f"{where} is not a quantity: {value!r}")


def requests(ctx: EstimationContext, spec: Inputs) -> Requests:
    """What the scheduler reserves: containers and sidecars, or an init container that requests more."""
    containers = sidecars = NO_REQUESTS
    largest = NO_REQUESTS
    for container in spec.items("initContainers"):
        requested = _of_container(ctx, container)
        if container.text("restartPolicy", "") == "Always":
            sidecars = sidecars + requested
        else:
            largest = _larger(largest, sidecars + requested)
    for container in spec.items("containers"):
        containers = containers + _of_container(ctx, container)
    return _larger(containers + sidecars, largest)


def charge_share(ctx: EstimationContext, what: str, pods: Range, requested: Requests, hours: Range) -> None:
    """Charges `pods` for `hours` each as their share of node hours, at the node's on-demand price."""
    node = ctx.once("node", lambda: _node(ctx))
    share = pods * requested.weight * hours / node.weight
    ctx.charge(
        f"{what}, share of {node.kind}",
        "AmazonEC2",
        "instance-linux-shared",
        node.kind,
        share,
        region=node.region,
    )
    ctx.note(
        f"a share of {node.kind} nodes, which are counted separately; a vCPU weighs as much as 9 GB of memory"
    )


def _node(ctx: EstimationContext) -> Node:
    """The plan's first node group where its instance type has a known size, else the reference node."""
    group = ctx.first(NODE_GROUP)
    if group is not None:
        with suppress(Unpriced):
            kind = next(iter(group.texts("instanceTypes")), "")
            weight = _weight(kind)
            group.rate("AmazonEC2", "instance-linux-shared", kind)
            if weight is not None:
                return Node(kind, ctx.region, weight)
    return Node(REFERENCE_NODE, ctx.region, REFERENCE_WEIGHT)


def _weight(kind: str) -> Decimal | None:
    family, _, size = kind.partition(".")
    letters = re.match(r"[a-z]+", family)
    if family in ("t3", "t3a", "t4g") and size in BURSTABLE_GB:
        return vcpus(kind) * CPU_WEIGHT + Decimal(BURSTABLE_GB[size])
    if letters and letters[0] in GB_PER_VCPU:
        cpus = vcpus(kind)
        return cpus * (CPU_WEIGHT + GB_PER_VCPU[letters[0]])
    return None


def _of_container(ctx: EstimationContext, container: Inputs) -> Requests:
    name = container.text("name", "a container")
    quantities: list[Range] = []
    for resource, unit, default in (("cpu", 1, DEFAULT_CPU), ("memory", 1024**3, DEFAULT_GB)):
        for path in (f"resources.requests.{resource}", f"resources.limits.{resource}"):
            value = container.value(path)
            if value is not None:
                quantities.append(Range.of(quantity(value, container.where(path)) / unit))
                break
        else:
            ctx.note(f"{name} requests no {resource}: a small range is assumed")
            quantities.append(default)
    return Requests(*quantities)


def _larger(one: Requests, other: Requests) -> Requests:
    def larger(a: Range, b: Range) -> Range:
        return Range(
            max(a.low, b.low), max(a.expected, b.expected), max(a.high, b.high), a.assumed or b.assumed
        )

    return Requests(larger(one.cpu, other.cpu), larger(one.gb, other.gb))
