"""The nodes of a cluster, what their cores and GiB cost, and those that run nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from functions.advisor.catalogue import risk_of
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.kubernetes.usage import Sampling
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import DEFAULT_REGION, Prices, UnitPrices
from functions.advisor.settings import Settings

IDLE = "idle-node"
SPOT_VALUES = ("spot", "SPOT")
_CAPACITY_LABELS = ("label_karpenter_sh_capacity_type", "label_eks_amazonaws_com_capacityType")
_TYPE_LABELS = ("label_node_kubernetes_io_instance_type", "label_beta_kubernetes_io_instance_type")
_REGION_LABELS = ("label_topology_kubernetes_io_region", "label_failure_domain_beta_kubernetes_io_region")
_PROVIDER_ID = re.compile(r"aws:///(?P<region>[a-z]{2}(-[a-z]+)+-\d)[a-z]/(?P<id>i-[0-9a-f]+)")


@dataclass(frozen=True)
class Node:
    """One node; what kube-state-metrics does not show is empty or None."""

    name: str
    instance_type: str
    region: str
    instance_id: str
    cores: float
    gib: float
    spot: bool
    labels: dict[str, str]


def nodes(prometheus: Prometheus, at: Sampling, settings: Settings) -> list[Node]:
    """The nodes in the current metrics of kube-state-metrics."""

    def by_node(metric: str) -> dict[str, tuple[dict[str, str], float]]:
        samples = prometheus.at(f"last_over_time({metric}[{at.recent}])", at.end)
        return {labels["node"]: (labels, value) for labels, value in samples if "node" in labels}

    info, labels_of = by_node("kube_node_info"), by_node("kube_node_labels")
    cores = by_node('kube_node_status_capacity{resource="cpu"}')
    memory = by_node('kube_node_status_capacity{resource="memory"}')
    result = []
    for name in sorted(info.keys() | labels_of.keys()):
        labels = labels_of.get(name, ({}, 0.0))[0]
        match = _PROVIDER_ID.match(info.get(name, ({}, 0.0))[0].get("provider_id", ""))
        result.append(
            Node(
                name=name,
                instance_type=_first(labels, _TYPE_LABELS),
                region=_first(labels, _REGION_LABELS)
                or (match["region"] if match else "")
                or settings.cluster_region
                or DEFAULT_REGION,
                instance_id=match["id"] if match else "",
                cores=cores.get(name, ({}, 0.0))[1],
                gib=memory.get(name, ({}, 0.0))[1] / 1024**3,
                spot=_first(labels, _CAPACITY_LABELS) in SPOT_VALUES,
                labels=labels,
            )
        )
    return result


def unit_prices(all_nodes: Sequence[Node], prices: Prices, settings: Settings) -> UnitPrices | None:
    """What a core and a GiB cost on the nodes, on demand; without known nodes, on the reference node."""
    known = [
        units
        for node in all_nodes
        if node.cores and (units := prices.units_of(node.region, node.instance_type, node.cores, node.gib))
    ]
    if not known:
        region = next((node.region for node in all_nodes), settings.cluster_region or DEFAULT_REGION)
        return prices.reference_units(region)
    count = len(known)
    kinds = sorted({units.basis for units in known})
    return UnitPrices(
        sum((units.core for units in known), Decimal(0)) / count,
        sum((units.gib for units in known), Decimal(0)) / count,
        kinds[0] if len(kinds) == 1 else f"{count} nodes of {len(kinds)} types on demand",
    )


def idle_nodes(
    prometheus: Prometheus,
    all_nodes: Sequence[Node],
    at: Sampling,
    settings: Settings,
    prices: Prices,
    ownership: Ownership,
) -> list[Finding]:
    """Nodes that ran only pods of DaemonSets in the last days, and existed all that time."""
    span = timedelta(days=settings.idle_node_days)
    seconds = round(span.total_seconds())
    busy = {
        labels.get("node", "")
        for labels, _ in prometheus.at(
            "count by (node) (max by (namespace, pod, node) "
            f'(last_over_time(kube_pod_info{{created_by_kind!="DaemonSet",created_by_kind!="Node"}}[{seconds}s])))',
            at.end,
        )
    }
    old = {
        labels.get("node", "")
        for labels, _ in prometheus.at(
            f"last_over_time(kube_node_info[{at.recent}] offset {seconds}s)", at.end
        )
    }
    watched = prometheus.at(f"count(last_over_time(kube_pod_info[{at.recent}] offset {seconds}s))", at.end)
    return [
        Finding(
            rule=IDLE,
            resource=f"Node/{node.name}",
            evidence=f"only pods of DaemonSets on this {node.instance_type or 'node'} in the last "
            f"{settings.idle_node_days} days",
            change=f"kubectl drain {node.name} --ignore-daemonsets --delete-emptydir-data",
            saving_list=None if node.spot else prices.instance_month(node.region, node.instance_type),
            confidence=Confidence.HIGH,
            risk=risk_of(IDLE),
            owner=ownership.owner(node.labels),
            managed_by=ownership.managed_by([node.instance_id], node.labels),
            link=prometheus.graph(f'kube_pod_info{{node="{node.name}"}}', span),
            commitment=Commitment.SAVINGS_PLAN,
            bill=BillLine("", "BoxUsage"),
            merge_keys=(node.instance_id,) if node.instance_id else (),
        )
        for node in all_nodes
        if watched and node.name not in busy and node.name in old
    ]


def _first(labels: dict[str, str], keys: Sequence[str]) -> str:
    return next((labels[key] for key in keys if labels.get(key)), "")
