"""Containers that AWS runs: Amazon ECS services on Fargate, App Runner, AWS Batch."""

from __future__ import annotations

import re
from decimal import Decimal

from teei_finops.costing.amounts import HOURS, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import charge_volume
from teei_finops.costing.estimators.instance_hours import charge_instances, charge_spot, spot_factor
from teei_finops.costing.estimators.scaling_targets import between, scaling_targets
from teei_finops.costing.estimators.vcpus import vcpus
from teei_finops.costing.inputs import Inputs

SERVICE, TASK_SET = "aws:ecs/service:Service", "aws:ecs/taskSet:TaskSet"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
CLUSTER = "aws:ecs/cluster:Cluster"
CLUSTER_PROVIDERS = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
RUNNER_SCALING = "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion"
_AMOUNT = re.compile(r"^\s*(\d*\.?\d+)\s*([a-z]*)\s*$", re.IGNORECASE)


@estimates(SERVICE, TASK_SET)
def service(ctx: EstimationContext) -> None:
    """Tasks on Fargate; those on EC2 run on instances that are billed separately.

    Expected at desiredCount (0 when it is not set, the provider's default). Fargate pricing page, 2026-10.
    A task set runs a share of the tasks of its service, which has the deployment controller EXTERNAL and then
    runs none itself.
    """
    if ctx.text("deploymentController.type", "ECS") == "EXTERNAL":
        ctx.note("its tasks are billed on its task sets")
        return
    tasks = _tasks(ctx)
    fargate = {
        provider: hours
        for provider, hours in _by_provider(ctx, tasks).items()
        if provider.startswith("FARGATE")
    }
    if not fargate:
        ctx.note("its tasks run on EC2 instances, which are billed separately")
        return
    task = ctx.related("taskDefinition", TASK_DEFINITION)
    if task is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "taskDefinition: it is not in the preview")
    if tasks.is_zero:
        ctx.note("no tasks: desiredCount is 0 or not set")
        return
    for provider, count in fargate.items():
        _charge_tasks(ctx, task, provider, count * HOURS)
    hours = sum(fargate.values(), start=Range.of(0)) * HOURS
    if ctx.flag("networkConfiguration.assignPublicIp"):
        ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours)
    volume = ctx.part("volumeConfiguration").part("managedEbsVolume")
    if volume.has("sizeInGb"):
        disk = Inputs({**volume.raw, "size": volume.raw["sizeInGb"]})
        charge_volume(ctx, "Managed volume", disk, share=hours / HOURS, default_size=0)


def _charge_tasks(ctx: EstimationContext, task: EstimationContext, provider: str, hours: Range) -> None:
    windows = task.text("runtimePlatform.operatingSystemFamily", "LINUX").startswith("WINDOWS")
    arm = task.text("runtimePlatform.cpuArchitecture", "X86_64") == "ARM64"
    family = "fargate-windows" if windows else "fargate-arm64" if arm else "fargate-x86"
    cpu = _size(task.text("cpu"), "cpu", small=1024, units=("vcpu",))
    memory = _size(task.text("memory"), "memory", small=1024, units=("gb",))
    parts = {"vcpu": ("Task vCPU", hours * cpu), "memory": ("Task memory", hours * memory)}
    if windows:
        parts["os-licence"] = ("Windows licence", hours * cpu)
    for key, (what, quantity) in parts.items():
        _charge_fargate(ctx, what, family, key, quantity, spot=provider == "FARGATE_SPOT")
    disk = task.number("ephemeralStorage.sizeInGib", 20)
    ctx.charge("Ephemeral storage", "AmazonECS", "fargate", "ephemeral-storage", disk, times=hours)


def _charge_fargate(
    ctx: EstimationContext, what: str, family: str, key: str, quantity: Range, *, spot: bool
) -> None:
    if not spot:
        ctx.charge(what, "AmazonECS", family, key, quantity)
        return
    factor, source = spot_factor(ctx)
    ctx.charge_any(
        f"{what}, spot", "AmazonECS", family, {key: Decimal(1)}, quantity, factor=factor, source=source
    )


def _by_provider(ctx: EstimationContext, tasks: Range) -> dict[str, Range]:
    """Tasks by capacity provider (`EC2` where none is used): those of its base, then by weight (ECS API,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html, 2026-10).
    """
    launch = ctx.text("launchType", "")
    strategies = [] if launch else ctx.items("capacityProviderStrategies")
    if not launch and not strategies:
        cluster = ctx.related("cluster", CLUSTER)
        for default in cluster.referring(CLUSTER_PROVIDERS, "clusterName") if cluster else ():
            strategies = default.items("defaultCapacityProviderStrategies")
    if not strategies:
        return {launch or "EC2": tasks}
    weights = {item.text("capacityProvider"): item.number("weight", 0) for item in strategies}
    bases = {item.text("capacityProvider"): item.number("base", 0) for item in strategies}
    if not any(weights.values()):
        weights[next(iter(weights))] = Decimal(1)
    all_bases, all_weights = sum(bases.values()), sum(weights.values())
    return {
        name: _placed(tasks, bases[name], all_bases, weight / all_weights)
        for name, weight in weights.items()
        if weight or bases[name]
    }


def _placed(tasks: Range, base: Decimal, all_bases: Decimal | int, share: Decimal) -> Range:
    return tasks.map(lambda count: min(count, base) + max(count - all_bases, Decimal(0)) * share)


def _tasks(ctx: EstimationContext) -> Range:
    """Tasks that run at any time of the month."""
    task_hours = ctx.from_usage("monthly_task_hours")
    if task_hours is not None:
        return task_hours / HOURS
    tasks = ctx.from_usage("average_tasks")
    if tasks is None and ctx.type == TASK_SET:
        return _share_of_service(ctx)
    if tasks is None:
        desired = ctx.number("desiredCount", 0)
        tasks = Range.of(desired)
        for target in scaling_targets(ctx, _scalable_id(ctx)):
            tasks = between(target, desired)
    return tasks


def _share_of_service(ctx: EstimationContext) -> Range:
    """The tasks of a task set: its percentage of the service's, all of them when it has no scale."""
    owner = ctx.related("service", SERVICE)
    if owner is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "service: it is not in the preview")
    return Range.of(owner.number("desiredCount", 0) * ctx.number("scale.value", 100) / 100)


def _scalable_id(ctx: EstimationContext) -> str | None:
    """`service/CLUSTER/NAME`, None until the cluster and the name are known."""
    cluster, name = ctx.raw.get("cluster"), ctx.raw.get("name")
    if not isinstance(cluster, str) or not isinstance(name, str):
        return None
    return f"service/{cluster.rpartition('/')[2]}/{name}"


def _size(text: str, path: str, *, small: int, units: tuple[str, ...]) -> Decimal:
    """`512`, `1 vCPU`, `2 GB` in whole units; a bare number is in 1/1024 of one."""
    match = _AMOUNT.match(text)
    if match is None or match[2].lower() not in ("", *units):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{path} of the task: {text!r} is not a size")
    return Decimal(match[1]) / (1 if match[2] else small)


@estimates("aws:apprunner/service:Service")
def app_runner(ctx: EstimationContext) -> None:
    """Provisioned memory of the minimum instances (1 without a scaling configuration, 2 GB without a size),
    and vCPUs while requests are processed, assumed up to all hours (App Runner pricing page, 2026-10).
    """
    least = Decimal(1)
    scaling = ctx.related("autoScalingConfigurationArn", RUNNER_SCALING)
    if scaling is not None:
        least = scaling.number("minSize", 1)
    elif ctx.has("autoScalingConfigurationArn"):
        ctx.note("its scaling configuration is not in the preview: one provisioned instance assumed")
    memory = _size(ctx.text("instanceConfiguration.memory", "2048"), "memory", small=1024, units=("gb",))
    cpu = _size(ctx.text("instanceConfiguration.cpu", "1024"), "cpu", small=1024, units=("vcpu",))
    hours = ctx.hours()
    ctx.charge("Provisioned memory", "AWSAppRunner", "compute", "provisioned-memory", hours * least * memory)
    busiest = HOURS * cpu * max(least, Decimal(1))
    active = ctx.usage("monthly_active_vcpu_hours", 0, busiest / 10, busiest)
    ctx.charge("Active vCPU", "AWSAppRunner", "compute", "active-vcpu", active)


@estimates("aws:batch/computeEnvironment:ComputeEnvironment")
def batch(ctx: EstimationContext) -> None:
    """The vCPU-hours of jobs, at least minvCpus all month; assumed without usage up to maxvCpus, expected at
    a tenth of it, with 4 GB per vCPU on Fargate (2 to 8). Batch itself is free (AWS Batch pricing, 2026-10).
    """
    if ctx.text("type", "MANAGED").upper() == "UNMANAGED":
        ctx.note("its instances are resources of the program and billed separately")
        return
    resources = ctx.part("computeResources")
    kind = resources.text("type").upper()
    most = resources.number("maxVcpus") * HOURS
    least = (resources.number("minVcpus", 0) if not kind.startswith("FARGATE") else Decimal(0)) * HOURS
    vcpu = ctx.usage("monthly_vcpu_hours", least, max(least, most / 10), max(least, most))
    vcpu = vcpu.map(lambda hours: max(hours, least))
    memory = ctx.usage("monthly_memory_gb_hours", vcpu.low * 2, vcpu.expected * 4, vcpu.high * 8)
    if kind.startswith("FARGATE"):
        spot = kind == "FARGATE_SPOT"
        _charge_fargate(ctx, "Job vCPU", "fargate-x86", "vcpu", vcpu, spot=spot)
        _charge_fargate(ctx, "Job memory", "fargate-x86", "memory", memory, spot=spot)
        return
    named = resources.texts("instanceTypes") or ["optimal"]
    chosen = [name for name in named if "." not in name]
    if chosen:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"AWS Batch chooses the instance type ({', '.join(chosen)})")
    types = {name: Decimal(vcpus(name)) for name in named}
    charge = charge_spot if kind == "SPOT" else charge_instances
    charge(ctx, types, vcpu, system="linux")
    ctx.note("the volumes of its instances are not in this figure")
