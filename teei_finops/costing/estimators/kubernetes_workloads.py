"""Kubernetes workloads: their share of the nodes, and the number of their pods.

The requests of a workload are a share of nodes that are billed separately; `pods.charge_share` has the rate.
"""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import MONTH, NOT_IN_PREVIEW, NOT_VALID, Range, Unpriced
from teei_finops.costing.estimate import allocates, estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.pods import NODE_GROUP, charge_share, requests
from teei_finops.costing.estimators.schedules import cron_runs
from teei_finops.costing.inputs import Inputs

HPA_TYPES = tuple(
    f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler"
    for version in ("v2", "v1", "v2beta2", "v2beta1")
)
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
# KEDA's own defaults; ScaledObject specification, KEDA 2.16.
KEDA_MIN, KEDA_MAX = 0, 100
NODES = Range(Decimal(1), Decimal(3), Decimal(10), assumed=True)  # of a plan without node groups
RUN_HOURS = Range(Decimal(1) / 60, Decimal(5) / 60, Decimal(1), assumed=True)


@allocates(
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:ReplicaSet",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:core/v1:ReplicationController",
)
def replicated(ctx: EstimationContext) -> None:
    """Requests × replicas over the range of its HorizontalPodAutoscaler or ScaledObject."""
    pods = replicas(ctx)
    charge_share(ctx, "Pods", pods, requests(ctx, ctx.part("spec.template.spec")), MONTH)


@allocates("kubernetes:apps/v1:DaemonSet")
def daemon_set(ctx: EstimationContext) -> None:
    """One pod on each node of the plan's node groups."""
    nodes = ctx.once("nodes", lambda: _nodes(ctx))
    charge_share(ctx, "Pods", nodes, requests(ctx, ctx.part("spec.template.spec")), MONTH)


@allocates("kubernetes:core/v1:Pod")
def pod(ctx: EstimationContext) -> None:
    charge_share(ctx, "Pod", Range.of(1), requests(ctx, ctx.part("spec")), MONTH)


@allocates("kubernetes:batch/v1:Job")
def job(ctx: EstimationContext) -> None:
    """One run in the month."""
    _runs(ctx, ctx.part("spec"), Decimal(1))


@allocates("kubernetes:batch/v1:CronJob", "kubernetes:batch/v1beta1:CronJob")
def cron_job(ctx: EstimationContext) -> None:
    """One job for each scheduled run."""
    if ctx.flag("spec.suspend"):
        return
    schedule = ctx.text("spec.schedule")
    runs = cron_runs(schedule)
    if runs is None:
        raise Unpriced(NOT_VALID, f"spec.schedule {schedule!r} cannot be read")
    _runs(ctx, ctx.part("spec.jobTemplate.spec"), runs)


def _runs(ctx: EstimationContext, spec: Inputs, times: Decimal) -> None:
    deadline = spec.number("activeDeadlineSeconds", 0) / 3600
    hours = RUN_HOURS.map(lambda value: min(value, deadline)) if deadline else RUN_HOURS
    completions = spec.number("completions", spec.number("parallelism", 1))
    ctx.note("the duration of a run is assumed: 1 to 60 minutes, 5 expected")
    requested = requests(ctx, spec.part("template.spec"))
    charge_share(ctx, "Pods", Range.of(times * completions), requested, hours)


@estimates("kubernetes:helm.sh/v3:Release")
def release(ctx: EstimationContext) -> None:
    raise Unpriced(NOT_IN_PREVIEW, f"what chart {ctx.text('chart', '') or ctx.name} installs")


def replicas(ctx: EstimationContext) -> Range:
    """The number of pods: the bounds of its scaler, else `spec.replicas`."""
    set_by_program = ctx.has("spec.replicas")
    declared = ctx.number("spec.replicas", 1)
    for token in (*HPA_TYPES, SCALED_OBJECT):
        scaler = _scaler(ctx, token) if ctx.first(token) else None
        if scaler is not None:
            if token == SCALED_OBJECT:
                low = scaler.number("spec.minReplicaCount", KEDA_MIN)
                high = scaler.number("spec.maxReplicaCount", KEDA_MAX)
                idle = scaler.number("spec.idleReplicaCount", low)
            else:
                low = idle = scaler.number("spec.minReplicas", 1)
                high = scaler.number("spec.maxReplicas")
            high = max(high, low)
            expected = min(max(declared, low), high) if set_by_program else low
            ctx.note(f"{low:f} to {high:f} replicas by {scaler.name}")
            return Range(min(idle, low), expected, high)
    return Range.of(declared)


def _scaler(ctx: EstimationContext, token: str) -> EstimationContext | None:
    """The scaler of this workload: by reference, else by the namespace, kind and name of its target."""
    target = _namespace(ctx), ctx.type.rpartition(":")[2], _metadata(ctx, "name")
    for scaler in ctx.referring(token, "spec.scaleTargetRef.name"):
        if _target(scaler)[:2] == target[:2]:
            return scaler
    by_target = ctx.once(f"scalers {token}", lambda: _by_target(ctx.all(token)))
    return by_target.get(target) if target[2] else None


def _by_target(scalers: list[EstimationContext]) -> dict[tuple[str, str, str], EstimationContext]:
    by_target: dict[tuple[str, str, str], EstimationContext] = {}
    for scaler in scalers:
        by_target.setdefault(_target(scaler), scaler)
    return by_target


def _target(scaler: EstimationContext) -> tuple[str, str, str]:
    """Namespace, kind and name of a scaler's target; a name that is not known is empty."""
    reference = scaler.part("spec").raw.get("scaleTargetRef")
    parts = reference if isinstance(reference, dict) else {}
    kind, name = (value if isinstance(value := parts.get(key), str) else "" for key in ("kind", "name"))
    return _namespace(scaler), kind or "Deployment", name


def _namespace(ctx: EstimationContext) -> str:
    return _metadata(ctx, "namespace") or "default"


def _metadata(ctx: EstimationContext, name: str) -> str:
    """An unknown value is kept as its placeholder, which equals itself."""
    value = ctx.part("metadata").raw.get(name)
    return value if isinstance(value, str) else ""


def _nodes(ctx: EstimationContext) -> Range:
    groups = ctx.all(NODE_GROUP)
    if not groups:
        return NODES
    total = Range.of(0)
    for group in groups:
        low = group.number("scalingConfig.minSize")
        high = max(group.number("scalingConfig.maxSize"), low)
        desired = group.number("scalingConfig.desiredSize", low)
        total = total + Range(low, min(max(desired, low), high), high)
    return total


def annotation(ctx: EstimationContext, name: str) -> str:
    value = ctx.part("metadata.annotations").raw.get(name)
    return value if isinstance(value, str) else ""
