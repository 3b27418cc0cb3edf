"""What the containers of a cluster used in a window, from cAdvisor's metrics."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from functions.advisor.kubernetes.prometheus import Prometheus, quoted
from functions.advisor.settings import Settings

# Series of the pod as a whole and of its pause container are left out.
CPU = 'container_cpu_usage_seconds_total{container!="",container!="POD"}'
MEMORY = 'container_memory_working_set_bytes{container!="",container!="POD"}'
RATE_SECONDS = 300
PEAK_SECONDS = 60
# The fit of daily peaks counts as growth from this correlation on, and needs this many days.
GROWTH_CORRELATION = 0.8
GROWTH_DAYS = 5
DAY = timedelta(days=1)
INTERVAL_SPAN = timedelta(hours=6)


@dataclass(frozen=True)
class Sampling:
    """How often Prometheus has samples, and the instant at which the window ends."""

    interval: timedelta
    end: datetime

    @property
    def step(self) -> timedelta:
        """Between evaluations: every sample, and at most every five minutes."""
        return max(timedelta(seconds=RATE_SECONDS), self.interval)

    @property
    def peak_step(self) -> timedelta:
        """Between evaluations that look for peaks, which seldom begin on a longer step."""
        return max(timedelta(seconds=PEAK_SECONDS), self.interval)

    @property
    def rate_window(self) -> str:
        """For rate(): five minutes, or two samples of a slower scrape, which average no peak away."""
        return f"{max(RATE_SECONDS, round(2 * self.interval.total_seconds()) - 1)}s"

    @property
    def recent(self) -> str:
        """How far back a sample is current."""
        return f"{max(900, round(3 * self.interval.total_seconds()))}s"


@dataclass
class Use:
    """One resource of one container, over all pods of a workload: cores, or bytes.

    `mean` is for one pod; `percentile` and `peak` are those of the pod with the highest. `daily` are the
    peaks of each day by the day's number in the window.
    """

    mean: float
    percentile: float
    daily: Mapping[int, float]

    @property
    def peak(self) -> float:
        return max(self.daily.values(), default=0.0)

    def after(self, days: int) -> float:
        """The daily peak after some days, if the peaks grow steadily; else 0."""
        if len(self.daily) < GROWTH_DAYS or len(set(self.daily.values())) == 1:
            return 0.0
        numbers, peaks = zip(*sorted(self.daily.items()), strict=True)
        if statistics.correlation(numbers, peaks) < GROWTH_CORRELATION:
            return 0.0
        slope, intercept = statistics.linear_regression(numbers, peaks)
        return intercept + slope * (numbers[-1] + days)


Key = tuple[str, str, str]  # namespace, pod, container


@dataclass
class PodUse:
    """What one container of one pod used: `seconds` is for how long it was measured."""

    seconds: float = 0.0
    mean: float | None = None
    percentile: float | None = None
    daily: dict[int, float] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return bool(self.seconds and self.daily) and None not in (self.mean, self.percentile)


def sampling(prometheus: Prometheus, now: datetime, metric: str = MEMORY) -> Sampling | None:
    """How often there are samples of a metric; None without any in the last day.

    The window ends now, or where the samples end, if Prometheus has had none for a while.
    """
    newest = prometheus.at(f"max(max_over_time(timestamp({metric})[1d:5m]))", now)
    if not newest:
        return None
    end = datetime.fromtimestamp(newest[0].value, now.tzinfo)
    interval = _interval(prometheus, metric, end)
    measured = Sampling(interval, now)
    return measured if now - end <= 3 * measured.step else Sampling(interval, end)


def _interval(prometheus: Prometheus, metric: str, end: datetime) -> timedelta:
    """Between two samples of the series that has most in the last hours, which may be young or have gaps."""
    span = f"{round(INTERVAL_SPAN.total_seconds())}s"
    (most, *_) = prometheus.at(f"topk(1, count_over_time({metric}[{span}]))", end)
    selector = ",".join(f"{name}={quoted(text)}" for name, text in most.labels.items())
    (series, *_) = prometheus.raw(f"{metric.partition('{')[0]}{{{selector}}}", INTERVAL_SPAN, end)
    times = sorted(series.values)
    if len(times) < 2:
        return INTERVAL_SPAN
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return timedelta(seconds=max(round(statistics.median(gaps)), 1))


def uses(
    prometheus: Prometheus, window: timedelta, at: Sampling, settings: Settings, resource: str
) -> dict[Key, PodUse]:
    """The use of `cpu` or `memory` by each container of each pod in the window."""
    span = f"{round(window.total_seconds())}s"
    # A container that was started again has another series, with another id. One that two replicas of
    # Prometheus scrape has two series with one id.
    total = "sum by (namespace, pod, container) (max by (namespace, pod, container, id) ({}))".format
    grouped = "by (namespace, pod, container)"
    by_container: defaultdict[Key, PodUse] = defaultdict(PodUse)
    for labels, count in prometheus.at(total(f"count_over_time({MEMORY}[{span}])"), at.end):
        seconds = count * at.interval.total_seconds()
        by_container[container_key(labels)].seconds = min(seconds, window.total_seconds())
    if resource == "memory":
        percentile, mean = settings.memory_percentile, f"max {grouped} (avg_over_time({MEMORY}[{span}]))"
        quantile, peak = f"quantile_over_time({percentile}, {MEMORY}[{span}])", f"max_over_time({MEMORY}[1d])"
        _add(by_container, prometheus, at, window, mean=mean, quantile=quantile, peak=peak)
        return {key: use for key, use in by_container.items() if use.is_complete}
    step = f"{round(at.step.total_seconds())}s"
    for labels, _ in prometheus.at(f"count by (namespace) (last_over_time({CPU}[{span}]))", at.end):
        # One namespace at a time, so that no query needs more samples than Prometheus allows.
        cpu = CPU.replace("{", f"{{namespace={quoted(labels.get('namespace', ''))},", 1)
        rate = f"rate({cpu}[{at.rate_window}])"
        mean = total(f"increase({cpu}[{span}])")
        quantile = f"quantile_over_time({settings.cpu_percentile}, {rate}[{span}:{step}])"
        _add(
            by_container,
            prometheus,
            at,
            window,
            mean=mean,
            quantile=quantile,
            peak=f"max_over_time({rate}[1d:{round(at.peak_step.total_seconds())}s])",
        )
    complete = {key: use for key, use in by_container.items() if use.is_complete}
    for use in complete.values():
        use.mean = (use.mean or 0.0) / use.seconds
    return complete


def _add(
    by_container: defaultdict[Key, PodUse],
    prometheus: Prometheus,
    at: Sampling,
    window: timedelta,
    *,
    mean: str,
    quantile: str,
    peak: str,
) -> None:
    grouped = "by (namespace, pod, container)"
    for labels, value in prometheus.at(mean, at.end):
        by_container[container_key(labels)].mean = value
    for labels, value in prometheus.at(f"max {grouped} ({quantile})", at.end):
        by_container[container_key(labels)].percentile = value
    first = at.end - window + DAY
    for number in range(window // DAY):  # a query each, as those of all days may need too many samples
        for labels, value in prometheus.at(f"max {grouped} ({peak})", first + number * DAY):
            by_container[container_key(labels)].daily[number] = value


def container_key(labels: Mapping[str, str]) -> Key:
    return labels.get("namespace", ""), labels.get("pod", ""), labels.get("container", "")


def combined(parts: Iterable[PodUse]) -> Use:
    """The use of all pods of a workload."""
    parts = list(parts)
    seconds = sum(part.seconds for part in parts)
    daily: dict[int, float] = {}
    for part in parts:
        for day, value in part.daily.items():
            daily[day] = max(value, daily.get(day, 0.0))
    return Use(
        mean=sum((part.mean or 0.0) * part.seconds for part in parts) / seconds if seconds else 0.0,
        percentile=max((part.percentile or 0.0 for part in parts), default=0.0),
        daily=daily,
    )
