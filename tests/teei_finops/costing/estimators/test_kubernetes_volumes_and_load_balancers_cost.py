"""Volumes and load balancers that a cluster creates for Kubernetes objects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    D,
    estimate_of,
    price,
    resource,
)
from tests.teei_finops.costing.estimators.kubernetes_helpers import (
    M6I_LARGE,
    SERVICE,
    deployment,
    hour,
    near,
    share,
)


def test_volume_claims_are_volumes_of_their_class():
    gb = price("AmazonEC2", "ebs", "gp3-storage")
    claim: dict[str, Any] = {"spec": {"resources": {"requests": {"storage": "100Gi"}}}}
    token = "kubernetes:core/v1:PersistentVolumeClaim"
    assert near(share(estimate_of(token, claim)), 100 * gb)
    cold = resource(
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {"metadata": {"name": "cold"}, "provisioner": "ebs.csi.aws.com", "parameters": {"type": "sc1"}},
        name="cold",
    )
    claim["spec"]["storageClassName"] = "cold"
    assert near(share(estimate_of(token, claim, cold)), 100 * price("AmazonEC2", "ebs", "sc1-storage"))
    stateful = deployment(
        replicas=3, volumeClaimTemplates=[{"spec": {"resources": {"requests": {"storage": "10Gi"}}}}]
    )
    it = estimate_of("kubernetes:apps/v1:StatefulSet", stateful)
    assert near(share(it), 3 * D("5.5") / M6I_LARGE * 730 * hour() + 30 * gb)


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        ({"spec": {"type": "LoadBalancer"}}, "classic"),
        ({"spec": {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"}}, "network"),
        (
            {
                "metadata": {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}},
                "spec": {"type": "LoadBalancer"},
            },
            "network",
        ),
    ],
)
def test_a_service_of_type_load_balancer_has_one(inputs, kind):
    it = estimate_of(SERVICE, inputs)
    assert near(share(it), 730 * price("ElasticLoadBalancing", kind, "hour"))
    assert "not in the totals" in it.notes[0]


def test_other_objects_are_free_without_a_share():
    for token, inputs in (
        (SERVICE, {"spec": {"type": "ClusterIP"}}),
        ("kubernetes:core/v1:ConfigMap", {}),
        ("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"ingressClassName": "nginx"}}),
        ("kubernetes:helm.sh/v3:Release", {"chart": "loki"}),
    ):
        it = estimate_of(token, inputs)
        assert (it.state, it.after.high, it.allocation) == ("free", 0, None)


def test_an_ingress_of_the_controller_has_an_application_load_balancer():
    rate = price("ElasticLoadBalancing", "application", "hour")
    inputs: dict[str, Any] = {"spec": {"ingressClassName": "alb"}}
    assert near(share(estimate_of("kubernetes:networking.k8s.io/v1:Ingress", inputs)), 730 * rate)
    inputs["metadata"] = {"annotations": {"alb.ingress.kubernetes.io/group.name": "shop"}}
    it = estimate_of("kubernetes:networking.k8s.io/v1:Ingress", inputs)
    assert near(share(it), D(0), 730 * rate, 730 * rate)
