"""Kubernetes objects: their share of the nodes, and what the cluster makes for them."""

from __future__ import annotations

from typing import Any

import pytest

from teei_finops.costing.amounts import Range, Unpriced
from teei_finops.costing.estimate import Estimate
from teei_finops.costing.estimators.pods import quantity
from tests.teei_finops.costing.estimators.bills import EU, UNKNOWN, US, D, bill, bills, price, resource, urn

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
    asked = {"resources": {"requests": {"cpu": cpu, "memory": memory}}}
    return {"spec": {"containers": [{"name": "app", **asked, **container}]}}


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


def near(found: tuple[D, D, D], *expected: D) -> bool:
    wanted = expected if len(expected) == 3 else expected * 3
    return all(abs(one - other) < SMALL for one, other in zip(found, wanted, strict=True))


def test_a_deployment_takes_requests_times_replicas_of_the_nodes():
    it = bill(DEPLOYMENT, deployment(replicas=4))
    # 4 pods of 0.5 vCPU and 1 GB: 4 × (4.5 + 1) of 26 parts of a node.
    assert near(share(it), 4 * D("5.5") / M6I_LARGE * 730 * hour())


def test_the_horizontal_pod_autoscaler_gives_the_range():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    scaler = resource(HPA, hpa("api", 2, 20), name="api-scaler")
    assert near(share(bill(DEPLOYMENT, deployment(replicas=6), scaler)), 2 * one, 6 * one, 20 * one)
    assert near(share(bill(DEPLOYMENT, deployment(replicas=1), scaler)), 2 * one, 2 * one, 20 * one)
    assert near(share(bill(DEPLOYMENT, deployment(), scaler)), 2 * one, 2 * one, 20 * one)


def test_a_scaler_with_its_ends_the_wrong_way_round_still_gives_a_range():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    it = bill(DEPLOYMENT, deployment(replicas=4), resource(HPA, hpa("api", 6, 2), name="s"))
    assert near(share(it), 6 * one)


def test_a_scaler_of_another_namespace_or_kind_is_not_its_own():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    others = (
        resource(HPA, hpa("api", 5, 50, namespace="blog"), name="a"),
        resource(HPA, hpa("api", 5, 50, kind="StatefulSet"), name="b"),
        resource(HPA, hpa("web", 5, 50), name="c"),
    )
    assert near(share(bill(DEPLOYMENT, deployment(replicas=3), *others)), 3 * one)


def test_two_workloads_of_one_name_keep_their_own_scaler():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    found = bills(
        resource(DEPLOYMENT, deployment(namespace="shop"), name="shop"),
        resource(DEPLOYMENT, deployment(namespace="blog"), name="blog"),
        resource(HPA, hpa("api", 1, 3, namespace="shop"), name="hpa-shop"),
        resource(HPA, hpa("api", 2, 9, namespace="blog"), name="hpa-blog"),
    )
    assert near(share(found[0]), one, one, 3 * one)
    assert near(share(found[1]), 2 * one, 2 * one, 9 * one)


def test_a_scaler_of_a_target_not_yet_named_is_found_by_dependency():
    one = D("5.5") / M6I_LARGE * 730 * hour()
    inputs = hpa("api", 2, 8)
    inputs["spec"]["scaleTargetRef"]["name"] = UNKNOWN
    scaler = resource(HPA, inputs, name="scaler", made_from={"spec": (DEPLOYMENT, "it")})
    unnamed = {"metadata": {"namespace": "shop"}, "spec": {"replicas": 4, "template": pod()}}
    assert near(share(bill(DEPLOYMENT, unnamed, scaler)), 2 * one, 4 * one, 8 * one)
    lost = resource(HPA, inputs, name="scaler")
    it = bill(DEPLOYMENT, unnamed, lost)
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
    it = bill(DEPLOYMENT, deployment(replicas=3), resource(SCALED_OBJECT, keda, name="s"))
    assert near(share(it), D(0), 3 * one, 20 * one)
    del keda["spec"]["maxReplicaCount"]
    assert near(
        share(bill(DEPLOYMENT, deployment(), resource(SCALED_OBJECT, keda, name="s")))[:3],
        D(0),
        2 * one,
        100 * one,
    )


@pytest.mark.parametrize(
    ("kind", "weight"),
    [("c6i.xlarge", 4 * 11), ("r6g.2xlarge", 8 * 17), ("t3.large", 2 * 9 + 8)],
)
def test_the_rate_is_that_of_the_plans_node_group(kind, weight):
    group = resource(NODE_GROUP, {"instanceTypes": [kind], "region": EU}, name="nodes")
    it = bill(DEPLOYMENT, deployment(replicas=1), group)
    assert near(share(it), D("5.5") / weight * 730 * hour(kind, EU))
    assert any(kind in note for note in it.notes)


@pytest.mark.parametrize("kinds", [["g5.xlarge"], ["m9z.large"], UNKNOWN, None])
def test_a_node_group_of_unknown_shape_or_price_gives_way_to_the_reference_node(kinds):
    group = resource(NODE_GROUP, {"instanceTypes": kinds, "region": EU}, name="nodes")
    it = bill(DEPLOYMENT, deployment(replicas=1), group)
    assert near(share(it), D("5.5") / M6I_LARGE * 730 * hour(region=EU))


def test_the_region_is_that_of_the_plans_only_aws_provider_else_the_configs():
    def provider(name: str, region: str) -> dict[str, Any]:
        token = "pulumi:providers:aws"
        state = {"urn": urn(token, name), "custom": True, "type": token, "inputs": {"region": region}}
        return {"op": "same", "urn": state["urn"], "newState": state}

    cluster = f"{urn('pulumi:providers:kubernetes', 'cluster')}::id"
    api = resource(DEPLOYMENT, deployment(replicas=1), provider=cluster)
    one = D("5.5") / M6I_LARGE * 730
    assert near(share(bills(api, provider("main", EU))[0]), one * hour(region=EU))
    claim = {"spec": {"resources": {"requests": {"storage": "10Gi"}}}}
    volume = resource("kubernetes:core/v1:PersistentVolumeClaim", claim, provider=cluster)
    gb = price("AmazonEC2", "ebs", "gp3-storage", EU)
    assert near(share(bills(volume, provider("main", EU))[0]), 10 * gb)
    two = (provider("main", EU), provider("billing", US))
    assert near(share(bills(api, *two, region=EU)[0]), one * hour(region=EU))
    nowhere = bills(api, *two, region="")[0]
    assert nowhere.allocation is None
    assert nowhere.notes == (
        "share of the nodes: no price in this region: "
        "the Region of its nodes is not known; set one with --region",
    )


def test_init_containers_count_only_where_they_need_more_and_sidecars_always():
    spec = pod("500m", "1Gi")["spec"]
    ask = {"resources": {"requests": {"cpu": "2", "memory": "512Mi"}}}
    spec["initContainers"] = [{"name": "migrate", **ask}]
    it = bill("kubernetes:core/v1:Pod", {"metadata": {"name": "p"}, "spec": spec})
    assert near(share(it), (2 * 9 + D(1)) / M6I_LARGE * 730 * hour())
    spec["initContainers"] = [{"name": "proxy", "restartPolicy": "Always", **ask}]
    it = bill("kubernetes:core/v1:Pod", {"metadata": {"name": "p"}, "spec": spec})
    assert near(share(it), (D("2.5") * 9 + D("1.5")) / M6I_LARGE * 730 * hour())


def test_limits_stand_in_for_requests_and_silence_is_assumed_not_zero():
    limited = deployment(replicas=1)
    limited["spec"]["template"]["spec"]["containers"][0]["resources"] = {
        "limits": {"cpu": 1, "memory": "2Gi"}
    }
    assert near(share(bill(DEPLOYMENT, limited)), D(11) / M6I_LARGE * 730 * hour())
    silent = deployment(replicas=1)
    del silent["spec"]["template"]["spec"]["containers"][0]["resources"]
    it = bill(DEPLOYMENT, silent)
    low, expected, high = share(it)
    assert low == 0 < expected < high
    assert it.allocation is not None
    assert it.allocation.assumed
    assert "app requests no cpu: a small range is assumed" in it.notes


def test_a_daemon_set_runs_on_each_node():
    groups = [
        resource(
            NODE_GROUP,
            {
                "instanceTypes": ["m6i.large"],
                "scalingConfig": {"minSize": 1, "desiredSize": 2, "maxSize": 6},
            },
            name=f"nodes-{n}",
        )
        for n in range(2)
    ]
    one = D("5.5") / M6I_LARGE * 730 * hour()
    it = bill("kubernetes:apps/v1:DaemonSet", deployment(), *groups)
    assert near(share(it), 2 * one, 4 * one, 12 * one)


def test_a_cron_job_takes_what_its_runs_take():
    spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": pod(), "completions": 2}}}
    minute = 2 * D("5.5") / M6I_LARGE * 730 * hour() / 60
    it = bill("kubernetes:batch/v1:CronJob", {"metadata": {"name": "c"}, "spec": spec})
    assert near(share(it), minute, 5 * minute, 60 * minute)
    spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] = 120
    it = bill("kubernetes:batch/v1:CronJob", {"metadata": {"name": "c"}, "spec": spec})
    assert near(share(it), minute, 2 * minute, 2 * minute)
    suspended = bill("kubernetes:batch/v1:CronJob", {"spec": {**spec, "suspend": True}})
    assert suspended.allocation is None
    once = bill("kubernetes:batch/v1:Job", {"metadata": {"name": "j"}, "spec": {"template": pod()}})
    assert near(share(once), *(D(n) / 60 * D("5.5") / M6I_LARGE * hour() for n in (1, 5, 60)))


def test_volume_claims_are_volumes_of_their_class():
    gb = price("AmazonEC2", "ebs", "gp3-storage")
    claim: dict[str, Any] = {"spec": {"resources": {"requests": {"storage": "100Gi"}}}}
    token = "kubernetes:core/v1:PersistentVolumeClaim"
    assert near(share(bill(token, claim)), 100 * gb)
    cold = resource(
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {"metadata": {"name": "cold"}, "provisioner": "ebs.csi.aws.com", "parameters": {"type": "sc1"}},
        name="cold",
    )
    claim["spec"]["storageClassName"] = "cold"
    assert near(share(bill(token, claim, cold)), 100 * price("AmazonEC2", "ebs", "sc1-storage"))
    stateful = deployment(
        replicas=3, volumeClaimTemplates=[{"spec": {"resources": {"requests": {"storage": "10Gi"}}}}]
    )
    it = bill("kubernetes:apps/v1:StatefulSet", stateful)
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
def test_a_service_of_type_load_balancer_takes_one(inputs, kind):
    it = bill(SERVICE, inputs)
    assert near(share(it), 730 * price("ElasticLoadBalancing", kind, "hour"))
    assert "not in the totals" in it.notes[0]


def test_other_objects_are_free_without_a_share():
    for token, inputs in (
        (SERVICE, {"spec": {"type": "ClusterIP"}}),
        ("kubernetes:core/v1:ConfigMap", {}),
        ("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"ingressClassName": "nginx"}}),
        ("kubernetes:helm.sh/v3:Release", {"chart": "loki"}),
    ):
        it = bill(token, inputs)
        assert (it.state, it.after.high, it.allocation) == ("free", 0, None)


def test_an_ingress_of_the_controller_takes_an_application_load_balancer():
    rate = price("ElasticLoadBalancing", "application", "hour")
    inputs: dict[str, Any] = {"spec": {"ingressClassName": "alb"}}
    assert near(share(bill("kubernetes:networking.k8s.io/v1:Ingress", inputs)), 730 * rate)
    inputs["metadata"] = {"annotations": {"alb.ingress.kubernetes.io/group.name": "shop"}}
    it = bill("kubernetes:networking.k8s.io/v1:Ingress", inputs)
    assert near(share(it), D(0), 730 * rate, 730 * rate)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        (2, "2"),
        (0.25, "0.25"),
        ("1Gi", 1024**3),
        ("1.5M", "1500000"),
        ("1e3", "1000"),
        ("100u", "0.0001"),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(text, value):
    assert quantity(text, "here") == D(value)


@pytest.mark.parametrize("text", ["", "lots", "1.2.3", "5 Gi", True])
def test_what_is_no_quantity_says_where(text):
    with pytest.raises(Unpriced, match="here is not a quantity"):
        quantity(text, "here")
