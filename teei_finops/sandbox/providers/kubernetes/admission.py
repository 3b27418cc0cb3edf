"""The checks of the API server and KEDA's webhook on creation: rules over several fields or objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from teei_finops.sandbox.providers.kubernetes.schemas import is_trigger_value, keda_errors

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """The target of an autoscaler."""

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


def admission_errors(manifest: Manifest, others: Mapping[str, Manifest]) -> Iterator[str]:
    """Why the cluster rejects an object; `others` are the objects in the cluster, by id."""
    spec = manifest.get("spec") or {}
    kind = manifest.get("kind")
    if kind == "ScaledObject":
        for error in keda_errors(manifest):
            if is_trigger_value(error):
                yield f"{error.path}: {error.reason}"
        yield from _replica_bounds(
            "ScaledObject", spec.get("minReplicaCount", 0), spec.get("maxReplicaCount", 100)
        )
        yield from _second_scaler(manifest, others)
    if kind == "HorizontalPodAutoscaler":
        yield from _replica_bounds(
            "HorizontalPodAutoscaler", spec.get("minReplicas", 1), spec.get("maxReplicas")
        )
    if kind in ("Deployment", "StatefulSet", "DaemonSet"):
        yield from _selector(spec)


def scaled_by(manifest: Manifest) -> Workload | None:
    """The target of a HorizontalPodAutoscaler or a ScaledObject; None for any other object."""
    if manifest.get("kind") not in ("HorizontalPodAutoscaler", "ScaledObject"):
        return None
    target = (manifest.get("spec") or {}).get("scaleTargetRef") or {}
    name = target.get("name")
    if not isinstance(name, str):
        return None
    return Workload(namespace_of(manifest), str(target.get("kind") or "Deployment"), name)


def namespace_of(manifest: Manifest, default: str = "default") -> str:
    namespace = (manifest.get("metadata") or {}).get("namespace")
    return namespace if isinstance(namespace, str) and namespace else default


def _second_scaler(scaled_object: Manifest, others: Mapping[str, Manifest]) -> Iterator[str]:
    """As KEDA's admission webhook, which sees ScaledObjects only: an HPA may be created beside one.

    Tried on KEDA 2.21 and Kubernetes 1.34, 2026-11.
    """
    workload = scaled_by(scaled_object)
    if workload is None:
        return
    for other_id, other in others.items():
        if scaled_by(other) == workload:
            yield (
                'admission webhook "vscaledobject.kb.io" denied the request: '
                f"the workload {workload} is already managed by the {other['kind']} {other_id}"
            )


def _replica_bounds(kind: str, minimum: Any, maximum: Any) -> Iterator[str]:
    if isinstance(minimum, int) and isinstance(maximum, int) and minimum > maximum:
        yield f"{kind}: the minimum of {minimum} replicas is more than the maximum of {maximum}"


def _selector(spec: Mapping[str, Any]) -> Iterator[str]:
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        yield "spec.template.metadata.labels: `selector` does not match template `labels`"
