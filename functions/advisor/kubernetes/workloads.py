"""The workloads of a cluster: their pods, containers and requests, from kube-state-metrics."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from functions.advisor.kubernetes.prometheus import Prometheus, Sample
from functions.advisor.kubernetes.usage import Key, PodUse, Sampling, Use, combined

RESOURCES = ("cpu", "memory")
JOBS = ("Job", "CronJob")
# Names of pods and ReplicaSets end with these, where nothing says who owns them:
# https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_OF_DEPLOYMENT = re.compile(rf"(?P<name>.+)-[{_LETTERS}]{{6,10}}-[{_LETTERS}]{{5}}")
_OF_STATEFUL_SET = re.compile(r"(?P<name>.+)-\d{1,4}")
_LABELS = {
    "Deployment": ("kube_deployment_labels", "deployment"),
    "StatefulSet": ("kube_statefulset_labels", "statefulset"),
    "DaemonSet": ("kube_daemonset_labels", "daemonset"),
}


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
    window, and `replicas` for how many a request is saved: those that run now, or the mean of jobs."""

    namespace: str
    kind: str
    name: str
    containers: tuple[Container, ...]
    pods: frozenset[str]
    all_pods: frozenset[str]
    mean_pods: float
    replicas: float
    measured_days: int
    labels: Mapping[str, str] = field(default_factory=dict)
    restarts: float = 0.0
    out_of_memory: frozenset[str] = frozenset()

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

    def utilization(self, resource: str) -> float | None:
        """The mean use as a share of the requests; None without requests or measurements."""
        running = [c for c in self.containers if not c.runs_first and resource in c.requests]
        requested = sum(c.requests[resource] for c in running)
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


class _Facts:
    """The answers of kube-state-metrics, each fetched once."""

    def __init__(self, prometheus: Prometheus, window: timedelta, at: Sampling) -> None:
        self._prometheus, self._at = prometheus, at
        self._span = f"{round(window.total_seconds())}s"

    def of_window(self, metric: str, labels: str, function: str = "last_over_time") -> list[Sample]:
        return self._prometheus.at(f"max by ({labels}) ({function}({metric}[{self._span}]))", self._at.end)

    def now(self, metric: str, labels: str) -> list[Sample]:
        query = f"min by ({labels}) (last_over_time({metric}[{self._at.recent}]))"
        return self._prometheus.at(query, self._at.end)

    def raw_now(self, metric: str) -> list[Sample]:
        return self._prometheus.at(f"last_over_time({metric}[{self._at.recent}])", self._at.end)


def workloads(
    prometheus: Prometheus,
    window: timedelta,
    at: Sampling,
    used: Mapping[str, Mapping[Key, PodUse]],
) -> list[Workload]:
    """The workloads that run now, and the jobs that ran in the window. `used` is by resource."""
    facts = _Facts(prometheus, window, at)
    owners = _owners(facts)
    requests = _requests(facts)
    limits = {
        _container(labels): value
        for labels, value in facts.of_window(
            'kube_pod_container_resource_limits{resource="memory"}', "namespace, pod, container"
        )
    }
    images = {
        _container(labels): labels.get("image", "")
        for labels, _ in facts.of_window("kube_pod_container_info", "namespace, pod, container, image")
    }
    sidecars = {
        _container(labels)
        for labels, _ in facts.of_window(
            'kube_pod_init_container_info{restart_policy="Always"}', "namespace, pod, container"
        )
    }
    restarts, out_of_memory = _restarts(facts)
    running = {
        (labels["namespace"], labels["pod"])
        for labels, _ in facts.now(
            'container_memory_working_set_bytes{container!="",pod!=""}', "namespace, pod"
        )
        if "namespace" in labels
    }
    pods: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for namespace, pod in {(key[0], key[1]) for by_key in used.values() for key in by_key}:
        pods[namespace, *owners.get((namespace, pod), _owner_by_name(pod))].add(pod)
    labels_of = _labels(facts, {kind for _, kind, _ in pods})
    result = []
    for (namespace, kind, name), all_pods in sorted(pods.items()):
        current = frozenset(pod for pod in all_pods if (namespace, pod) in running)
        # The pods of a job that are over are all that there is to look at between two runs.
        shown = {max(all_pods)} if kind in JOBS else current
        if not shown:
            continue
        containers = _containers(
            namespace, shown, all_pods, requests=requests, limits=limits, images=images, sidecars=sidecars,
            used=used,
        )  # fmt: skip
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
                replicas=mean_pods if kind in JOBS else len(current),
                measured_days=len({day for c in containers for use in c.use.values() for day in use.daily}),
                labels=labels_of.get((namespace, kind, name), {}),
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
    requests: Mapping[tuple[str, str], Mapping[str, tuple[bool, dict[str, float]]]],
    limits: Mapping[Key, float],
    images: Mapping[Key, str],
    sidecars: set[Key],
    used: Mapping[str, Mapping[Key, PodUse]],
) -> tuple[Container, ...]:
    """The containers of the pods that are shown, with the lowest requests among them, and the use of all pods."""
    merged: dict[str, tuple[bool, dict[str, float]]] = {}
    for pod in sorted(shown):
        for name, (first, values) in requests.get((namespace, pod), {}).items():
            lowest = merged.setdefault(name, (first, dict(values)))[1]
            for resource, value in values.items():
                lowest[resource] = min(value, lowest.get(resource, value))
    containers = []
    for name, (first, values) in sorted(merged.items()):
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
                requests=values,
                memory_limit=max((limits[key] for key in keys if key in limits), default=None),
                image=next((images[key] for key in reversed(keys) if key in images), ""),
                runs_first=first and not sidecar,
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


def _owners(facts: _Facts) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, name) of the controller by namespace and pod."""
    above = {
        **_above(facts, "kube_replicaset_owner", "replicaset", "ReplicaSet"),
        **_above(facts, "kube_job_owner", "job_name", "Job"),
    }
    owners = {}
    for labels, _ in facts.of_window("kube_pod_owner", "namespace, pod, owner_kind, owner_name"):
        kind, name = labels.get("owner_kind", ""), labels.get("owner_name", "")
        if kind not in ("", "<none>"):
            namespace = labels["namespace"]
            owners[namespace, labels["pod"]] = above.get((namespace, kind, name), (kind, name))
    return owners


def _above(facts: _Facts, metric: str, label: str, kind: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    return {
        (labels["namespace"], kind, labels[label]): (labels["owner_kind"], labels["owner_name"])
        for labels, _ in facts.of_window(metric, f"namespace, {label}, owner_kind, owner_name")
        if labels.get("owner_kind") not in (None, "", "<none>")
    }


def _owner_by_name(pod: str) -> tuple[str, str]:
    """Where kube-state-metrics does not say who owns a pod, its name does."""
    if match := _OF_DEPLOYMENT.fullmatch(pod):
        return "Deployment", match["name"]
    if match := _OF_STATEFUL_SET.fullmatch(pod):
        return "StatefulSet", match["name"]
    return "Pod", pod


def _requests(facts: _Facts) -> dict[tuple[str, str], dict[str, tuple[bool, dict[str, float]]]]:
    """(whether it is an init container, requests by resource) by pod and container."""
    found: defaultdict[tuple[str, str], dict[str, tuple[bool, dict[str, float]]]] = defaultdict(dict)
    for metric, first in (
        ("kube_pod_container_resource_requests", False),
        ("kube_pod_init_container_resource_requests", True),
    ):
        selector = f'{metric}{{resource=~"{"|".join(RESOURCES)}"}}'
        for labels, value in facts.of_window(selector, "namespace, pod, container, resource"):
            pod = labels["namespace"], labels["pod"]
            found[pod].setdefault(labels["container"], (first, {}))[1][labels["resource"]] = value
    return found


def _restarts(facts: _Facts) -> tuple[dict[tuple[str, str], float], set[Key]]:
    """Restarts in the window by pod, and the containers that were killed for lack of memory."""
    restarts: defaultdict[tuple[str, str], float] = defaultdict(float)
    for metric, function in (
        ("kube_pod_container_status_restarts_total", "increase"),
        ('container_cpu_usage_seconds_total{container!="",container!="POD"}', "resets"),
    ):
        for labels, value in facts.of_window(metric, "namespace, pod", function):
            pod = labels.get("namespace", ""), labels.get("pod", "")
            restarts[pod] = max(restarts[pod], value)
    killed = facts.of_window(
        'kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}', "namespace, pod, container",
        "max_over_time",
    )  # fmt: skip
    return restarts, {_container(labels) for labels, value in killed if value > 0}


def _labels(facts: _Facts, kinds: Iterable[str]) -> dict[tuple[str, str, str], dict[str, str]]:
    """The labels of workloads that kube-state-metrics is allowed to show, as `label_…`."""
    return {
        (labels.get("namespace", ""), kind, labels.get(_LABELS[kind][1], "")): labels
        for kind in kinds
        if kind in _LABELS
        for labels, _ in facts.raw_now(_LABELS[kind][0])
    }


def _container(labels: Mapping[str, str]) -> Key:
    return labels.get("namespace", ""), labels.get("pod", ""), labels.get("container", "")
