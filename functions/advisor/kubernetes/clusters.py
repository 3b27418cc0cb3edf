"""All rules on each cluster of one Prometheus."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from functions.advisor.findings import Finding
from functions.advisor.kubernetes.examine import Cluster, examine_cluster
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.kubernetes.usage import MEMORY, sampling
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.report import Examination
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws

# cAdvisor's samples, or those of kube-state-metrics alone.
METRICS = (MEMORY, "kube_pod_info", "kube_persistentvolumeclaim_info", "kube_node_info")


def examine_clusters(
    prometheus: Prometheus,
    aws: Aws | None,
    settings: Settings,
    prices: Prices,
    ownership: Ownership,
    now: datetime,
) -> Examination:
    """What the metrics of each cluster show. `aws` prices volumes and spot instances. Raises SourceError.

    The label `cluster_label` of the settings identifies a cluster. If there are several, the names of the
    resources begin with that of their cluster.
    """
    newest = ((metric, sampling(prometheus, now, metric)) for metric in METRICS)
    metric, at = next(((metric, at) for metric, at in newest if at is not None), (MEMORY, None))
    if at is None:
        return Examination(
            notes=(
                f"Prometheus: no container_memory_working_set_bytes in the day before {now:%Y-%m-%d %H:%M} "
                "UTC, and nothing of kube-state-metrics; it must scrape both (cAdvisor is the kubelet's "
                "/metrics/cadvisor); no rule on the cluster was evaluated",
            )
        )
    notes = []
    if at.end != now:
        notes.append(
            f"Prometheus: the newest sample is of {at.end:%Y-%m-%d %H:%M} UTC; the window ends there"
        )
    label = settings.cluster_label
    samples = prometheus.at(f"count by ({label}) (last_over_time({metric}[{at.recent}]))", at.end)
    names = sorted(labels.get(label, "") for labels, _ in samples)

    def examined(of_one: Prometheus) -> Examination:
        cluster = Cluster(of_one, at, has_usage=metric == MEMORY)
        return examine_cluster(cluster, aws, settings, prices, ownership)

    if len(names) < 2:
        return _together(notes, [examined(prometheus)])
    return _together(
        notes, [_of_cluster(name, examined(prometheus.of_cluster(label, name))) for name in names]
    )


def _of_cluster(name: str, examination: Examination) -> Examination:
    """The same with the cluster in every name."""
    where = name or "(no cluster)"

    def renamed(finding: Finding) -> Finding:
        return replace(
            finding, resource=f"{where}/{finding.resource}", evidence=f"cluster {where}: {finding.evidence}"
        )

    return Examination(
        findings=[renamed(finding) for finding in examination.findings],
        rules=examination.rules,
        not_judged=frozenset(f"{where}/{resource}" for resource in examination.not_judged),
        notes=tuple(f"cluster {where}: {note}" for note in examination.notes),
    )


def _together(notes: Iterable[str], examinations: Iterable[Examination]) -> Examination:
    """One examination of several; a rule is complete if it is in all."""
    examinations = list(examinations)
    return Examination(
        findings=[finding for examination in examinations for finding in examination.findings],
        rules=frozenset.intersection(*(examination.rules for examination in examinations)),
        not_judged=frozenset().union(*(examination.not_judged for examination in examinations)),
        notes=(*notes, *(note for examination in examinations for note in examination.notes)),
    )
