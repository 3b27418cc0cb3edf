"""PersistentVolumeClaims that no pod mounts."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from functions.advisor.account.context import tags_of
from functions.advisor.account.volumes import VOLUME, volume_inputs
from functions.advisor.catalogue import risk_of
from functions.advisor.findings import BillLine, Confidence, Finding
from functions.advisor.kubernetes.prometheus import Prometheus, quoted
from functions.advisor.kubernetes.usage import Sampling
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import DEFAULT_REGION, Prices
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws, AwsError

RULE = "unmounted-volume-claim"
VOLUMES_A_REQUEST = 200  # values of a filter
_GIB = 1024**3
_INFO = "kube_persistentvolumeclaim_info"
_SIZE = "kube_persistentvolumeclaim_resource_requests_storage_bytes"
_PHASE = "kube_persistentvolumeclaim_status_phase"
_UNKNOWN: tuple[dict[str, str], float] = ({}, 0.0)
_TYPES = re.compile(r"(?<![a-z0-9])(gp2|gp3|io1|io2|st1|sc1)(?![a-z0-9])")
# What gp3 volumes have without a surcharge: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
DEFAULT_TYPE = "gp3"
# The tags in which the EBS CSI driver, and before it Kubernetes, keep the name of the PersistentVolume:
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md, 2026-11
_NAME_TAGS = ("CSIVolumeName", "kubernetes.io/created-for/pv/name")


@dataclass(frozen=True)
class Claim:
    """A claim that was not mounted; `bytes` is its request, and `volume` the name of its PersistentVolume.

    `volume_id` is that of EBS, empty for other storage or without kube_persistentvolume_info.
    `has_mount_metrics` is whether the metrics show that any pod of the cluster mounts a claim.
    """

    namespace: str
    name: str
    storage_class: str
    bytes: float
    volume: str
    volume_id: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str]
    has_mount_metrics: bool


@dataclass(frozen=True)
class Volume:
    """A volume of EBS, with the inputs that decide its price."""

    id: str
    region: str
    inputs: Mapping[str, Any]


def unmounted_claims(prometheus: Prometheus, at: Sampling, settings: Settings) -> list[Claim]:
    """The claims that existed for the whole time without a pod that mounts them."""
    seconds = round(timedelta(days=settings.pvc_unmounted_days).total_seconds())

    def keys(query: str) -> set[tuple[str, str]]:
        return {
            (labels.get("namespace", ""), labels.get("persistentvolumeclaim", ""))
            for labels, _ in prometheus.at(query, at.end)
        }

    def values(metric: str) -> dict[tuple[str, str], tuple[dict[str, str], float]]:
        return {
            (labels.get("namespace", ""), labels.get("persistentvolumeclaim", "")): (labels, value)
            for labels, value in prometheus.at(f"last_over_time({metric}[{at.recent}])", at.end)
        }

    # The kubelet reports on a volume while a pod mounts it, kube-state-metrics while a pod names it.
    mounted = keys(f"last_over_time(kube_pod_spec_volumes_persistentvolumeclaims_info[{seconds}s])")
    mounted |= keys(f"last_over_time(kubelet_volume_stats_capacity_bytes[{seconds}s])")
    existed = keys(f"last_over_time({_INFO}[{at.recent}] offset {seconds}s)")
    existed |= keys(f"last_over_time({_SIZE}[{at.recent}] offset {seconds}s)")
    # A claim that is not bound has no volume, which is what costs.
    phases = prometheus.at(f'last_over_time({_PHASE}{{phase!="Bound"}}[{at.recent}])', at.end)
    unbound = {
        (labels.get("namespace", ""), labels.get("persistentvolumeclaim", ""))
        for labels, value in phases
        if value
    }
    info = values(_INFO)
    sizes = values(_SIZE)
    labels_of = values("kube_persistentvolumeclaim_labels")
    namespaces = {
        labels.get("namespace", ""): labels
        for labels, _ in prometheus.at(f"last_over_time(kube_namespace_labels[{at.recent}])", at.end)
    }
    volumes = {
        labels.get("persistentvolume", ""): labels.get("ebs_volume_id")
        or labels.get("csi_volume_handle")
        or ""
        for labels, _ in prometheus.at(f"last_over_time(kube_persistentvolume_info[{at.recent}])", at.end)
    }
    claims = []
    for key in sorted((info.keys() | sizes.keys()) & existed - mounted - unbound):
        labels = info.get(key, _UNKNOWN)[0]
        claims.append(
            Claim(
                namespace=key[0],
                name=key[1],
                storage_class=labels.get("storageclass", ""),
                bytes=sizes.get(key, _UNKNOWN)[1],
                volume=labels.get("volumename", ""),
                volume_id=_volume_id(volumes.get(labels.get("volumename", ""), "")),
                labels=labels_of.get(key, _UNKNOWN)[0],
                namespace_labels=namespaces.get(key[0], {}),
                has_mount_metrics=bool(mounted),
            )
        )
    return claims


def findings(
    prometheus: Prometheus,
    aws: Aws | None,
    at: Sampling,
    settings: Settings,
    prices: Prices,
    ownership: Ownership,
    region: str,
) -> list[Finding]:
    """Priced with size, IOPS and throughput: those of the volume where the account can be read."""
    claims = unmounted_claims(prometheus, at, settings)
    volumes = _volumes(aws, claims)
    return [_finding(claim, volumes, prometheus, settings, prices, ownership, region) for claim in claims]


def _finding(
    claim: Claim,
    volumes: Mapping[str, Volume],
    prometheus: Prometheus,
    settings: Settings,
    prices: Prices,
    ownership: Ownership,
    region: str,
) -> Finding:
    gib = Decimal(str(claim.bytes)) / _GIB
    volume_id = claim.volume_id
    volume = volumes.get(volume_id or claim.volume)
    if volume is not None:
        volume_id, region, inputs = volume.id, volume.region, volume.inputs
        confidence = Confidence.HIGH
        kind = f"{inputs['type']}, {inputs.get('iops', 'no provisioned')} IOPS" + (
            f", {inputs['throughput']} MiB/s" if "throughput" in inputs else ""
        )
    else:
        named = _TYPES.search(claim.storage_class)
        inputs = {"type": named[1] if named else DEFAULT_TYPE, "size": int(gib.to_integral_value())}
        confidence = Confidence.MEDIUM if named else Confidence.LOW
        kind = f"{inputs['type']} by the name of its class" if named else f"taken for {DEFAULT_TYPE}"
    saving = prices.monthly(VOLUME, region or DEFAULT_REGION, inputs) if inputs.get("size") else None
    if not claim.has_mount_metrics:
        confidence = Confidence.LOW
        kind += "; the metrics show no claim that is mounted: check that they are scraped"
    resource = f"{claim.namespace}/PersistentVolumeClaim/{claim.name}"
    query = (
        f"kube_pod_spec_volumes_persistentvolumeclaims_info{{namespace={quoted(claim.namespace)},"
        f"persistentvolumeclaim={quoted(claim.name)}}}"
    )
    return Finding(
        rule=RULE,
        resource=resource,
        evidence=f"not mounted for {settings.pvc_unmounted_days} days or longer; {gib:.0f} GiB, "
        f"class {claim.storage_class or 'unknown'}, {kind}",
        change=f"verify before deleting: kubectl -n {claim.namespace} delete pvc {claim.name}",
        saving_list=saving,
        confidence=confidence,
        risk=risk_of(RULE),
        owner=ownership.owner(claim.labels, claim.namespace_labels),
        managed_by=ownership.managed_by([resource], claim.labels),
        link=prometheus.graph(query, settings.window),
        bill=BillLine("", "EBS"),
        merge_keys=(volume_id,) if volume_id else (),
    )


def _volumes(aws: Aws | None, claims: Iterable[Claim]) -> dict[str, Volume]:
    """The volumes that the account shows, by id and by the name of the PersistentVolume."""
    volumes: dict[str, Volume] = {}
    if aws is None:
        return volumes
    ids = {claim.volume_id for claim in claims if claim.volume_id}
    names = {claim.volume for claim in claims if claim.volume and not claim.volume_id}
    for region in aws.regions:
        try:
            for name, values in (("volume-id", ids), *((f"tag:{tag}", names) for tag in _NAME_TAGS)):
                for found in _search(aws, region, name, sorted(values)):
                    tags = tags_of(found.get("Tags"))
                    keys = [found["VolumeId"], *(tags[tag] for tag in _NAME_TAGS if tag in tags)]
                    volumes |= dict.fromkeys(keys, Volume(found["VolumeId"], region, volume_inputs(found)))
        except AwsError:
            continue  # then the class is what says the type; the account's rules report the error
    return volumes


def _search(aws: Aws, region: str, name: str, values: list[str]) -> Iterator[dict[str, Any]]:
    """The volumes that have one of the values of a filter."""
    for start in range(0, len(values), VOLUMES_A_REQUEST):
        filters = [{"Name": name, "Values": values[start : start + VOLUMES_A_REQUEST]}]
        for page in aws.pages("ec2", "describe_volumes", region, Filters=filters):
            yield from page["Volumes"]


def _volume_id(handle: str) -> str:
    """`vol-…` of a CSI handle or of `aws://us-east-1a/vol-…`."""
    name = handle.rpartition("/")[2]
    return name if name.startswith("vol-") else ""
