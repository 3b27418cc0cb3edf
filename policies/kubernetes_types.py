"""Kubernetes objects by type token: which tokens are objects, and which kind of which group they are."""

from collections.abc import Callable
from typing import NamedTuple

from policies.rule import Resource
from policies.values import Value

PREFIX = "kubernetes:"
_COMPONENT_GROUPS = ("helm.sh", "yaml", "kustomize")


class Kind(NamedTuple):
    """`group` has no version and is `core` for the core group."""

    group: str
    name: str


def kind(token: str) -> Kind | None:
    """The kind of an object's type token such as `kubernetes:apps/v1:Deployment`; None for other types."""
    if not token.startswith(PREFIX) or token.count(":") != 2:
        return None
    _, module, name = token.split(":")
    return Kind(module.partition("/")[0], name)


def is_object(token: str) -> bool:
    """An object with labels of its own: not a chart or other component, a patch, or a list of objects."""
    found = kind(token)
    if found is None or found.group in _COMPONENT_GROUPS:
        return False
    built_in = "." not in found.group or found.group.endswith(".k8s.io")
    return not (built_in and found.name.endswith(("Patch", "List")))


def of_kind(name: str, *groups: str) -> Callable[[str], bool]:
    """Picks the type tokens of one kind in one of the groups."""
    wanted = frozenset(Kind(group, name) for group in groups)
    return lambda token: kind(token) in wanted


is_deployment = of_kind("Deployment", "apps", "extensions")
is_hpa = of_kind("HorizontalPodAutoscaler", "autoscaling")
is_scaled_object = of_kind("ScaledObject", "keda.sh")


def is_scaler(token: str) -> bool:
    return is_hpa(token) or is_scaled_object(token)


def namespace(resource: Resource) -> Value:
    """The namespace of an object: its own, its provider's, or `default`."""
    for found in (resource.props["metadata"]["namespace"], resource.provider["namespace"]):
        if found.unknown or not found.blank():
            return found
    return Value("default", "metadata.namespace")
