"""Workloads that could run on spot instances, and services with too little traffic to run alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from functions.advisor.catalogue import risk_of
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding
from functions.advisor.kubernetes.nodes import Node
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.kubernetes.spot_prices import SpotDiscount
from functions.advisor.kubernetes.usage import Sampling
from functions.advisor.kubernetes.workloads import Workload
from functions.advisor.pricing import UnitPrices
from functions.advisor.settings import Settings

SPOT = "spot-candidate"
LOW_TRAFFIC = "low-traffic-services"
DAY_SECONDS = 86_400
_SPOT_PATCH = (
    '{"spec":{"template":{"spec":{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":'
    '[{"weight":100,"preference":{"matchExpressions":[{"key":"karpenter.sh/capacity-type","operator":"In",'
    '"values":["spot"]}]}}]}}}}}}'
)


def cost(workload: Workload, units: UnitPrices | None) -> Decimal | None:
    """US dollars a month of what the workload requests."""
    if units is None:
        return None
    return units.of(workload.requested("cpu"), workload.requested("memory")) * Decimal(str(workload.replicas))


def spot_candidates(
    prometheus: Prometheus,
    workloads: Iterable[Workload],
    nodes: Sequence[Node],
    at: Sampling,
    settings: Settings,
    units: UnitPrices | None,
    discount: SpotDiscount,
) -> list[Finding]:
    """Deployments with two or more replicas and a disruption budget, without volumes and local storage."""

    def samples(metric: str) -> list[tuple[dict[str, str], float]]:
        return list(prometheus.at(f"last_over_time({metric}[{at.recent}])", at.end))

    def pods(metric: str) -> set[tuple[str, str]]:
        return {(labels.get("namespace", ""), labels.get("pod", "")) for labels, _ in samples(metric)}

    with_storage = pods("kube_pod_spec_volumes_persistentvolumeclaims_info") | pods(
        'kube_pod_container_resource_requests{resource="ephemeral_storage"}'
    )
    workloads = list(workloads)
    budgets = _budgets(
        workloads,
        [
            (labels.get("namespace", ""), labels.get("poddisruptionbudget", ""))
            for labels, expected in samples("kube_poddisruptionbudget_status_expected_pods")
            if expected >= 2
        ],
    )
    node_of = {
        (labels.get("namespace", ""), labels.get("pod", "")): labels.get("node", "")
        for labels, _ in samples("kube_pod_info")
    }
    spot_nodes = {node.name for node in nodes if node.spot}
    findings = []
    for workload in workloads:
        keys = {(workload.namespace, pod) for pod in workload.pods}
        budget = budgets.get(workload.resource, "")
        if (
            workload.kind != "Deployment"
            or len(workload.pods) < 2
            or workload.namespace in settings.critical_namespaces
            or keys & with_storage
            or not budget
        ):
            continue
        on_demand = {key for key in keys if node_of.get(key) not in spot_nodes}
        price = cost(workload, units)
        if not on_demand:
            continue
        share = Decimal(len(on_demand)) / len(keys)
        findings.append(
            Finding(
                rule=SPOT,
                resource=workload.resource,
                evidence=f"{len(keys)} replicas, {len(on_demand)} not known to run on spot; no volume "
                f"and no local storage; disruption budget {budget}; {discount.basis}",
                change=f"kubectl -n {workload.namespace} patch deployment {workload.name} "
                f"--patch '{_SPOT_PATCH}'",
                saving_list=None if price is None else price * discount.share * share,
                confidence=discount.confidence,
                risk=risk_of(SPOT),
                commitment=Commitment.SAVINGS_PLAN,
                bill=BillLine("", "BoxUsage"),
            )
        )
    return findings


def _budgets(workloads: Iterable[Workload], budgets: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The disruption budget of each workload by its resource.

    kube-state-metrics does not say which pods a budget selects; it is that of the Deployment with the longest
    name that is a part of its name, between hyphens: `web-pdb` and `pdb-web` are of `web`.
    """
    names: defaultdict[str, list[str]] = defaultdict(list)
    for workload in workloads:
        names[workload.namespace].append(workload.name)
    budget_by_workload: dict[str, str] = {}
    for namespace, budget in sorted(budgets):
        parts = [name for name in names[namespace] if f"-{name}-" in f"-{budget}-"]
        if parts:
            budget_by_workload.setdefault(f"{namespace}/Deployment/{max(parts, key=len)}", budget)
    return budget_by_workload


def low_traffic_services(
    prometheus: Prometheus,
    workloads: Iterable[Workload],
    at: Sampling,
    settings: Settings,
) -> list[Workload] | None:
    """Deployments of hardly any traffic, of namespaces with several; None without network metrics."""
    seconds = settings.window_days * DAY_SECONDS
    traffic: defaultdict[tuple[str, str], float] = defaultdict(float)
    for metric in ("container_network_receive_bytes_total", "container_network_transmit_bytes_total"):
        by_interface = f"max by (namespace, pod, interface) (increase({metric}[{seconds}s]))"
        query = f"sum by (namespace, pod) ({by_interface})"
        for labels, value in prometheus.at(query, at.end):
            traffic[labels.get("namespace", ""), labels.get("pod", "")] += value
    if not traffic:
        return None
    by_namespace: defaultdict[str, list[Workload]] = defaultdict(list)
    for workload in workloads:
        keys = [(workload.namespace, pod) for pod in workload.all_pods]
        cores = workload.utilization("cpu")
        if (
            workload.kind == "Deployment"
            and workload.namespace not in settings.critical_namespaces
            and all((workload.namespace, pod) in traffic for pod in workload.pods)
            and sum(traffic[key] for key in keys if key in traffic) / (workload.measured_days * DAY_SECONDS)
            < settings.low_traffic_bytes_per_second
            and cores is not None
            and cores * workload.requested("cpu") * workload.replicas < settings.low_traffic_cores
        ):
            by_namespace[workload.namespace].append(workload)
    return [workload for group in by_namespace.values() if len(group) >= 2 for workload in group]


def merges(workloads: Iterable[Workload], settings: Settings, units: UnitPrices | None) -> list[Finding]:
    """For each namespace, what it saves to keep only the largest of its low-traffic services."""
    by_namespace: defaultdict[str, list[Workload]] = defaultdict(list)
    for workload in workloads:
        by_namespace[workload.namespace].append(workload)
    return [_merge(namespace, group, settings, units) for namespace, group in sorted(by_namespace.items())]


def _merge(
    namespace: str, group: Sequence[Workload], settings: Settings, units: UnitPrices | None
) -> Finding:
    names = ", ".join(sorted(workload.name for workload in group))
    costs = [price for workload in group if (price := cost(workload, units)) is not None]
    return Finding(
        rule=LOW_TRAFFIC,
        resource=f"{namespace}/Namespace/{namespace}",
        evidence=f"{len(group)} Deployments ({names}) each receive and send less than "
        f"{settings.low_traffic_bytes_per_second} bytes a second and use less than "
        f"{settings.low_traffic_cores} cores, over {settings.window_days} days",
        change=f"merge {names} into one deployment, or scale them to zero while they are idle",
        saving_list=sum(costs, Decimal(0)) - max(costs) if len(costs) == len(group) else None,
        confidence=Confidence.LOW,
        risk=risk_of(LOW_TRAFFIC),
        commitment=Commitment.SAVINGS_PLAN,
        bill=BillLine("", "BoxUsage"),
    )
