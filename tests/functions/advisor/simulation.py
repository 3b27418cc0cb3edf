"""A simulated cluster as kube-state-metrics and cAdvisor show it: OpenMetrics, every ten minutes."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

SECONDS = 600  # between two samples
GIB, MIB = 1024**3, 1024**2
Labels = Mapping[str, str]


def constant(value: float) -> Callable[[float], float]:
    return lambda _: value


@dataclass(frozen=True)
class Hpa:
    """A horizontal pod autoscaler on CPU utilization."""

    minimum: int
    maximum: int
    target: float

    def replicas(self, cores: float, request: float) -> int:
        return min(max(math.ceil(cores / (self.target * request) - 1e-9), self.minimum), self.maximum)


@dataclass(frozen=True)
class Simulated:
    """A workload. `cores` is the load of all pods together, by day since the start; `memory` that of one pod.

    A job runs for the first hour of each day until day `until`. `generation` changes the names of the pods,
    as a rollout does.
    """

    name: str
    cpu: float
    memory_request: float
    cores: Callable[[float], float]
    memory: Callable[[float], float]
    namespace: str = "shop"
    replicas: int = 1
    hpa: Hpa | None = None
    memory_limit: float = 0
    image: str = "registry/app:1"
    restarts_an_hour: float = 0
    job: bool = False
    init_cpu: float = 0
    labels: Labels = field(default_factory=dict)
    node: str = "busy"
    bytes_a_second: float = 50_000
    generation: str = "6d9f8b7c5d"
    until: float = math.inf

    def running(self, day: float) -> int:
        if self.job:
            return 1 if day < self.until and day % 1 < 1 / 24 - 1e-6 else 0
        if self.hpa:
            return self.hpa.replicas(self.cores(day), self.cpu)
        return self.replicas

    def pod(self, number: int, day: float) -> str:
        if self.job:
            return f"{self.name}-{29_000_000 + int(day + 1e-6) * 1440}-x2v4q"
        return f"{self.name}-{self.generation}-{'bcdfghjklmnpqrstvwxz'[number]}2x4z"

    def with_requests(self, cpu: float | None, memory: float | None) -> "Simulated":
        return replace(
            self, cpu=cpu or self.cpu, memory_request=memory or self.memory_request, generation="7c6d5b9f8c"
        )


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim; `created` is the day since the start."""

    name: str
    gib: int
    storage_class: str
    mounted_by: str = ""
    created: float = 0
    namespace: str = "shop"
    volume: str = ""


@dataclass(frozen=True)
class SimulatedCluster:
    """What runs. `nodes` are instance types by name, `budgets` disruption budgets and their pods."""

    workloads: tuple[Simulated, ...]
    claims: tuple[Claim, ...] = ()
    nodes: Mapping[str, str] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)


# Metrics whose samples are counters.
_COUNTERS = re.compile(r".*_total$")


def openmetrics(cluster: SimulatedCluster, start: datetime, first: float, last: float) -> Iterator[str]:
    """The samples from day `first` (included) to day `last` (excluded), series by series."""
    steps = range(round(first * 144), round(last * 144))
    by_metric: dict[str, list[str]] = {}
    began = int(start.timestamp())
    for metric, labels, values in _series(cluster, steps):
        shown = ",".join(f'{key}="{value}"' for key, value in labels.items())
        lines, name = by_metric.setdefault(metric, []), f"{metric}{{{shown}}}"
        for number, value in values:
            lines.append(f"{name} {value:.10g} {began + SECONDS * number}\n")
    for metric, lines in by_metric.items():
        kind = "counter" if _COUNTERS.match(metric) else "gauge"
        yield f"# TYPE {metric.removesuffix('_total')} {kind}\n"
        yield from lines
    yield "# EOF\n"


Series = tuple[str, Labels, list[tuple[int, float]]]


def _series(cluster: SimulatedCluster, steps: range) -> Iterator[Series]:
    for workload in cluster.workloads:
        yield from _of_workload(workload, steps)
    for claim in cluster.claims:
        yield from _of_claim(claim, cluster, steps)
    for name, instance_type in cluster.nodes.items():
        yield (
            "kube_node_info",
            {"node": name, "provider_id": f"aws:///us-east-1a/i-0{name.encode().hex()}"},
            _all(1, steps),
        )
        labels = {"node": name, "label_node_kubernetes_io_instance_type": instance_type}
        yield "kube_node_labels", labels, _all(1, steps)
        for resource, amount in (("cpu", 2), ("memory", 8 * GIB)):
            yield "kube_node_status_capacity", {"node": name, "resource": resource}, _all(amount, steps)
        daemon = {
            "namespace": "kube-system",
            "pod": f"agent-{name}",
            "node": name,
            "created_by_kind": "DaemonSet",
        }
        yield "kube_pod_info", daemon, _all(1, steps)
    for name, expected in cluster.budgets.items():
        labels = {"namespace": "shop", "poddisruptionbudget": name}
        yield "kube_poddisruptionbudget_status_expected_pods", labels, _all(expected, steps)


def _all(value: float, steps: range) -> list[tuple[int, float]]:
    """The same value at every second step, as kube-state-metrics is scraped less often here."""
    return [(number, value) for number in steps if number % 2 == 0]


def _of_workload(workload: Simulated, steps: range) -> Iterator[Series]:
    pods: dict[str, list[tuple[int, float, float]]] = {}
    for number in steps:
        day = number / 144
        running = workload.running(day)
        for index in range(running):
            pod = workload.pod(index, day)
            pods.setdefault(pod, []).append((number, workload.cores(day) / running, workload.memory(day)))
    for pod, samples in pods.items():
        yield from _of_pod(workload, pod, samples)
    space = {"namespace": workload.namespace}
    if workload.job:
        for pod in pods:
            job = {"job_name": pod.rpartition("-")[0], "owner_kind": "CronJob", "owner_name": workload.name}
            yield "kube_job_owner", {**space, **job}, _all(1, steps)
        return
    replica_set = f"{workload.name}-{workload.generation}"
    owner = {"replicaset": replica_set, "owner_kind": "Deployment", "owner_name": workload.name}
    yield "kube_replicaset_owner", {**space, **owner}, _all(1, steps)
    labels = {f"label_{key}": value for key, value in workload.labels.items()}
    yield "kube_deployment_labels", {**space, "deployment": workload.name, **labels}, _all(1, steps)
    if workload.hpa:
        name = {**space, "horizontalpodautoscaler": workload.name}
        prefix = "kube_horizontalpodautoscaler"
        target = {"scaletargetref_kind": "Deployment", "scaletargetref_name": workload.name}
        yield f"{prefix}_info", {**name, **target}, _all(1, steps)
        yield f"{prefix}_spec_min_replicas", name, _all(workload.hpa.minimum, steps)
        yield f"{prefix}_spec_max_replicas", name, _all(workload.hpa.maximum, steps)
        metric = {"metric_name": "cpu", "metric_target_type": "utilization"}
        yield f"{prefix}_spec_target_metric", {**name, **metric}, _all(workload.hpa.target * 100, steps)


def _of_pod(workload: Simulated, pod: str, samples: list[tuple[int, float, float]]) -> Iterator[Series]:
    pod_labels = {"namespace": workload.namespace, "pod": pod}
    labels = {**pod_labels, "container": "app"}
    used = 0.0
    counter, memory = [], []
    for number, cores, size in samples:
        used += cores * SECONDS
        counter.append((number, used))
        memory.append((number, size))
    present = [number for number, _, _ in samples]
    yield "container_cpu_usage_seconds_total", labels, counter
    yield "container_memory_working_set_bytes", labels, memory
    for direction in ("receive", "transmit"):
        traffic = [(number, n * workload.bytes_a_second * 600 / 2) for n, number in enumerate(present)]
        yield f"container_network_{direction}_bytes_total", {**pod_labels, "interface": "eth0"}, traffic
    present = [number for number in present if number % 2 == 0]
    requests = {"cpu": workload.cpu, "memory": workload.memory_request}
    for resource, amount in requests.items():
        values = [(number, amount) for number in present]
        yield "kube_pod_container_resource_requests", {**labels, "resource": resource}, values
    if workload.memory_limit:
        values = [(number, workload.memory_limit) for number in present]
        yield "kube_pod_container_resource_limits", {**labels, "resource": "memory"}, values
    if workload.init_cpu:
        values = [(number, workload.init_cpu) for number in present]
        init = {**pod_labels, "container": "migrate", "resource": "cpu"}
        yield "kube_pod_init_container_resource_requests", init, values
    ones = [(number, 1.0) for number in present]
    yield "kube_pod_container_info", {**labels, "image": workload.image}, ones
    kind = "Job" if workload.job else "ReplicaSet"
    owner = pod.rpartition("-")[0]
    yield "kube_pod_owner", {**pod_labels, "owner_kind": kind, "owner_name": owner}, ones
    yield "kube_pod_info", {**pod_labels, "node": workload.node, "created_by_kind": kind}, ones
    restarts = [(number, math.floor(n * workload.restarts_an_hour / 3)) for n, number in enumerate(present)]
    yield "kube_pod_container_status_restarts_total", labels, restarts


def _of_claim(claim: Claim, cluster: SimulatedCluster, steps: range) -> Iterator[Series]:
    present = [number for number in steps if number / 144 >= claim.created and number % 2 == 0]
    ones = [(number, 1.0) for number in present]
    labels = {"namespace": claim.namespace, "persistentvolumeclaim": claim.name}
    info = {**labels, "storageclass": claim.storage_class, "volumename": f"pv-{claim.name}"}
    yield "kube_persistentvolumeclaim_info", info, ones
    size = [(number, float(claim.gib * GIB)) for number in present]
    yield "kube_persistentvolumeclaim_resource_requests_storage_bytes", labels, size
    if claim.volume:
        volume = {"persistentvolume": f"pv-{claim.name}", "csi_volume_handle": claim.volume}
        yield "kube_persistentvolume_info", volume, ones
    for workload in cluster.workloads:
        if workload.name == claim.mounted_by:
            mount = {**labels, "pod": workload.pod(0, 0)}
            yield "kube_pod_spec_volumes_persistentvolumeclaims_info", mount, ones
