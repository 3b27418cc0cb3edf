"""Kubernetes objects and their share of the nodes, for the tests of Kubernetes costs."""

from __future__ import annotations

from typing import Any

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import Estimate
from tests.teei_finops.costing.estimators.estimate_helpers import US, D, price

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
SERVICE = "kubernetes:core/v1:Service"
# A vCPU weighs 9, a GB 1: m6i.large has 2 vCPUs and 8 GB.
M6I_LARGE = 2 * 9 + 8
SMALL = D("0.0000001")


def hour(kind: str = "m6i.large", region: str = US) -> D:
    return price("AmazonEC2", "instance-linux-shared", kind, region)


def pod(cpu: str = "500m", memory: str = "1Gi", **container: Any) -> dict[str, Any]:
    requested = {"resources": {"requests": {"cpu": cpu, "memory": memory}}}
    return {"spec": {"containers": [{"name": "app", **requested, **container}]}}


def deployment(name: str = "api", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"template": pod(), **spec}}


def hpa(target: str, low: int, high: int, namespace: str = "shop", **reference: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": target, "namespace": namespace},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": target, **reference},
            "minReplicas": low,
            "maxReplicas": high,
        },
    }


def share(it: Estimate) -> tuple[D, D, D]:
    """(low, expected, high) of the allocation, once everything else that must hold was looked at."""
    assert (it.state, it.after, it.before, it.region) == ("free", Range(D(0), D(0), D(0)), it.after, None)
    assert it.after_lines == ()
    assert it.allocation is not None, it.notes
    return it.allocation.low, it.allocation.expected, it.allocation.high


def near(actual: tuple[D, D, D], *expected: D) -> bool:
    values = expected if len(expected) == 3 else expected * 3
    return all(abs(one - other) < SMALL for one, other in zip(actual, values, strict=True))
