"""A Karpenter NodePool costs what its limits allow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import UNKNOWN, D, estimate_of, near_cents, price

NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
TYPE = "node.kubernetes.io/instance-type"


def node_pool(limits: dict[str, Any] | None, *requirements: tuple[str, str, list[Any]]) -> dict[str, Any]:
    items = [{"key": key, "operator": operator, "values": values} for key, operator, values in requirements]
    return {"spec": {"limits": limits, "template": {"spec": {"requirements": items}}}}


def per_vcpu(kind: str, cpus: int) -> D:
    return price("AmazonEC2", "instance-linux-shared", kind) / cpus


def test_a_node_pool_costs_between_nothing_and_its_limit():
    it = estimate_of(NODE_POOL, node_pool({"cpu": "100"}, (TYPE, "In", ["m6i.large"])))
    assert (it.state, it.region) == ("usage", "us-east-1")
    assert it.after.low == 0
    assert near_cents(it.after.expected, 50 * 730 * per_vcpu("m6i.large", 2))
    assert near_cents(it.after.high, 100 * 730 * per_vcpu("m6i.large", 2))
    assert it.after.assumed


def test_the_price_of_a_vcpu_ranges_over_the_instance_types_that_the_requirements_allow():
    pool = node_pool(
        {"cpu": 8},
        ("karpenter.k8s.aws/instance-family", "In", ["m6i", "r6i", "c6i"]),
        ("karpenter.k8s.aws/instance-category", "NotIn", ["c"]),
        ("karpenter.k8s.aws/instance-size", "In", ["large"]),
    )
    it = estimate_of(NODE_POOL, pool, usage={"monthly_vcpu_hours": 1000})
    assert near_cents(it.after.low, 1000 * per_vcpu("m6i.large", 2))
    assert near_cents(it.after.expected, 1000 * per_vcpu("m6i.large", 2))
    assert near_cents(it.after.high, 1000 * per_vcpu("r6i.large", 2))


@pytest.mark.parametrize(
    ("requirement", "allowed"),
    [
        (("kubernetes.io/arch", "In", ["arm64"]), "m6g.large"),
        (("kubernetes.io/arch", "In", ["amd64"]), "m5.large"),
        (("karpenter.k8s.aws/instance-generation", "Gt", ["5"]), "m6g.large"),
        (("karpenter.k8s.aws/instance-generation", "Lt", ["6"]), "m5.large"),
        (("karpenter.k8s.aws/instance-family", "NotIn", ["m5"]), "m6g.large"),
    ],
)
def test_requirements_narrow_the_instance_types(requirement, allowed):
    pool = node_pool({"cpu": 8}, (TYPE, "In", ["m5.large", "m6g.large"]), requirement)
    it = estimate_of(NODE_POOL, pool, usage={"monthly_vcpu_hours": 1000})
    assert near_cents(it.after.high, 1000 * per_vcpu(allowed, 2))
    assert it.after.low == it.after.high


def test_spot_costs_from_a_tenth_of_on_demand():
    pool = node_pool(
        {"cpu": 8}, (TYPE, "In", ["m5.large"]), ("karpenter.sh/capacity-type", "In", ["spot", "on-demand"])
    )
    it = estimate_of(NODE_POOL, pool, usage={"monthly_vcpu_hours": 1000})
    assert near_cents(it.after.low, 100 * per_vcpu("m5.large", 2))
    assert near_cents(it.after.high, 1000 * per_vcpu("m5.large", 2))


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (node_pool(None), "not in the preview: its nodes: spec.limits.cpu is not set"),
        (node_pool({"memory": "100Gi"}), "not in the preview: its nodes: spec.limits.cpu is not set"),
        (node_pool({"cpu": UNKNOWN}), "value unknown until deploy"),
        (node_pool({"cpu": "many"}), "value not valid: spec.limits.cpu is not a quantity"),
        (node_pool({"cpu": 8}, (TYPE, "In", ["m99.huge"])), "no price in this region: no instance type"),
        (node_pool({"cpu": 8}, (TYPE, "In", [UNKNOWN])), "value unknown until deploy"),
    ],
)
def test_a_node_pool_without_a_bound_or_a_price_is_unpriced(pool, reason):
    it = estimate_of(NODE_POOL, pool)
    assert it.state == "unpriced"
    assert it.reason.startswith(reason)
