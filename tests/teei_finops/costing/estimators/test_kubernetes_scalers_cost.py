"""The range of replicas that a scaler gives a Kubernetes workload."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    UNKNOWN,
    D,
    estimate_of,
    estimates_of,
    resource,
)
from tests.teei_finops.costing.estimators.kubernetes_helpers import (
    DEPLOYMENT,
    HPA,
    M6I_LARGE,
    SCALED_OBJECT,
    deployment,
    hour,
    hpa,
    near,
    pod,
    share,
)


def test_the_horizontal_pod_autoscaler_gives_the_range():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    scaler = resource(HPA, hpa("api", 2, 20), name="api-scaler")
    assert near(share(estimate_of(DEPLOYMENT, deployment(replicas=6), scaler)), 2 * one, 6 * one, 20 * one)
    assert near(share(estimate_of(DEPLOYMENT, deployment(replicas=1), scaler)), 2 * one, 2 * one, 20 * one)
    assert near(share(estimate_of(DEPLOYMENT, deployment(), scaler)), 2 * one, 2 * one, 20 * one)


def test_a_scaler_with_its_ends_the_wrong_way_round_still_gives_a_range():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    it = estimate_of(DEPLOYMENT, deployment(replicas=4), resource(HPA, hpa("api", 6, 2), name="s"))
    assert near(share(it), 6 * one)


def test_a_scaler_of_another_namespace_or_kind_is_not_its_own():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    scalers = (
        resource(HPA, hpa("api", 5, 50, namespace="blog"), name="a"),
        resource(HPA, hpa("api", 5, 50, kind="StatefulSet"), name="b"),
        resource(HPA, hpa("web", 5, 50), name="c"),
    )
    assert near(share(estimate_of(DEPLOYMENT, deployment(replicas=3), *scalers)), 3 * one)


def test_two_workloads_of_one_name_keep_their_own_scaler():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    workloads = estimates_of(
        resource(DEPLOYMENT, deployment(namespace="shop"), name="shop"),
        resource(DEPLOYMENT, deployment(namespace="blog"), name="blog"),
        resource(HPA, hpa("api", 1, 3, namespace="shop"), name="hpa-shop"),
        resource(HPA, hpa("api", 2, 9, namespace="blog"), name="hpa-blog"),
    )
    assert near(share(workloads[0]), one, one, 3 * one)
    assert near(share(workloads[1]), 2 * one, 2 * one, 9 * one)


def test_a_scaler_of_a_target_with_an_unknown_name_is_resolved_by_dependency():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    inputs = hpa("api", 2, 8)
    inputs["spec"]["scaleTargetRef"]["name"] = UNKNOWN
    scaler = resource(HPA, inputs, name="scaler", depends_on={"spec": (DEPLOYMENT, "it")})
    unnamed = {"metadata": {"namespace": "shop"}, "spec": {"replicas": 4, "template": pod()}}
    assert near(share(estimate_of(DEPLOYMENT, unnamed, scaler)), 2 * one, 4 * one, 8 * one)
    lost = resource(HPA, inputs, name="scaler")
    it = estimate_of(DEPLOYMENT, unnamed, lost)
    assert it.allocation is None
    assert it.notes[0].startswith("share of the nodes: value unknown until deploy: spec.scaleTargetRef.name")


def test_a_scaled_object_may_go_down_to_idle():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    keda = {
        "metadata": {"name": "s", "namespace": "shop"},
        "spec": {
            "scaleTargetRef": {"name": "api"},
            "minReplicaCount": 2,
            "maxReplicaCount": 20,
            "idleReplicaCount": 0,
        },
    }
    it = estimate_of(DEPLOYMENT, deployment(replicas=3), resource(SCALED_OBJECT, keda, name="s"))
    assert near(share(it), D(0), 3 * one, 20 * one)
    del keda["spec"]["maxReplicaCount"]
    assert near(
        share(estimate_of(DEPLOYMENT, deployment(), resource(SCALED_OBJECT, keda, name="s")))[:3],
        D(0),
        2 * one,
        100 * one,
    )
