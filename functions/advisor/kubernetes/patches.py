"""The commands and inputs that carry out advice on a workload or an autoscaler."""

import json
from typing import Any

from functions.advisor.kubernetes.autoscalers import Autoscaler
from functions.advisor.kubernetes.requests import quantities
from functions.advisor.kubernetes.workloads import Workload

_POD_SPEC = {"CronJob": ("spec", "jobTemplate", "spec", "template", "spec"), "Pod": ("spec",)}
_BUILT_IN = (
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Pod",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
)


def requests_of_containers(workload: Workload, changed: Workload) -> str:
    """The requests that change, by container, as inputs of the pod's template."""
    old = {container.name: container.requests for container in workload.containers}
    return ", ".join(
        f"resources.requests of the container {container.name}: {json.dumps(quantities(container.requests))}"
        for container in changed.containers
        if container.requests != old[container.name]
    )


def requests_patch(workload: Workload, changed: Workload) -> str:
    """A command that changes the requests: a strategic merge patch, which custom resources do not have."""
    if workload.kind not in _BUILT_IN:
        return f"set {requests_of_containers(workload, changed)} of {workload.resource}"
    old = {container.name: container.requests for container in workload.containers}
    containers: dict[str, list[dict[str, Any]]] = {}
    for container in changed.containers:
        lower = {r: v for r, v in container.requests.items() if v != old[container.name].get(r)}
        if lower:
            key = "initContainers" if container.sidecar else "containers"
            entry = {"name": container.name, "resources": {"requests": quantities(lower)}}
            containers.setdefault(key, []).append(entry)
    patch: dict[str, Any] = dict(containers)
    for name in reversed(_POD_SPEC.get(workload.kind, ("spec", "template", "spec"))):
        patch = {name: patch}
    resize = "--subresource resize " if workload.kind == "Pod" else ""
    return (
        f"kubectl -n {workload.namespace} patch {workload.kind.lower()} {workload.name} {resize}"
        f"--patch '{json.dumps(patch, separators=(',', ':'))}'"
    )


def minimum_key(scaler: Autoscaler) -> str:
    """The field of the minimum in the spec."""
    return "minReplicaCount" if scaler.scaled_object else "minReplicas"


def minimum_patch(scaler: Autoscaler, minimum: int) -> str:
    """A command that changes the minimum; KEDA would undo a change of the autoscaler that it manages."""
    kind, name = ("scaledobject", scaler.scaled_object) if scaler.scaled_object else ("hpa", scaler.name)
    patch = json.dumps({"spec": {minimum_key(scaler): minimum}}, separators=(",", ":"))
    return f"kubectl -n {scaler.namespace} patch {kind} {name} --type merge --patch '{patch}'"
