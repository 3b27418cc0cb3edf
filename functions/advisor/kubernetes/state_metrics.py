"""Owners, requests, restarts and labels of pods, from kube-state-metrics."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from functions.advisor.kubernetes.prometheus import Prometheus, Sample
from functions.advisor.kubernetes.usage import CPU, Key, Sampling, container_key

RESOURCES = ("cpu", "memory")
CRON_JOB = "CronJob"
# Pods of a Job that no CronJob made, and static pods, which a node owns, cannot be changed by a patch.
UNCHANGEABLE = ("Job", "Node")
# A job that ran longer ago may be gone: more than the week between two runs of a weekly one.
JOB_DAYS = 8
# Names of pods and ReplicaSets end with these, where nothing says who owns them:
# https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_OF_DEPLOYMENT = re.compile(rf"(?P<name>.+)-[{_LETTERS}]{{6,10}}-[{_LETTERS}]{{5}}")
_OF_STATEFUL_SET = re.compile(r"(?P<name>.+)-\d{1,4}")
_OF_CRON_JOB = re.compile(rf"(?P<name>.+)-\d{{8}}-[{_LETTERS}]{{5}}")
_OF_REPLICA_SET = re.compile(rf"(?P<name>.+)-[{_LETTERS}]{{6,10}}")
_OF_JOB = re.compile(r"(?P<name>.+)-\d{8}")
# A hash with a digit and a suffix, of other letters than those above.
_LIKE_DEPLOYMENT = re.compile(r"(?P<name>.+)-(?=[a-z]*\d)[a-z0-9]{6,10}-[a-z0-9]{5}")
# What JVMs export with Micrometer, and with the Prometheus client.
_JVM = ("jvm_memory_used_bytes", "jvm_memory_bytes_used")
_LABELS = {
    "Deployment": ("kube_deployment_labels", "deployment"),
    "StatefulSet": ("kube_statefulset_labels", "statefulset"),
    "DaemonSet": ("kube_daemonset_labels", "daemonset"),
    CRON_JOB: ("kube_cronjob_labels", "cronjob"),
}


class StateMetrics:
    """The answers of kube-state-metrics, each fetched once."""

    def __init__(self, prometheus: Prometheus, window: timedelta, at: Sampling) -> None:
        self._prometheus, self._at = prometheus, at
        self._span = f"{round(window.total_seconds())}s"

    def of_window(self, metric: str, labels: str, function: str = "last_over_time") -> list[Sample]:
        return self._prometheus.at(f"max by ({labels}) ({function}({metric}[{self._span}]))", self._at.end)

    def now(self, metric: str, labels: str) -> list[Sample]:
        query = f"min by ({labels}) (last_over_time({metric}[{self._at.recent}]))"
        return self._prometheus.at(query, self._at.end)

    def containers_started(self) -> list[Sample]:
        """How often each container was started in the window: cAdvisor gives it another id each time."""
        started = f"count by (namespace, pod, container, id) (last_over_time({CPU}[{self._span}]))"
        query = f"count by (namespace, pod, container) ({started})"
        return self._prometheus.at(query, self._at.end)

    def raw_of_window(self, metric: str) -> list[Sample]:
        return self._prometheus.at(f"last_over_time({metric}[{self._span}])", self._at.end)

    def raw_now(self, metric: str) -> list[Sample]:
        return self._prometheus.at(f"last_over_time({metric}[{self._at.recent}])", self._at.end)


def owners_of_pods(metrics: StateMetrics) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, name) of the controller by namespace and pod."""
    above = {
        **_above(metrics, "kube_replicaset_owner", "replicaset", "ReplicaSet"),
        **_above(metrics, "kube_job_owner", "job_name", "Job"),
    }
    owners = {}
    for labels, _ in metrics.of_window("kube_pod_owner", "namespace, pod, owner_kind, owner_name"):
        kind, name = labels.get("owner_kind", ""), labels.get("owner_name", "")
        if kind not in ("", "<none>"):
            namespace = labels.get("namespace", "")
            owner = above.get((namespace, kind, name)) or _above_by_name(kind, name)
            owners[namespace, labels.get("pod", "")] = owner
    return owners


def _above(
    metrics: StateMetrics, metric: str, label: str, kind: str
) -> dict[tuple[str, str, str], tuple[str, str]]:
    """What controls each ReplicaSet or Job: itself, where nothing does."""
    owners = {}
    for labels, _ in metrics.of_window(metric, f"namespace, {label}, owner_kind, owner_name"):
        name = labels.get(label, "")
        owner = labels.get("owner_kind", ""), labels.get("owner_name", "")
        is_owned = owner[0] not in ("", "<none>")
        owners[labels.get("namespace", ""), kind, name] = owner if is_owned else (kind, name)
    return owners


def _above_by_name(kind: str, name: str) -> tuple[str, str]:
    """What the name of a ReplicaSet or Job says that controls it, where kube-state-metrics does not."""
    if kind == "ReplicaSet" and (match := _OF_REPLICA_SET.fullmatch(name)):
        return "Deployment", match["name"]
    if kind == "Job" and (match := _OF_JOB.fullmatch(name)):
        return CRON_JOB, match["name"]
    return kind, name


def owner_by_name(pod: str, scaled: Iterable[tuple[str, str]] = ()) -> tuple[str, str]:
    """(kind, name) of the controller by the name of a pod, where kube-state-metrics does not name it.

    `scaled` is what the autoscalers of the namespace scale, as (kind, name).
    """
    if match := _OF_CRON_JOB.fullmatch(pod):
        return CRON_JOB, match["name"]
    targets = [target for target in scaled if _may_be_of(pod, target[1])]
    if targets:
        return max(targets, key=lambda target: len(target[1]))
    if match := _OF_DEPLOYMENT.fullmatch(pod) or _LIKE_DEPLOYMENT.fullmatch(pod):
        return "Deployment", match["name"]
    if match := _OF_STATEFUL_SET.fullmatch(pod):
        return "StatefulSet", match["name"]
    return "Pod", pod


def _may_be_of(pod: str, workload: str) -> bool:
    """Whether a pod is named like one of the workload: with one suffix, or a hash and a suffix."""
    first, _, second = pod.removeprefix(f"{workload}-").partition("-")
    if not pod.startswith(f"{workload}-") or "-" in second:
        return False
    is_other_set = second.isdigit() and not any(letter.isdigit() for letter in first)
    return not is_other_set  # web-canary-0 is not of web


@dataclass(frozen=True)
class Requested:
    """What a container requests, in cores and bytes by resource; `is_init` is that of an init container."""

    is_init: bool
    amounts: dict[str, float] = field(default_factory=dict)


def requests_of_pods(metrics: StateMetrics) -> dict[tuple[str, str], dict[str, Requested]]:
    """The requests of each container by namespace and pod."""
    requests: defaultdict[tuple[str, str], dict[str, Requested]] = defaultdict(dict)
    for metric, is_init in (
        ("kube_pod_container_resource_requests", False),
        ("kube_pod_init_container_resource_requests", True),
    ):
        selector = f'{metric}{{resource=~"{"|".join(RESOURCES)}"}}'
        for labels, value in metrics.of_window(selector, "namespace, pod, container, resource"):
            pod = requests[labels.get("namespace", ""), labels.get("pod", "")]
            requested = pod.setdefault(labels.get("container", ""), Requested(is_init))
            requested.amounts[labels.get("resource", "")] = value
    return requests


def pods_with_jvm(metrics: StateMetrics) -> set[tuple[str, str]]:
    """The pods that export the memory of a JVM."""
    return {
        (labels.get("namespace", ""), labels.get("pod", ""))
        for metric in _JVM
        for labels, _ in metrics.of_window(metric, "namespace, pod")
    }


def restarts_of_pods(metrics: StateMetrics) -> tuple[dict[tuple[str, str], float], set[Key]]:
    """Restarts in the window by pod, and the containers that were killed for lack of memory."""
    restarts: defaultdict[tuple[str, str], float] = defaultdict(float)
    for metric, function in (
        ("kube_pod_container_status_restarts_total", "increase"),
        (CPU, "resets"),
    ):
        for labels, value in metrics.of_window(metric, "namespace, pod", function):
            pod = labels.get("namespace", ""), labels.get("pod", "")
            restarts[pod] = max(restarts[pod], value)
    for labels, count in metrics.containers_started():
        pod = labels.get("namespace", ""), labels.get("pod", "")
        restarts[pod] = max(restarts[pod], count - 1)
    killed = metrics.of_window(
        'kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}', "namespace, pod, container",
        "max_over_time",
    )  # fmt: skip
    return restarts, {container_key(labels) for labels, value in killed if value > 0}


@dataclass(frozen=True)
class Labels:
    """The labels that kube-state-metrics is allowed to show, as `label_…`.

    Those of workloads by namespace, kind and name, of pods by namespace and name, and of namespaces.
    """

    workloads: Mapping[tuple[str, str, str], Mapping[str, str]]
    pods: Mapping[tuple[str, str], Mapping[str, str]]
    namespaces: Mapping[str, Mapping[str, str]]

    def of(self, namespace: str, kind: str, name: str, pods: Iterable[str]) -> list[Mapping[str, str]]:
        """The labels of a workload, then those of its pods."""
        own = self.workloads.get((namespace, kind, name), {})
        return [own, *(self.pods.get((namespace, pod), {}) for pod in sorted(pods))]


def labels_of(metrics: StateMetrics) -> Labels:
    """The labels now, those of pods from the whole window."""
    return Labels(
        {
            (labels.get("namespace", ""), kind, labels.get(label, "")): labels
            for kind, (metric, label) in _LABELS.items()
            for labels, _ in metrics.raw_now(metric)
        },
        {
            (labels.get("namespace", ""), labels.get("pod", "")): labels
            for labels, _ in metrics.raw_of_window("kube_pod_labels")
        },
        {labels.get("namespace", ""): labels for labels, _ in metrics.raw_now("kube_namespace_labels")},
    )
