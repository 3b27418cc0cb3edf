"""Which Pulumi types are Kubernetes objects, and of which kind and API group."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from policies.properties import Property
from policies.resources import Resource

PREFIX = "kubernetes:"
_COMPONENT_GROUPS = ("helm.sh", "yaml", "kustomize")


class Kind(NamedTuple):
    """`group` is the API group without its version, `core` for the core group."""

    group: str
    name: str


@cache
def kind_of(token: str) -> Kind | None:
    """The kind of a type such as `kubernetes:apps/v1:Deployment`; None for other types."""
    if not token.startswith(PREFIX) or token.count(":") != 2:
        return None
    _, module, name = token.split(":")
    return Kind(module.partition("/")[0], name)


def is_object(token: str) -> bool:
    """An object with labels of its own: not a chart or other component, a patch, or a list of objects."""
    kind = kind_of(token)
    if kind is None or kind.group in _COMPONENT_GROUPS:
        return False
    return not (_is_built_in(kind) and kind.name.endswith(("Patch", "List")))


def _is_built_in(kind: Kind) -> bool:
    return "." not in kind.group or kind.group.endswith(".k8s.io")


def _is_kind(name: str, *groups: str) -> Callable[[str], bool]:
    kinds = frozenset(Kind(group, name) for group in groups)
    return lambda token: kind_of(token) in kinds


is_deployment = _is_kind("Deployment", "apps", "extensions")
is_hpa = _is_kind("HorizontalPodAutoscaler", "autoscaling")
is_scaled_object = _is_kind("ScaledObject", "keda.sh")
is_disruption_budget = _is_kind("PodDisruptionBudget", "policy")
is_vertical_scaler = _is_kind("VerticalPodAutoscaler", "autoscaling.k8s.io")
is_node_pool = _is_kind("NodePool", "karpenter.sh")
is_service = _is_kind("Service", "core")
is_limit_range = _is_kind("LimitRange", "core")
is_storage_class = _is_kind("StorageClass", "storage.k8s.io")


_TEMPLATE = ("spec", "template", "spec")
# The path of the pod's spec in the kinds of objects that create pods.
_POD_SPECS = {
    Kind("core", "Pod"): ("spec",),
    **dict.fromkeys(
        (
            Kind("core", "ReplicationController"),
            Kind("batch", "Job"),
            Kind("argoproj.io", "Rollout"),
            *(Kind("apps", name) for name in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
            *(Kind("extensions", name) for name in ("Deployment", "DaemonSet", "ReplicaSet")),
        ),
        _TEMPLATE,
    ),
    Kind("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
}


def is_workload(token: str) -> bool:
    """An object that is a pod or creates pods, or one of a custom kind, which may create pods."""
    kind = kind_of(token)
    return kind in _POD_SPECS or (kind is not None and not _is_built_in(kind))


def pod_spec(resource: Resource) -> Property:
    """The spec of the pods of a workload; absent in an object of a custom kind that creates no pods."""
    kind = kind_of(resource.type)
    assert kind is not None
    value = resource.inputs
    for key in _POD_SPECS.get(kind, _TEMPLATE):
        value = value[key]
    if kind not in _POD_SPECS and not isinstance(value["containers"].data, list):
        return Property(None, value.path)
    return value


def is_scaler(token: str) -> bool:
    return is_hpa(token) or is_scaled_object(token)


def namespace(resource: Resource) -> Property:
    """The namespace of an object: its own, its provider's, or `default`."""
    for candidate in (resource.inputs["metadata"]["namespace"], resource.provider["namespace"]):
        if candidate.unknown or not candidate.blank():
            return candidate
    return Property("default", "metadata.namespace")
