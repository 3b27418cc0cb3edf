"""Autoscalers, disruption budgets and spot nodes, validated against the schemas of the API server."""

import kubernetes_validate
import pytest
from cloudcoil.models.keda.v1alpha1 import ScaledObject

from tests.components.recorded import record
from tests.components.stack_config import STACKS

GUIDE = {
    "teei-api-gateway": (3, 10, 70),
    "teei-q2q-ai": (2, 15, 65),
    "teei-data-residency": (2, 10, 70),
    "teei-analytics": (2, 8, 70),
}


def hpas(stack):
    resources = record(stack).of("kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    return {
        resource.inputs["spec"]["scaleTargetRef"]["name"]: resource.inputs["spec"] for resource in resources
    }


def scaled_object(stack):
    return record(stack).one("kubernetes:keda.sh/v1alpha1:ScaledObject").inputs


def row(spec):
    (metric,) = spec["metrics"]
    return spec["minReplicas"], spec["maxReplicas"], metric["resource"]["target"]["averageUtilization"]


@pytest.mark.parametrize("stack", ["prod", "prod-eu"])
def test_the_services_of_the_guide_scale_as_in_its_table_and_all_others_alike(stack):
    rows = {target: row(spec) for target, spec in hpas(stack).items()}
    assert {target: rows.pop(target) for target in GUIDE} == GUIDE
    assert len(rows) >= 1
    assert set(rows.values()) == {(2, 6, 70)}


@pytest.mark.parametrize("stack", STACKS)
def test_scaling_down_is_slower_than_scaling_up(stack):
    for spec in hpas(stack).values():
        behavior = spec["behavior"]
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
        assert behavior["scaleUp"]["stabilizationWindowSeconds"] < 300
        assert behavior["scaleDown"]["policies"] == [{"type": "Percent", "value": 25, "periodSeconds": 60}]


@pytest.mark.parametrize("stack", ["prod", "prod-eu"])
def test_reporting_scales_by_queue_length_and_cpu(stack):
    inputs = scaled_object(stack)
    assert inputs["metadata"]["name"] == "teei-reporting-nats-scaler"
    spec = inputs["spec"]
    assert spec["scaleTargetRef"]["name"] == "teei-reporting"
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["cooldownPeriod"]) == (2, 20, 300)
    assert spec["fallback"] == {"failureThreshold": 3, "replicas": 6}
    nats, cpu = spec["triggers"]
    assert nats.keys() == {"type", "metadata"}
    assert nats["type"] == "nats-jetstream"
    assert nats["metadata"] == {
        "natsServerMonitoringEndpoint": "nats.messaging.svc.cluster.local:8222",
        "account": "$G",
        "stream": "reporting-requests",
        "consumer": "reporting-service",
        "lagThreshold": "100",
    }
    assert cpu == {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}


@pytest.mark.parametrize("stack", STACKS)
def test_no_workload_has_two_autoscalers(stack):
    assert scaled_object(stack)["spec"]["scaleTargetRef"]["name"] not in hpas(stack)


@pytest.mark.parametrize("stack", STACKS)
def test_every_scaled_workload_loses_at_most_one_pod_at_a_time(stack):
    targets = {*hpas(stack), "teei-reporting"}
    budgets = record(stack).of("kubernetes:policy/v1:PodDisruptionBudget")
    selected = {resource.inputs["spec"]["selector"]["matchLabels"]["app"] for resource in budgets}
    assert selected == targets
    assert {resource.inputs["spec"]["maxUnavailable"] for resource in budgets} == {1}


@pytest.mark.parametrize("stack", STACKS)
def test_unready_pods_never_block_the_drain_of_a_node(stack):
    budgets = record(stack).of("kubernetes:policy/v1:PodDisruptionBudget")
    assert {resource.inputs["spec"].get("unhealthyPodEvictionPolicy") for resource in budgets} == {
        "AlwaysAllow"
    }


@pytest.mark.parametrize("stack", STACKS)
def test_every_kubernetes_object_is_valid_by_its_schema(stack):
    versions = set()
    for resource in record(stack).kubernetes():
        api_version = resource.inputs["apiVersion"]
        versions.add(api_version)
        if api_version == "keda.sh/v1alpha1":
            ScaledObject.model_validate(resource.inputs)
        elif not api_version.startswith(("karpenter", "monitoring.coreos.com")):
            kubernetes_validate.validate(resource.inputs, "1.34", strict=True)
    assert {"autoscaling/v2", "batch/v1", "policy/v1", "v1", "keda.sh/v1alpha1"} <= versions


def test_spot_is_preferred_to_on_demand_and_only_tolerant_pods_run_there():
    pool = record("prod").one("kubernetes:karpenter.sh/v1:NodePool").inputs["spec"]
    template = pool["template"]["spec"]
    requirements = {requirement["key"]: requirement["values"] for requirement in template["requirements"]}
    assert requirements["karpenter.sh/capacity-type"] == ["spot", "on-demand"]
    (taint,) = template["taints"]
    assert taint["effect"] == "NoSchedule"
    assert pool["template"]["metadata"]["labels"][taint["key"]] == taint["value"]
    assert pool["limits"] == {"cpu": "200", "memory": "800Gi"}


def test_the_spot_nodes_use_the_declared_node_class_with_the_cost_tags():
    node_class = record("prod").one("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass").inputs
    pool = record("prod").one("kubernetes:karpenter.sh/v1:NodePool").inputs["spec"]
    assert pool["template"]["spec"]["nodeClassRef"]["name"] == node_class["metadata"]["name"]
    assert node_class["spec"]["tags"]["budget"] == "cloud-eks"
    assert len(node_class["spec"]["subnetSelectorTerms"]) == 3
