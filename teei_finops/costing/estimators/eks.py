"""Amazon EKS: control planes, managed node groups, Fargate profiles."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from teei_finops.costing.amounts import USAGE_MISSING, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.autoscaling import capacity
from teei_finops.costing.estimators.block_devices import Volumes
from teei_finops.costing.estimators.compute import operating_system
from teei_finops.costing.estimators.instance_hours import one
from teei_finops.costing.estimators.machines import (
    Machine,
    charge_machines,
    from_template,
    related_template,
)
from teei_finops.costing.estimators.support_windows import support_of
from teei_finops.costing.inputs import Inputs

# Without a launch template: 20 GB, 50 GB on Windows (EKS CreateNodegroup API reference, 2026-10), of gp2
# (aws/containers-roadmap#1417 and aws/aws-cdk#32372, both open on 2026-11-24).
LINUX_DISK, WINDOWS_DISK = 20, 50
AUTO_MODE_TYPE = "c6a.2xlarge"


@estimates("aws:eks/cluster:Cluster")
def cluster(ctx: EstimationContext) -> None:
    """Control-plane hours, and the extended-support surcharge from the day after standard support ends.

    Without a version EKS takes its newest one. The upgrade policy STANDARD excludes extended support
    (EKS user guide, 2026-10).
    """
    if ctx.flag("computeConfig.enabled"):
        _charge_auto_mode(ctx)
    if ctx.has("remoteNetworkConfig"):
        ctx.note("hybrid nodes are billed by vCPU and not in this figure")
    hours = ctx.hours()
    tier = ctx.text("controlPlaneScalingConfig.tier", "standard")
    if tier != "standard":
        ctx.charge(f"Provisioned control plane {tier}", "AmazonEKS", "provisioned-control-plane", tier, hours)
    ctx.charge("Control plane", "AmazonEKS", "cluster", "standard-support", hours)
    version = ctx.text("version", "") or ctx.output("version")
    if not isinstance(version, str) or not version:
        ctx.note("no version is set: the newest one assumed, in standard support")
        return
    if ctx.text("upgradePolicy.supportType", "EXTENDED") == "STANDARD":
        return
    if support_of(ctx, "AmazonEKS", "kubernetes", version).extended:
        ctx.charge_option("Extended support", "AmazonEKS", "cluster", "extended-support-surcharge", hours)


def _charge_auto_mode(ctx: EstimationContext) -> None:
    """The instances that Auto Mode runs, and its fee for each, where usage states their hours."""
    hours = ctx.from_usage("monthly_auto_mode_instance_hours")
    if hours is None:
        reason = f"{AUTO_MODE_TYPE} hours in usage: set monthly_auto_mode_instance_hours"
        ctx.leave_out("Auto Mode instances", Unpriced(USAGE_MISSING, reason))
        return
    ctx.note(f"Auto Mode instances are counted as {AUTO_MODE_TYPE}, the only type whose fee has a source")
    ctx.charge("Auto Mode instances", "AmazonEC2", "instance-linux-shared", AUTO_MODE_TYPE, hours)
    ctx.charge_option("Auto Mode fee", "AmazonEKS", "auto-mode", AUTO_MODE_TYPE, hours)


@estimates("aws:eks/nodeGroup:NodeGroup")
def node_group(ctx: EstimationContext) -> None:
    """Nodes between minSize and maxSize, expected at desiredSize; the default type is t3.medium
    (https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html, 2026-10).
    """
    count = capacity(ctx, "scalingConfig.minSize", "scalingConfig.maxSize", "scalingConfig.desiredSize")
    if count.is_zero:
        ctx.note("no nodes: its sizes are 0")
        return
    machine = _node(ctx)
    system = "windows" if ctx.text("amiType", "").startswith("WINDOWS") else operating_system(ctx)
    size = WINDOWS_DISK if system == "windows" else LINUX_DISK
    on_demand, spot = (count * 0, count) if machine.spot else (count, count * 0)
    charge_machines(ctx, machine, on_demand, spot, system, root_size=size, subnets="subnetIds")


@estimates("aws:eks/fargateProfile:FargateProfile")
def fargate_profile(ctx: EstimationContext) -> None:
    """Assumed without usage: ten pods of one vCPU and 2 GB at most, one expected."""
    vcpu = ctx.usage("monthly_vcpu_hours", 0, 730, 7_300)
    memory = ctx.usage("monthly_memory_gb_hours", 0, 1_460, 14_600)
    disk = ctx.usage("monthly_ephemeral_storage_gb_hours", 0, 0, 0)
    ctx.charge("Pod vCPU", "AmazonEKS", "fargate-x86", "vcpu", vcpu)
    ctx.charge("Pod memory", "AmazonEKS", "fargate-x86", "memory", memory)
    ctx.charge("Ephemeral storage above 20 GB", "AmazonECS", "fargate", "ephemeral-storage", disk, included=0)


def _node(ctx: EstimationContext) -> Machine:
    types = dict.fromkeys(ctx.texts("instanceTypes"), Decimal(1))
    spot = ctx.text("capacityType", "ON_DEMAND") == "SPOT"
    template = related_template(ctx, "launchTemplate") if ctx.has("launchTemplate") else None
    if template is not None:
        named = template.has("instanceType") or template.has("instanceRequirements")
        return replace(from_template(template, types or (None if named else one("t3.medium"))), spot=spot)
    size = ctx.number("diskSize") if ctx.has("diskSize") else None
    disk = Inputs({"volumeType": "gp2"} | ({"volumeSize": str(size)} if size is not None else {}))
    return Machine(types or one("t3.medium"), Volumes(disk), spot=spot)
