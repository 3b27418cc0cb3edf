"""The EBS volumes that a cluster creates for the claims of Kubernetes objects."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from teei_finops.costing.amounts import NOT_IN_PREVIEW, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import charge_volume
from teei_finops.costing.estimators.kubernetes_workloads import annotation, replicas
from teei_finops.costing.estimators.pods import quantity
from teei_finops.costing.inputs import Inputs

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
# By provisioner: the volume type without a `type` parameter. EBS CSI driver, parameters.md, 2026-11;
# Kubernetes, storage classes, 2026-11.
EBS = {"ebs.csi.aws.com": "gp3", "ebs.csi.eks.amazonaws.com": "gp3", "kubernetes.io/aws-ebs": "gp2"}
BILLED_ELSEWHERE = {
    "efs.csi.aws.com": "its file system is billed by the data in it",
    "kubernetes.io/no-provisioner": "its volumes are not created by the cluster",
    "s3.csi.aws.com": "its bucket is billed by the data in it",
}
VOLUME_TYPES = frozenset({"gp2", "gp3", "io1", "io2", "st1", "sc1"})


@dataclass(frozen=True)
class VolumeClass:
    """What a storage class says of its volumes; `assumed` where the preview does not have the class."""

    kind: str
    parameters: Inputs
    assumed: bool = False


@estimates("kubernetes:core/v1:PersistentVolumeClaim")
def claim(ctx: EstimationContext) -> None:
    _charge(ctx, ctx, Range.of(1))


@estimates("kubernetes:apps/v1:StatefulSet")
def stateful_set(ctx: EstimationContext) -> None:
    """One volume for each claim and replica; its pods are a share of the nodes."""
    claims = ctx.items("spec.volumeClaimTemplates")
    if claims:
        count = replicas(ctx)
        for template in claims:
            _charge(ctx, template, count)


def _charge(ctx: EstimationContext, claim: Inputs, times: Range) -> None:
    volume = _volume_class(ctx, claim)
    if volume is None:
        return
    path = "spec.resources.requests.storage"
    size = quantity(claim.value(path) or "", claim.where(path)) / Decimal(1024**3)
    size = size.to_integral_value(ROUND_CEILING)
    parameters = volume.parameters
    iops = parameters.number("iops", parameters.number("iopsPerGB", 0) * size)
    raw: dict[str, Any] = {"volumeType": volume.kind, "volumeSize": str(size)}
    raw |= {"iops": str(iops)} if iops else {}
    raw |= {"throughput": str(throughput)} if (throughput := parameters.number("throughput", 0)) else {}
    if volume.assumed:
        times = Range(times.low, times.expected, times.high, assumed=True)
    charge_volume(ctx, "Volume", Inputs(raw, "parameters of its storage class"), times=times)


def _volume_class(ctx: EstimationContext, claim: Inputs) -> VolumeClass | None:
    """None where no EBS volume is created."""
    name = claim.text("spec.storageClassName", "")
    if claim.value("spec.storageClassName") == "" or claim.text("spec.volumeName", ""):
        ctx.note("uses a volume that exists already")
        return None
    classes = ctx.matching(STORAGE_CLASS, "metadata.name", name) if name else ctx.all(STORAGE_CLASS)
    storage_class = next(
        (item for item in classes if name or annotation(item, DEFAULT_CLASS) == "true"), None
    )
    if storage_class is not None:
        return _of_class(ctx, storage_class)
    kind = name if name in VOLUME_TYPES else "gp3"
    ctx.note(f"storage class {name or '(default)'} is not in the preview: {kind} without extra IOPS assumed")
    return VolumeClass(kind, Inputs({}), assumed=True)


def _of_class(ctx: EstimationContext, storage_class: EstimationContext) -> VolumeClass | None:
    provisioner = storage_class.text("provisioner")
    if provisioner in BILLED_ELSEWHERE:
        ctx.note(BILLED_ELSEWHERE[provisioner])
        return None
    if provisioner not in EBS:
        raise Unpriced(NOT_IN_PREVIEW, f"the volume that {provisioner} creates")
    parameters = storage_class.part("parameters")
    return VolumeClass(parameters.text("type", EBS[provisioner]), parameters)
