"""Objects that the fake cluster rejects, in a preview or on creation."""

import copy

import pytest

from teei_finops.sandbox.providers.kubernetes.admission import admission_errors
from teei_finops.sandbox.providers.kubernetes.schemas import schema_errors
from teei_finops.sandbox.providers.property_values import UNKNOWN

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "gateway", "labels": {"finops.teei.io/team": "platform"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "gateway"}},
        "template": {
            "metadata": {"labels": {"app": "gateway"}},
            "spec": {
                "containers": [{"name": "gateway", "image": "gateway:1", "ports": [{"containerPort": 80}]}]
            },
        },
    },
}
SCALED_OBJECT = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "reporting"},
    "spec": {
        "scaleTargetRef": {"name": "reporting"},
        "minReplicaCount": 2,
        "maxReplicaCount": 20,
        "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
    },
}
HPA = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "reporting"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "reporting"},
        "minReplicas": 2,
        "maxReplicas": 4,
    },
}


def changed(manifest, path, value):
    result = copy.deepcopy(manifest)
    *parents, last = path
    parent = result
    for part in parents:
        parent = parent[part]
    parent[last] = value
    return result


def paths(manifest):
    return {error.path for error in schema_errors(manifest)}


@pytest.mark.parametrize("manifest", [DEPLOYMENT, SCALED_OBJECT, HPA])
def test_a_valid_object_is_accepted(manifest):
    assert paths(manifest) == set()


@pytest.mark.parametrize(
    ("manifest", "path", "value", "reported_path"),
    [
        (DEPLOYMENT, ["spec", "replcas"], 2, "spec"),
        (DEPLOYMENT, ["spec", "replicas"], "two", "spec.replicas"),
        (
            DEPLOYMENT,
            ["spec", "template", "spec", "containers", 0, "imagePull"],
            "x",
            "spec.template.spec.containers[0]",
        ),
        (DEPLOYMENT, ["metadata", "name"], "Gateway_1", "metadata.name"),
        (DEPLOYMENT, ["metadata", "labels", "team"], "two words", "metadata.labels.team"),
        (DEPLOYMENT, ["metadata", "labels", "-team"], "a", "metadata.labels.-team"),
        (DEPLOYMENT, ["apiVersion"], "apps/v1beta1", "kind"),
        (SCALED_OBJECT, ["spec", "cooldown"], 300, "spec.cooldown"),
        (SCALED_OBJECT, ["spec", "maxReplicaCount"], "20", "spec.maxReplicaCount"),
        (SCALED_OBJECT, ["spec", "triggers", 0, "typ"], "cpu", "spec.triggers[0].typ"),
        (SCALED_OBJECT, ["kind"], "ScaledThing", "kind"),
    ],
)
def test_a_wrong_field_is_reported_with_its_path(manifest, path, value, reported_path):
    assert reported_path in paths(changed(manifest, path, value))


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (DEPLOYMENT, ["spec", "replicas"]),
        (DEPLOYMENT, ["spec", "template", "spec", "containers", 0, "image"]),
        (DEPLOYMENT, ["spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"]),
        (DEPLOYMENT, ["metadata", "labels", "app"]),
        (DEPLOYMENT, ["metadata"]),
        (SCALED_OBJECT, ["spec", "maxReplicaCount"]),
        (SCALED_OBJECT, ["spec", "scaleTargetRef", "name"]),
        (SCALED_OBJECT, ["spec", "triggers", 0, "metadata"]),
        (SCALED_OBJECT, ["spec"]),
    ],
)
def test_an_unknown_value_is_accepted(manifest, path):
    assert paths(changed(manifest, path, UNKNOWN)) == set()


def test_a_custom_resource_without_a_schema_is_accepted():
    pool = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "spot"},
        "spec": {"any": 1},
    }
    assert paths(pool) == set()


@pytest.mark.parametrize(
    ("new", "existing", "expected"),
    [
        (SCALED_OBJECT, {}, False),
        (SCALED_OBJECT, {"default/reporting": HPA}, True),
        (HPA, {"default/reporting": SCALED_OBJECT}, False),
        (SCALED_OBJECT, {"default/other": SCALED_OBJECT}, True),
        (HPA, {"default/other": HPA}, False),
        (SCALED_OBJECT, {"x": changed(HPA, ["metadata", "namespace"], "elsewhere")}, False),
        (SCALED_OBJECT, {"x": changed(HPA, ["spec", "scaleTargetRef", "name"], "other")}, False),
        (SCALED_OBJECT, {"x": changed(HPA, ["spec", "scaleTargetRef", "kind"], "StatefulSet")}, False),
        (changed(SCALED_OBJECT, ["spec", "scaleTargetRef", "kind"], "Deployment"), {"x": HPA}, True),
    ],
)
def test_a_scaled_object_is_rejected_on_a_workload_that_has_a_scaler(new, existing, expected):
    assert any("already managed" in text for text in admission_errors(new, existing)) is expected


@pytest.mark.parametrize(
    ("manifest", "path", "value"),
    [
        (SCALED_OBJECT, ["spec", "triggers", 0, "metadata", "value"], 60),
        (SCALED_OBJECT, ["spec", "minReplicaCount"], 30),
        (HPA, ["spec", "minReplicas"], 5),
        (DEPLOYMENT, ["spec", "template", "metadata", "labels", "app"], "other"),
    ],
)
def test_errors_that_policies_report_in_a_preview_are_rejected_on_creation(manifest, path, value):
    wrong = changed(manifest, path, value)
    assert paths(wrong) == set()
    assert list(admission_errors(wrong, {}))
    assert not list(admission_errors(manifest, {}))
