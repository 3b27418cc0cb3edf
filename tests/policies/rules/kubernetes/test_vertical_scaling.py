"""Which resources a VerticalPodAutoscaler sets, and by which of them a scaler of the same workload scales."""

from typing import Any

import pytest

from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import FakeResource, Pack, with_property

POLICY = "vpa-leaves-the-metric-of-the-hpa"


def utilization(source: str, name: str) -> dict[str, Any]:
    return {source: {"name": name, "target": {"type": "Utilization", "averageUtilization": 70}}}


def hpa(**spec: Any) -> FakeResource:
    target = {"kind": "Deployment", "name": "teei-analytics"}
    return with_property(kubernetes.hpa(), "spec", {"scaleTargetRef": target, "maxReplicas": 5, **spec})


def scaled_object(trigger: str, **more: Any) -> FakeResource:
    resource = with_property(kubernetes.scaled_object(), "spec.scaleTargetRef.name", "teei-analytics")
    return with_property(resource, "spec.triggers", [{"type": trigger, "metadata": {"value": "60"}, **more}])


@pytest.mark.parametrize(
    ("scaler", "metric"),
    [
        (hpa(targetCPUUtilizationPercentage=70), "cpu"),
        (hpa(metrics=[utilization("resource", "cpu")]), "cpu"),
        (hpa(metrics=[utilization("resource", "memory")]), "memory"),
        (hpa(metrics=[utilization("containerResource", "memory")]), "memory"),
        (hpa(metrics=[{"resource": {"name": "cpu", "target": {"averageValue": "1"}}}]), ""),
        (hpa(metrics=[{"external": {"metric": {"name": "queue"}}}]), ""),
        (scaled_object("cpu"), "cpu"),
        (scaled_object("memory", metricType="Utilization"), "memory"),
        (scaled_object("cpu", metricType="AverageValue"), ""),
        (scaled_object("cpu", metadata={"type": "AverageValue", "value": "1"}), ""),
        (scaled_object("cron"), ""),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.inputs["spec"])[-70:],
)
def test_a_vpa_may_set_only_what_the_scaler_does_not_use(scaler, metric):
    for resource in ("cpu", "memory"):
        policies = [{"containerName": "*", "controlledResources": [resource]}]
        vertical = with_property(
            kubernetes.vertical_scaler(), "spec.resourcePolicy", {"containerPolicies": policies}
        )
        assert reported(vertical, scaler) is (resource == metric)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], True),
        ([{"containerName": "*"}], True),
        ([{"containerName": "*", "mode": "Off"}], False),
        ([{"containerName": "app", "mode": "Off"}, {"containerName": "*"}], True),
        ([{"containerName": "app", "controlledResources": ["memory"]}], False),
    ],
    ids=str,
)
def test_a_container_that_the_vpa_leaves_alone_does_not_count(policies, expected):
    vertical = with_property(
        kubernetes.vertical_scaler(), "spec.resourcePolicy", {"containerPolicies": policies}
    )
    assert reported(vertical, hpa(targetCPUUtilizationPercentage=70)) is expected


def test_containers_that_no_policy_names_are_controlled_where_the_workload_is_known():
    app = [{"containerName": "app", "mode": "Off"}]
    vertical = with_property(kubernetes.vertical_scaler(), "spec.resourcePolicy", {"containerPolicies": app})
    scaler = hpa(targetCPUUtilizationPercentage=70)
    workload = kubernetes.deployment()
    assert not reported(vertical, scaler, workload)
    sidecar = kubernetes.container("proxy", resources={"requests": {"cpu": "1", "memory": "1Gi"}})
    containers = [*workload.inputs["spec"]["template"]["spec"]["containers"], sidecar]
    with_sidecar = with_property(workload, "spec.template.spec.containers", containers)
    assert reported(vertical, scaler, with_sidecar)


@pytest.mark.parametrize(("container", "expected"), [("app", False), ("proxy", True)])
def test_only_the_container_of_the_metric_counts(container, expected):
    policies = [{"containerName": "app", "mode": "Off"}, {"containerName": "*"}]
    vertical = with_property(
        kubernetes.vertical_scaler(), "spec.resourcePolicy", {"containerPolicies": policies}
    )
    metric = utilization("containerResource", "cpu")
    metric["containerResource"]["container"] = container
    assert reported(vertical, hpa(metrics=[metric])) is expected
    trigger = scaled_object("cpu", metadata={"value": "60", "containerName": container})
    assert reported(vertical, trigger) is expected


@pytest.mark.parametrize("mode", ["Auto", "Recreate", "InPlaceOrRecreate", "Initial"])
def test_every_mode_that_changes_requests_is_reported(mode):
    vertical = with_property(kubernetes.vertical_scaler(), "spec.resourcePolicy")
    vertical = with_property(vertical, "spec.updatePolicy", {"updateMode": mode})
    assert reported(vertical, hpa(targetCPUUtilizationPercentage=70))


def test_a_workload_of_another_kind_or_namespace_is_another_workload():
    vertical = with_property(kubernetes.vertical_scaler(), "spec.resourcePolicy")
    scaler = hpa(targetCPUUtilizationPercentage=70)
    assert reported(vertical, scaler)
    assert not reported(with_property(vertical, "spec.targetRef.kind", "StatefulSet"), scaler)
    assert not reported(with_property(vertical, "metadata.namespace", "other"), scaler)


def reported(*resources: FakeResource) -> bool:
    return POLICY in {diagnostic.policy for diagnostic in Pack().evaluate(*resources)}
