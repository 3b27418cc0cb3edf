"""Kubernetes objects: their share of nodes, their volumes and their load balancers.

The objects are free. The requests of a workload are a share of nodes that are billed separately; see
`pods.charge_share` for the rate. Volumes and load balancers are created by the cluster's controllers: their
lines are an allocation, too, and are in no total.
"""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, UNKNOWN_UNTIL_DEPLOY, ZERO, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.pods import NODE_GROUP, charge_share, quantity, requests
from teei_finops.costing.estimators.schedules import cron_runs
from teei_finops.costing.inputs import Inputs

HPA_TYPES = tuple(
    f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler"
    for version in ("v2", "v1", "v2beta2", "v2beta1")
)
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
# KEDA's own defaults; ScaledObject specification, KEDA 2.16.
KEDA_MIN, KEDA_MAX = 0, 100
NODES = Range(Decimal(1), Decimal(3), Decimal(10), assumed=True)  # of a plan without node groups
RUN_HOURS = Range(Decimal(1) / 60, Decimal(5) / 60, Decimal(1), assumed=True)
MONTH = Range.of(HOURS)


@estimates(
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:ReplicaSet",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:core/v1:ReplicationController",
)
def replicated(ctx: EstimationContext) -> None:
    """Requests × replicas over the range of its HorizontalPodAutoscaler or ScaledObject."""
    pods = _replicas(ctx)
    charge_share(ctx, "Pods", pods, requests(ctx, ctx.part("spec.template.spec")), MONTH)
    for claim in ctx.items("spec.volumeClaimTemplates"):
        _claim(ctx, claim, pods)


@estimates("kubernetes:apps/v1:DaemonSet")
def daemon_set(ctx: EstimationContext) -> None:
    """One pod on each node of the plan's node groups."""
    nodes = ctx.once("nodes", lambda: _nodes(ctx))
    charge_share(ctx, "Pods", nodes, requests(ctx, ctx.part("spec.template.spec")), MONTH)


@estimates("kubernetes:core/v1:Pod")
def pod(ctx: EstimationContext) -> None:
    charge_share(ctx, "Pod", Range.of(1), requests(ctx, ctx.part("spec")), MONTH)


@estimates("kubernetes:batch/v1:Job")
def job(ctx: EstimationContext) -> None:
    """One run in the month."""
    _runs(ctx, ctx.part("spec"), Decimal(1))


@estimates("kubernetes:batch/v1:CronJob", "kubernetes:batch/v1beta1:CronJob")
def cron_job(ctx: EstimationContext) -> None:
    """One job for each scheduled run."""
    if ctx.flag("spec.suspend"):
        return
    schedule = ctx.text("spec.schedule")
    runs = cron_runs(schedule)
    if runs is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"spec.schedule {schedule!r} cannot be read")
    _runs(ctx, ctx.part("spec.jobTemplate.spec"), runs)


def _runs(ctx: EstimationContext, spec: Inputs, times: Decimal) -> None:
    deadline = spec.number("activeDeadlineSeconds", 0) / 3600
    hours = RUN_HOURS.map(lambda value: min(value, deadline)) if deadline else RUN_HOURS
    completions = spec.number("completions", spec.number("parallelism", 1))
    ctx.note("the duration of a run is assumed: 1 to 60 minutes, 5 expected")
    requested = requests(ctx, spec.part("template.spec"))
    charge_share(ctx, "Pods", Range.of(times * completions), requested, hours)


@estimates("kubernetes:core/v1:PersistentVolumeClaim")
def claim(ctx: EstimationContext) -> None:
    _claim(ctx, ctx, Range.of(1))


@estimates("kubernetes:core/v1:Service")
def service(ctx: EstimationContext) -> None:
    """The hours of the load balancer behind a Service of type LoadBalancer; its traffic is not counted.

    The AWS Load Balancer Controller creates a Network Load Balancer, the cluster itself a classic one.
    """
    if ctx.text("spec.type", "ClusterIP") != "LoadBalancer":
        return
    kind = _annotation(ctx, "service.beta.kubernetes.io/aws-load-balancer-type")
    controller = ctx.text("spec.loadBalancerClass", "").startswith(("service.k8s.aws", "eks.amazonaws.com"))
    network = controller or kind in ("nlb", "nlb-ip", "external")
    _balancer(ctx, "network" if network else "classic", Range.of(1))


@estimates("kubernetes:networking.k8s.io/v1:Ingress")
def ingress(ctx: EstimationContext) -> None:
    """The hours of an Application Load Balancer, where the AWS Load Balancer Controller creates one."""
    name = ctx.text("spec.ingressClassName", "") or _annotation(ctx, "kubernetes.io/ingress.class")
    if name != "alb":
        return
    count = Range.of(1)
    if _annotation(ctx, "alb.ingress.kubernetes.io/group.name"):
        count = Range(ZERO, Decimal(1), Decimal(1), assumed=True)
        ctx.note("shares the load balancer of its group")
    _balancer(ctx, "application", count)


@estimates("kubernetes:helm.sh/v3:Release")
def release(ctx: EstimationContext) -> None:
    ctx.note("the objects of its chart are not in the plan: no share is shown")


def _replicas(ctx: EstimationContext) -> Range:
    set_by_program = ctx.has("spec.replicas")
    replicas = ctx.number("spec.replicas", 1)
    for token in (*HPA_TYPES, SCALED_OBJECT):
        scaler = _scaler(ctx, token)
        if scaler is not None:
            if token == SCALED_OBJECT:
                low = scaler.number("spec.minReplicaCount", KEDA_MIN)
                high = scaler.number("spec.maxReplicaCount", KEDA_MAX)
                idle = scaler.number("spec.idleReplicaCount", low)
            else:
                low = idle = scaler.number("spec.minReplicas", 1)
                high = scaler.number("spec.maxReplicas")
            high = max(high, low)
            expected = min(max(replicas, low), high) if set_by_program else low
            ctx.note(f"{low:f} to {high:f} replicas by {scaler.name}")
            return Range(min(idle, low), expected, high)
    return Range.of(replicas)


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


def _claim(ctx: EstimationContext, claim: Inputs, times: Range) -> None:
    """An EBS volume of the requested size; gp3 unless its storage class says otherwise."""
    size = quantity(
        claim.value("spec.resources.requests.storage") or "", claim.where("spec.resources.requests.storage")
    ) / Decimal(1024**3)
    kind = "gp3"
    name = claim.text("spec.storageClassName", "")
    for storage_class in ctx.matching(STORAGE_CLASS, "metadata.name", name) if name else []:
        if "efs" in storage_class.text("provisioner", ""):
            ctx.note("its file system is billed by the data in it")
            return
        kind = storage_class.text("parameters.type", kind)
    if name in ("gp2", "io1", "io2", "st1", "sc1"):
        kind = name
    ctx.charge(
        f"Volume: {kind} storage",
        "AmazonEC2",
        "ebs",
        f"{kind}-storage",
        size,
        times=times,
        region=_region(ctx),
    )
    ctx.note("a volume that the cluster creates: not in the totals")


def _balancer(ctx: EstimationContext, kind: str, count: Range) -> None:
    ctx.charge(
        f"Load balancer, {kind}", "ElasticLoadBalancing", kind, "hour", count * HOURS, region=_region(ctx)
    )
    ctx.note("a load balancer that the cluster creates: not in the totals; its traffic is not counted")


def _region(ctx: EstimationContext) -> str:
    group = ctx.first(NODE_GROUP)
    return group.region if group else (ctx.home_region or ctx.region)


def _annotation(ctx: EstimationContext, name: str) -> str:
    value = ctx.part("metadata.annotations").raw.get(name)
    return value if isinstance(value, str) else ""
