"""Machines with a service on top: Amazon EMR, SageMaker AI and Lightsail."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext, Inputs
from teei_finops.costing.estimators.compute import charge_instances, charge_volume

EMR, SAGEMAKER = "ElasticMapReduce", "AmazonSageMaker"
# Memory of a Lightsail bundle by its size (Lightsail bundles, 2026-10).
BUNDLES = {
    "nano": "0.5gb",
    "micro": "1gb",
    "small": "2gb",
    "medium": "4gb",
    "large": "8gb",
    "xlarge": "16gb",
    "2xlarge": "32gb",
    "4xlarge": "64gb",
}


@estimates("aws:emr/cluster:Cluster")
def emr(ctx: EstimationContext) -> None:
    """EC2 instances and their volumes, and EMR's own fee per instance-hour on top (EMR pricing page)."""
    if not any(ctx.has(f"masterInstance{kind}") for kind in ("Group", "Fleet")):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "neither masterInstanceGroup nor masterInstanceFleet is set")
    for role in ("master", "core"):
        if ctx.has(f"{role}InstanceGroup"):
            group = ctx.part(f"{role}InstanceGroup")
            _machines(ctx, role, group, group.number("instanceCount", 1))
        elif ctx.has(f"{role}InstanceFleet"):
            _fleet(ctx, role, ctx.part(f"{role}InstanceFleet"))


def _fleet(ctx: EstimationContext, role: str, fleet: Inputs) -> None:
    configs = fleet.items("instanceTypeConfigs")
    if not configs:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{role}InstanceFleet names no instance type")
    if len(configs) > 1:
        ctx.note(f"the {role} fleet may run any of its instance types: priced as the first")
    units = fleet.number("targetOnDemandCapacity", 0) + fleet.number("targetSpotCapacity", 0)
    if fleet.number("targetSpotCapacity", 0):
        ctx.note("spot has no list price: priced as on demand, which it does not exceed")
    weight = max(configs[0].number("weightedCapacity", 1), Decimal(1))
    _machines(ctx, role, configs[0], units / weight)


def _machines(ctx: EstimationContext, role: str, described: Inputs, count: Decimal) -> None:
    kind = described.text("instanceType")
    hours, times = ctx.hours(), Range.of(count)
    charge_instances(ctx, kind, hours, times=times, system="linux")
    ctx.charge(f"EMR fee, {role} {kind}", EMR, "instance", kind, hours, times=times)
    for disk in described.items("ebsConfigs"):
        volumes = times * disk.number("volumesPerInstance", 1)
        charge_volume(ctx, f"{role.title()} volume", disk, times=volumes, share=ctx.months())


@estimates("aws:sagemaker/endpointConfiguration:EndpointConfiguration")
def sagemaker_endpoint(ctx: EstimationContext) -> None:
    """The instances of every variant, billed on the configuration as its endpoint runs them."""
    if not ctx.count("productionVariants"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "productionVariants is not set")
    hours = ctx.hours()
    for what in ("productionVariants", "shadowProductionVariants"):
        for variant in ctx.items(what):
            if variant.has("serverlessConfig"):
                memory = variant.number("serverlessConfig.memorySizeInMb")
                ctx.charge("Serverless inference", SAGEMAKER, "serverless", f"{memory:f}mb", hours)
                continue
            kind = variant.text("instanceType")
            count = Range.of(variant.number("initialInstanceCount", 1))
            label = f"{kind}, {variant.text('variantName', what)}"
            ctx.charge(label, SAGEMAKER, "endpoint", kind, hours, times=count)
            size = variant.number("volumeSizeInGb", 0)
            ctx.charge(
                f"Volume, {variant.text('variantName', what)}",
                SAGEMAKER,
                "endpoint-storage",
                "attached-volume",
                size,
                times=count,
            )
    data = ctx.from_usage("monthly_data_processed_gb") or NOTHING
    ctx.charge("Data processed", SAGEMAKER, "endpoint-data", "data-processed", data)


@estimates("aws:sagemaker/notebookInstance:NotebookInstance")
def sagemaker_notebook(ctx: EstimationContext) -> None:
    """5 GB is the provider's default volume; it stays when the notebook stops. Its storage has the rate of
    any ML volume (SageMaker pricing page, 2026-10).
    """
    kind = ctx.text("instanceType")
    ctx.charge(f"{kind} notebook", SAGEMAKER, "notebook-instance", kind, ctx.hours())
    size = ctx.number("volumeSize", 5)
    ctx.charge("Volume", SAGEMAKER, "endpoint-storage", "attached-volume", size)


@estimates("aws:lightsail/instance:Instance")
def lightsail(ctx: EstimationContext) -> None:
    """`nano_3_0`, `micro_win_3_0`, `small_ipv6_3_0`: the size, the system and the address type."""
    bundle = ctx.text("bundleId")
    size, *words = bundle.split("_")
    if size not in BUNDLES:
        ctx.charge(bundle, "AmazonLightsail", "instance-bundle", bundle, ctx.hours())
        return
    system = "windows" if "win" in words else "linux"
    ipv6 = "-ipv6" if "ipv6" in words or ctx.text("ipAddressType", "") == "ipv6" else ""
    key = f"{system}-{BUNDLES[size]}{ipv6}"
    ctx.charge(f"{bundle} bundle", "AmazonLightsail", "instance-bundle", key, ctx.hours())
