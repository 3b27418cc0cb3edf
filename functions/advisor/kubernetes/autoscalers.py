"""Horizontal pod autoscalers, and how many replicas they run under other settings."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from functions.advisor.kubernetes.prometheus import Prometheus, one_of, quoted
from functions.advisor.kubernetes.usage import CPU, MEMORY, Sampling
from functions.advisor.kubernetes.workloads import Workload

METRIC = "kube_horizontalpodautoscaler"
KEDA_PREFIX = "keda-hpa-"  # of the autoscaler that KEDA creates for a ScaledObject
_POINTS = 10_000  # Prometheus returns at most 11,000 points of a series
# Utilizations come from a ratio of floats; this much above a whole number is none.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Autoscaler:
    """`targets` are utilizations of requests by resource, 0.7 for 70 %; `others` counts its other metrics."""

    namespace: str
    name: str
    kind: str
    workload: str
    minimum: int
    maximum: int
    targets: Mapping[str, float]
    others: int = 0

    @property
    def scaled_object(self) -> str:
        """The name of the ScaledObject that KEDA made it for, empty if it is none."""
        return self.name.removeprefix(KEDA_PREFIX) if self.name.startswith(KEDA_PREFIX) else ""

    @property
    def resource(self) -> str:
        kind = "ScaledObject" if self.scaled_object else "HorizontalPodAutoscaler"
        return f"{self.namespace}/{kind}/{self.scaled_object or self.name}"

    @property
    def target(self) -> tuple[str, str, str]:
        """Namespace, kind and name of what it scales."""
        return self.namespace, self.kind, self.workload

    def scales(self, workload: Workload) -> bool:
        return self.target == (workload.namespace, workload.kind, workload.name)

    def with_minimum(self, minimum: int) -> "Autoscaler":
        return replace(self, minimum=minimum)


def autoscalers(prometheus: Prometheus, at: Sampling) -> list[Autoscaler]:
    """All autoscalers.

    One without kube_horizontalpodautoscaler_info scales the Deployment of its name, `-hpa` taken off.
    """

    def values(metric: str) -> dict[tuple[str, str], tuple[dict[str, str], float]]:
        samples = prometheus.at(f"last_over_time({METRIC}_{metric}[{at.recent}])", at.end)
        return {
            (labels.get("namespace", ""), labels.get("horizontalpodautoscaler", "")): (labels, value)
            for labels, value in samples
        }

    info, minimums = values("info"), values("spec_min_replicas")
    maximums = values("spec_max_replicas")
    targets: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    others: defaultdict[tuple[str, str], int] = defaultdict(int)
    for labels, value in prometheus.at(f"last_over_time({METRIC}_spec_target_metric[{at.recent}])", at.end):
        key = labels.get("namespace", ""), labels.get("horizontalpodautoscaler", "")
        resource = labels.get("metric_name", "")
        if labels.get("metric_target_type") == "utilization" and resource in ("cpu", "memory"):
            targets[key][resource] = value / 100
        else:
            others[key] += 1
    result = []
    for key in sorted(minimums.keys() & maximums.keys()):
        namespace, name = key
        labels = info.get(key, ({}, 0.0))[0]
        result.append(
            Autoscaler(
                namespace=namespace,
                name=name,
                kind=labels.get("scaletargetref_kind", "Deployment"),
                workload=labels.get(
                    "scaletargetref_name", name.removeprefix(KEDA_PREFIX).removesuffix("-hpa")
                ),
                minimum=round(minimums[key][1]),
                maximum=round(maximums[key][1]),
                targets=targets[key],
                others=others[key],
            )
        )
    return result


@dataclass(frozen=True)
class Load:
    """The use of a whole workload over time, by resource: cores or bytes at the same instants."""

    use: Mapping[str, Sequence[float]]

    def needed(self, scaler: Autoscaler, requests: Mapping[str, float]) -> list[int]:
        """How many replicas the load needs at each instant, before minimum and maximum.

        The algorithm of the autoscaler without its tolerance and its delays:
        https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
        """
        by_resource = [
            [math.ceil(use / (target * requests[resource]) - _TOLERANCE) for use in self.use[resource]]
            for resource, target in scaler.targets.items()
            if requests.get(resource)
        ]
        return [max(counts) for counts in zip(*by_resource, strict=True)]


def load(
    prometheus: Prometheus, workload: Workload, scaler: Autoscaler, window: timedelta, at: Sampling
) -> Load:
    """What all pods of the workload used together, for the resources that the autoscaler looks at."""
    step = max(at.step, window / _POINTS)
    pods = f"{{namespace={quoted(workload.namespace)},pod=~{one_of(workload.all_pods)},"
    queries = {
        "cpu": f"sum(max by (pod, container) (rate({CPU.replace('{', pods, 1)}[{at.rate_window}])))",
        "memory": f"sum(max by (pod, container) ({MEMORY.replace('{', pods, 1)}))",
    }
    values = {}
    for resource in scaler.targets:
        series = prometheus.over(queries[resource], at.end - window + step, at.end, step)
        values[resource] = series[0].values if series else {}
    times = sorted(set.intersection(*(set(by_time) for by_time in values.values())))
    return Load({resource: [by_time[time] for time in times] for resource, by_time in values.items()})


def clamped(needed: Sequence[int], scaler: Autoscaler) -> list[int]:
    """The replicas that run: within minimum and maximum."""
    return [min(max(count, scaler.minimum), scaler.maximum) for count in needed]
