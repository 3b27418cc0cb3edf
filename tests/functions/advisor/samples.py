"""Samples series by series, as OpenMetrics: for metrics that a scrape of a real cluster has, too."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

SECONDS = 1800  # between two samples
DAYS = 15
GIB, MIB = 1024**3, 1024**2
COUNT = DAYS * 86_400 // SECONDS


class Samples:
    """A sample each half hour of 15 days that end at `end`; `at` says by number which a series has."""

    def __init__(self, end: datetime) -> None:
        self._start = int(end.timestamp()) - (COUNT - 1) * SECONDS
        self._series: defaultdict[str, list[str]] = defaultdict(list)

    def add(
        self,
        metric: str,
        labels: dict[str, str],
        value: float | Callable[[int], float] = 1,
        at: Iterable[int] = range(COUNT),
    ) -> None:
        shown = ",".join(f"{name}={json.dumps(text, ensure_ascii=False)}" for name, text in labels.items())
        for number in at:
            amount = value(number) if callable(value) else value
            self._series[metric].append(
                f"{metric}{{{shown}}} {amount} {self._start + number * SECONDS}\n".replace(" nan ", " NaN ")
            )

    def container(
        self,
        pod: str,
        cores: float,
        mib: float | Callable[[int], float],
        *,
        requests: tuple[float, float] = (1, 1024),
        owner: tuple[str, str] | None = None,
        namespace: str = "shop",
        name: str = "app",
        at: Iterable[int] = range(COUNT),
        **more: str,
    ) -> None:
        """One container: its use, and its requests in cores and MiB. Labels of all its series are `more`."""
        of_pod = {"namespace": namespace, "pod": pod, **more}
        labels, at = {**of_pod, "container": name}, list(at)
        self.add("container_cpu_usage_seconds_total", labels, lambda n: cores * (n - at[0]) * SECONDS, at)
        memory = mib if callable(mib) else lambda _: mib
        self.add("container_memory_working_set_bytes", labels, lambda n: memory(n) * MIB, at)
        for resource, amount in (("cpu", requests[0]), ("memory", requests[1] * MIB)):
            self.add("kube_pod_container_resource_requests", {**labels, "resource": resource}, amount, at)
        if owner:
            owned = {"owner_kind": owner[0], "owner_name": owner[1]}
            self.add("kube_pod_owner", {**of_pod, **owned}, 1, at)

    def lines(self) -> Iterator[str]:
        for metric, lines in self._series.items():
            kind = "counter" if metric.endswith("_total") else "gauge"
            yield f"# TYPE {metric.removesuffix('_total')} {kind}\n"
            yield from lines
        yield "# EOF\n"
