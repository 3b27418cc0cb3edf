"""The workloads of a cluster: their pods, containers and requests, from kube-state-metrics."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.kubernetes.state_metrics import (
    CRON_JOB,
    JOB_DAYS,
    UNCHANGEABLE,
    Requested,
    StateMetrics,
    labels_of,
    owner_by_name,
    owners_of_pods,
    pods_with_jvm,
    requests_of_pods,
    restarts_of_pods,
)
from functions.advisor.kubernetes.usage import Key, PodUse, Sampling, Use, combined, container_key


@dataclass(frozen=True)
class Container:
    """One container of a workload's pods. Requests and limits are cores and bytes; None is not set.

    `runs_first` is an init container; a sidecar is an init container that keeps running.
    """

    name: str
    requests: Mapping[str, float] = field(default_factory=dict)
    memory_limit: float | None = None
    image: str = ""
    runs_first: bool = False
    sidecar: bool = False
    use: Mapping[str, Use] = field(default_factory=dict)


@dataclass(frozen=True)
class Workload:
    """What one controller runs. `pods` are those that run now, `mean_pods` how many ran on average in the
    window, and `replicas` for how many a request is saved: those that run now, or the mean of jobs. `labels`
    are its own and those of its pods."""

    namespace: str
    kind: str
    name: str
    containers: tuple[Container, ...]
    pods: frozenset[str]
    all_pods: frozenset[str]
    mean_pods: float
    replicas: float
    measured_days: int
    labels: Sequence[Mapping[str, str]] = ()
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    restarts: float = 0.0
    out_of_memory: frozenset[str] = frozenset()
    has_jvm: bool = False

    @property
    def resource(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"

    def requested(self, resource: str) -> float:
        """What the scheduler reserves for one pod: an init container can need more than what runs after it.

        https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
        """
        sidecars = sum(c.requests.get(resource, 0.0) for c in self.containers if c.sidecar)
        running = sum(
            c.requests.get(resource, 0.0) for c in self.containers if not c.sidecar and not c.runs_first
        )
        first = max((c.requests.get(resource, 0.0) for c in self.containers if c.runs_first), default=0.0)
        return max(running, first) + sidecars

    def running(self, resource: str) -> float:
        """What the containers request that keep running: an autoscaler's utilization is of these requests."""
        return sum(c.requests.get(resource, 0.0) for c in self.containers if not c.runs_first)

    def not_measured(self) -> list[str]:
        """The containers and resources with requests but without samples of their use, in words."""
        return [
            f"{container.name} {resource}"
            for container in self.containers
            for resource in container.requests
            if not container.runs_first and resource not in container.use
        ]

    def utilization(self, resource: str) -> float | None:
        """The mean use as a share of the requests; None without requests or measurements."""
        running = [c for c in self.containers if not c.runs_first and resource in c.requests]
        requested = self.running(resource)
        if not requested or any(resource not in c.use for c in running):
            return None
        return sum(c.use[resource].mean for c in running) / requested

    def with_requests(self, requests: Mapping[str, Mapping[str, float]]) -> "Workload":
        """The workload with other requests, by container and resource."""
        return replace(
            self,
            containers=tuple(
                replace(c, requests={**c.requests, **requests.get(c.name, {})}) for c in self.containers
            ),
        )


def workloads(
    prometheus: Prometheus,
    window: timedelta,
    at: Sampling,
    used: Mapping[str, Mapping[Key, PodUse]],
    scaled: Iterable[tuple[str, str, str]] = (),
) -> list[Workload]:
    """The workloads that run now, and the jobs that ran in the window.

    `used` is by resource, and `scaled` is what autoscalers scale, as (namespace, kind, name).
    """
    metrics = StateMetrics(prometheus, window, at)
    owners = owners_of_pods(metrics)
    requests = requests_of_pods(metrics)
    limits = {
        container_key(labels): value
        for labels, value in metrics.of_window(
            'kube_pod_container_resource_limits{resource="memory"}', "namespace, pod, container"
        )
    }
    images = {
        container_key(labels): labels.get("image", "")
        for labels, _ in metrics.of_window("kube_pod_container_info", "namespace, pod, container, image")
    }
    sidecars = {
        container_key(labels)
        for labels, _ in metrics.of_window(
            'kube_pod_init_container_info{restart_policy="Always"}', "namespace, pod, container"
        )
    }
    jvms = pods_with_jvm(metrics)
    restarts, out_of_memory = restarts_of_pods(metrics)
    running = {
        (labels["namespace"], labels["pod"])
        for labels, _ in metrics.now(
            'container_memory_working_set_bytes{container!="",pod!=""}', "namespace, pod"
        )
        if "namespace" in labels
    }
    pods: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    measured = {(namespace, pod) for by_key in used.values() for namespace, pod, _ in by_key}
    requesting = {
        (labels.get("namespace", ""), labels.get("pod", ""))
        for labels, _ in metrics.now("kube_pod_container_resource_requests", "namespace, pod")
    }
    targets: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for namespace, kind, name in scaled:
        targets[namespace].append((kind, name))
    for namespace, pod in measured | running | requesting:
        owner = owners.get((namespace, pod)) or owner_by_name(pod, targets[namespace])
        pods[namespace, *owner].add(pod)
    all_labels = labels_of(metrics)
    result = []
    for (namespace, kind, name), all_pods in sorted(pods.items()):
        if kind in UNCHANGEABLE:
            continue
        current = frozenset(pod for pod in all_pods if (namespace, pod) in running)
        has_use = any((namespace, pod) in measured for pod in all_pods)
        # The pods of a job that are over are all that there is to look at between two runs, and those that
        # are not measured all that shows that a workload is there.
        shown = {max(all_pods)} if kind == CRON_JOB else current or (set() if has_use else all_pods)
        if not shown:
            continue
        containers = _containers(
            namespace, shown, all_pods, requests=requests, limits=limits, images=images, sidecars=sidecars,
            used=used,
        )  # fmt: skip
        days = {day for c in containers for use in c.use.values() for day in use.daily}
        if kind == CRON_JOB and max(days, default=0) < window.days - 1 - JOB_DAYS:
            continue
        mean_pods = _mean_pods(namespace, all_pods, used, window)
        result.append(
            Workload(
                namespace=namespace,
                kind=kind,
                name=name,
                containers=containers,
                pods=current,
                all_pods=frozenset(all_pods),
                mean_pods=mean_pods,
                replicas=mean_pods if kind == CRON_JOB else len(current),
                measured_days=len(days),
                labels=all_labels.of(namespace, kind, name, shown),
                namespace_labels=all_labels.namespaces.get(namespace, {}),
                has_jvm=any((namespace, pod) in jvms for pod in all_pods),
                restarts=max((restarts.get((namespace, pod), 0.0) for pod in all_pods), default=0.0),
                out_of_memory=frozenset(
                    container
                    for space, pod, container in out_of_memory
                    if space == namespace and pod in all_pods
                ),
            )
        )
    return result


def _containers(
    namespace: str,
    shown: Iterable[str],
    all_pods: Iterable[str],
    *,
    requests: Mapping[tuple[str, str], Mapping[str, Requested]],
    limits: Mapping[Key, float],
    images: Mapping[Key, str],
    sidecars: set[Key],
    used: Mapping[str, Mapping[Key, PodUse]],
) -> tuple[Container, ...]:
    """The containers of the pods that are shown, with their lowest requests, and the use of all pods."""
    lowest: dict[str, Requested] = {}
    for pod in sorted(shown):
        for name, requested in requests.get((namespace, pod), {}).items():
            amounts = lowest.setdefault(name, Requested(requested.is_init)).amounts
            for resource, amount in requested.amounts.items():
                amounts[resource] = min(amount, amounts.get(resource, amount))
    containers = []
    for name, requested in sorted(lowest.items()):
        keys = [(namespace, pod, name) for pod in sorted(all_pods)]
        use = {
            resource: combined(by_key[key] for key in keys if key in by_key)
            for resource, by_key in used.items()
            if any(key in by_key for key in keys)
        }
        sidecar = any(key in sidecars for key in keys)
        containers.append(
            Container(
                name=name,
                requests=requested.amounts,
                memory_limit=max((limits[key] for key in keys if key in limits), default=None),
                image=next((images[key] for key in reversed(keys) if key in images), ""),
                runs_first=requested.is_init and not sidecar,
                sidecar=sidecar,
                use=use,
            )
        )
    return tuple(containers)


def _mean_pods(
    namespace: str, pods: Iterable[str], used: Mapping[str, Mapping[Key, PodUse]], window: timedelta
) -> float:
    """How many pods ran on average over the window."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for by_key in used.values():
        for (space, pod, _), use in by_key.items():
            if space == namespace and pod in pods:
                seconds[pod] = max(seconds[pod], use.seconds)
    return sum(seconds.values()) / window.total_seconds()
