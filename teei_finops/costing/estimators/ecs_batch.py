"""Containers that AWS runs: Amazon ECS services on Fargate, App Runner, AWS Batch."""

from __future__ import annotations

import re
from decimal import Decimal

from teei_finops.costing.amounts import HOURS, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext, Inputs
from teei_finops.costing.estimators.compute import charge_instances, charge_volume
from teei_finops.costing.estimators.scaling_targets import between, scaling_targets
from teei_finops.costing.estimators.vcpus import vcpus

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
CLUSTER = "aws:ecs/cluster:Cluster"
CLUSTER_PROVIDERS = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
RUNNER_SCALING = "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion"
_AMOUNT = re.compile(r"^\s*(\d*\.?\d+)\s*([a-z]*)\s*$", re.IGNORECASE)


@estimates("aws:ecs/service:Service")
def service(ctx: EstimationContext) -> None:
    """Tasks on Fargate; those on EC2 run on instances that are billed on themselves.

    Expected at desiredCount (0 when it is not set, the provider's default). Fargate pricing page, 2026-10.
    """
    share = _fargate_share(ctx)
    if not share:
        ctx.note("its tasks run on EC2 instances, which are billed on themselves")
        return
    task = ctx.related("taskDefinition", TASK_DEFINITION)
    if task is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "taskDefinition: it is not in the preview")
    hours = _task_hours(ctx)
    if hours.is_zero:
        ctx.note("no tasks: desiredCount is 0 or not set")
        return
    for provider, part in share.items():
        _charge_tasks(ctx, task, provider, hours * part)
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
    if provider == "FARGATE_SPOT":
        family = family.replace("fargate", "fargate-spot")
    cpu = _size(task.text("cpu"), "cpu", small=1024, units=("vcpu",))
    memory = _size(task.text("memory"), "memory", small=1024, units=("gb",))
    ctx.charge("Task vCPU", "AmazonECS", family, "vcpu", hours * cpu)
    if windows:
        ctx.charge("Windows licence", "AmazonECS", family, "os-licence", hours * cpu)
    ctx.charge("Task memory", "AmazonECS", family, "memory", hours * memory)
    disk = task.number("ephemeralStorage.sizeInGib", 20)
    ctx.charge("Ephemeral storage", "AmazonECS", "fargate", "ephemeral-storage", disk, times=hours)


def _fargate_share(ctx: EstimationContext) -> dict[str, Decimal]:
    """The part of the tasks on each kind of Fargate; empty when they run on instances."""
    launch = ctx.text("launchType", "")
    if launch:
        return {"FARGATE": Decimal(1)} if launch == "FARGATE" else {}
    strategies = ctx.items("capacityProviderStrategies")
    if not strategies:
        cluster = ctx.related("cluster", CLUSTER)
        for default in cluster.referring(CLUSTER_PROVIDERS, "clusterName") if cluster else ():
            strategies = default.items("defaultCapacityProviderStrategies")
    weights = {
        strategy.text("capacityProvider"): strategy.number("weight", 0 if len(strategies) > 1 else 1)
        for strategy in strategies
    }
    total = sum(weights.values())
    if not total:
        first = next(iter(weights), "")
        return {first: Decimal(1)} if first.startswith("FARGATE") else {}
    return {name: part / total for name, part in weights.items() if part and name.startswith("FARGATE")}


def _task_hours(ctx: EstimationContext) -> Range:
    stated = ctx.from_usage("monthly_task_hours")
    if stated is not None:
        return stated
    tasks = ctx.from_usage("average_tasks")
    if tasks is None:
        desired = ctx.number("desiredCount", 0)
        tasks = Range.of(desired)
        for target in scaling_targets(ctx, _scalable_id(ctx)):
            tasks = between(target, desired)
    return tasks * HOURS


def _scalable_id(ctx: EstimationContext) -> str | None:
    """`service/CLUSTER/NAME`, None while the cluster or the name is not known."""
    cluster, name = ctx.raw.get("cluster"), ctx.raw.get("name")
    if not isinstance(cluster, str) or not isinstance(name, str):
        return None
    return f"service/{cluster.rpartition('/')[2]}/{name}"


def _size(text: str, path: str, *, small: int, units: tuple[str, ...]) -> Decimal:
    """`512`, `1 vCPU`, `2 GB` in whole units; a bare number is in 1/1024 of one."""
    match = _AMOUNT.match(text)
    if match is None or match[2].lower() not in ("", *units):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{path} of the task: {text!r} is no size")
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
        ctx.note("its instances are the program's own and billed on themselves")
        return
    resources = ctx.part("computeResources")
    kind = resources.text("type").upper()
    most = resources.number("maxVcpus") * HOURS
    least = (resources.number("minVcpus", 0) if not kind.startswith("FARGATE") else Decimal(0)) * HOURS
    vcpu = ctx.usage("monthly_vcpu_hours", least, max(least, most / 10), max(least, most))
    vcpu = vcpu.map(lambda hours: max(hours, least))
    memory = ctx.usage("monthly_memory_gb_hours", vcpu.low * 2, vcpu.expected * 4, vcpu.high * 8)
    if kind.startswith("FARGATE"):
        family = "fargate-spot-x86" if kind == "FARGATE_SPOT" else "fargate-x86"
        ctx.charge("Job vCPU", "AmazonECS", family, "vcpu", vcpu)
        ctx.charge("Job memory", "AmazonECS", family, "memory", memory)
        return
    types = resources.texts("instanceTypes")
    instance = types[0] if types else "optimal"
    if "." not in instance:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"AWS Batch chooses the instance type ({instance})")
    if kind == "SPOT":
        ctx.note("spot has no list price: priced as on demand, which it does not exceed")
    charge_instances(ctx, instance, vcpu / vcpus(instance), system="linux")
    ctx.note("the volumes of its instances are not in this figure")
