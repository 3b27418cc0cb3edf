"""All rules on a cluster, from one Prometheus."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from functions.advisor.findings import Finding
from functions.advisor.kubernetes import claims, nodes, placement, rightsizing
from functions.advisor.kubernetes.autoscalers import Autoscaler, autoscalers, load
from functions.advisor.kubernetes.prometheus import Prometheus, quoted
from functions.advisor.kubernetes.spot_prices import spot_discount
from functions.advisor.kubernetes.state_metrics import RESOURCES
from functions.advisor.kubernetes.usage import Sampling, uses
from functions.advisor.kubernetes.workloads import Workload, workloads
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import DEFAULT_REGION, Prices
from functions.advisor.report import Examination
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws

# What the metrics of kube-state-metrics alone show.
STATE_RULES = frozenset({claims.RULE, nodes.IDLE})
RULES = STATE_RULES | {rightsizing.REQUESTS, rightsizing.MINIMUM, placement.SPOT}


@dataclass(frozen=True)
class Cluster:
    """The metrics of one cluster at an instant; `has_usage` is whether cAdvisor's are among them."""

    prometheus: Prometheus
    at: Sampling
    has_usage: bool = True


def examine_cluster(
    cluster: Cluster, aws: Aws | None, settings: Settings, prices: Prices, ownership: Ownership
) -> Examination:
    """What the cluster's metrics show. `aws` prices volumes and spot instances. Raises SourceError."""
    prometheus, at = cluster.prometheus, cluster.at
    all_nodes = nodes.nodes(prometheus, at, settings)
    region = all_nodes[0].region if all_nodes else settings.cluster_region or DEFAULT_REGION
    findings = claims.findings(prometheus, aws, at, settings, prices, ownership, region)
    findings += nodes.idle_nodes(prometheus, all_nodes, at, settings, prices, ownership)
    if not cluster.has_usage:
        note = "Prometheus: no container_memory_working_set_bytes (cAdvisor); pods are not judged"
        return Examination(findings, STATE_RULES, notes=(note,))
    return _with_workloads(findings, prometheus, aws, all_nodes, at, settings, prices, ownership)


def _with_workloads(
    findings: list[Finding],
    prometheus: Prometheus,
    aws: Aws | None,
    all_nodes: Sequence[nodes.Node],
    at: Sampling,
    settings: Settings,
    prices: Prices,
    ownership: Ownership,
) -> Examination:
    notes = []
    used = {resource: uses(prometheus, settings.window, at, settings, resource) for resource in RESOURCES}
    scalers = autoscalers(prometheus, at)
    targets = [scaler.target for scaler in scalers]
    all_workloads = workloads(prometheus, settings.window, at, used, targets)
    if not any(c.requests for workload in all_workloads for c in workload.containers):
        notes.append("Prometheus: no kube_pod_container_resource_requests; it must scrape kube-state-metrics")
    units = nodes.unit_prices(all_nodes, prices, settings)
    not_judged: dict[str, str] = {}
    changed = []
    for workload in all_workloads:
        if not workload.containers:
            continue  # it requests nothing
        scaler = next((scaler for scaler in scalers if scaler.scales(workload)), None)
        if reason := rightsizing.why_not_judged(workload, scaler, settings):
            not_judged[workload.resource] = reason
            continue
        if missing := workload.not_measured():
            notes.append(f"{workload.resource}: no use measured of {', '.join(missing)}")
        use = None
        if scaler is not None and scaler.targets:
            use = load(prometheus, workload, scaler, settings.window, at)
        advice = rightsizing.advise(workload, scaler, use, settings, units)
        changed.append(advice.workload)
        findings += [_owned(f, workload, prometheus, settings, ownership) for f in advice.findings]
    quiet = placement.low_traffic_services(prometheus, changed, at, settings)
    if quiet is None:
        notes.append(
            f"Prometheus: no container_network_receive_bytes_total; {placement.LOW_TRAFFIC} is left out"
        )
    findings += placement.merges(quiet or [], settings, units)
    by_resource = {workload.resource: workload for workload in changed if workload not in (quiet or [])}
    discount = spot_discount(aws, all_nodes, at, prices, settings)
    for finding in placement.spot_candidates(
        prometheus, by_resource.values(), all_nodes, at, settings, units, discount
    ):
        findings.append(_owned(finding, by_resource[finding.resource], prometheus, settings, ownership))
    return Examination(
        findings=findings,
        rules=RULES if quiet is None else RULES | {placement.LOW_TRAFFIC},
        not_judged=frozenset(not_judged) | _scaled_resources(not_judged, all_workloads, scalers),
        notes=(*notes, *(f"{name} is not judged: {reason}" for name, reason in sorted(not_judged.items()))),
    )


def _owned(
    finding: Finding, workload: Workload, prometheus: Prometheus, settings: Settings, ownership: Ownership
) -> Finding:
    pods = f"namespace={quoted(workload.namespace)},pod=~{quoted(workload.name + '-.*')}"
    query = f'sum by (container) (rate(container_cpu_usage_seconds_total{{{pods},container!=""}}[5m]))'
    return replace(
        finding,
        owner=ownership.owner(*workload.labels, workload.namespace_labels),
        managed_by=ownership.managed_by([finding.resource, workload.resource], *workload.labels),
        link=prometheus.graph(query, settings.window),
    )


def _scaled_resources(
    not_judged: Mapping[str, str], all_workloads: Iterable[Workload], scalers: Iterable[Autoscaler]
) -> set[str]:
    """The autoscalers of workloads that are not judged: their findings are neither confirmed nor done."""
    return {
        scaler.resource
        for workload in all_workloads
        if workload.resource in not_judged
        for scaler in scalers
        if scaler.scales(workload)
    }
