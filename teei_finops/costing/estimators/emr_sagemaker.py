"""Amazon EMR clusters, SageMaker AI endpoints, notebooks and training jobs."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import charge_volume
from teei_finops.costing.estimators.instance_hours import Types, charge_instances, charge_spot, instances, one
from teei_finops.costing.inputs import Inputs

EMR, SAGEMAKER = "ElasticMapReduce", "AmazonSageMaker"
DAY_S = 86_400


@estimates("aws:emr/cluster:Cluster")
def emr(ctx: EstimationContext) -> None:
    """EC2 instances, their volumes, and EMR's fee for each instance-hour
    (https://aws.amazon.com/emr/pricing/, 2026-10).
    """
    if not any(ctx.has(f"masterInstance{kind}") for kind in ("Group", "Fleet")):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "neither masterInstanceGroup nor masterInstanceFleet is set")
    for role in ("master", "core"):
        if ctx.has(f"{role}InstanceGroup"):
            group = ctx.part(f"{role}InstanceGroup")
            count = Range.of(group.number("instanceCount", 1))
            on_demand, spot = (NOTHING, count) if group.has("bidPrice") else (count, NOTHING)
            _machines(ctx, role, one(group.text("instanceType")), group, on_demand, spot)
        elif ctx.has(f"{role}InstanceFleet"):
            _fleet(ctx, role, ctx.part(f"{role}InstanceFleet"))


@estimates("aws:emr/instanceGroup:InstanceGroup")
def emr_group(ctx: EstimationContext) -> None:
    """Task nodes that are added to a cluster."""
    count = Range.of(ctx.number("instanceCount", 1))
    on_demand, spot = (NOTHING, count) if ctx.has("bidPrice") else (count, NOTHING)
    _machines(ctx, "task", one(ctx.text("instanceType")), ctx, on_demand, spot)


@estimates("aws:emr/instanceFleet:InstanceFleet")
def emr_fleet(ctx: EstimationContext) -> None:
    """A fleet of task nodes that is added to a cluster."""
    _fleet(ctx, "task", ctx)


def _fleet(ctx: EstimationContext, role: str, fleet: Inputs) -> None:
    """Any of the fleet's types, each with the units of capacity that one instance counts for."""
    configs = fleet.items("instanceTypeConfigs")
    if not configs:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{role}InstanceFleet has no instance type")
    types = {
        config.text("instanceType"): max(config.number("weightedCapacity", 1), Decimal(1))
        for config in configs
    }
    on_demand, spot = (
        Range.of(fleet.number(key, 0)) for key in ("targetOnDemandCapacity", "targetSpotCapacity")
    )
    _machines(ctx, role, types, configs[0], on_demand, spot)


def _machines(
    ctx: EstimationContext, role: str, types: Types, described: Inputs, on_demand: Range, spot: Range
) -> None:
    hours, units = ctx.hours(), on_demand + spot
    if not on_demand.is_zero:
        charge_instances(ctx, types, hours, times=on_demand, system="linux")
    if not spot.is_zero:
        charge_spot(ctx, types, hours, times=spot, system="linux")
    label = f"EMR fee, {role} {' or '.join(sorted(types))}"
    if len(types) == 1:
        ((kind, weight),) = types.items()
        ctx.charge(label, EMR, "instance", kind, hours, times=units / weight)
    else:
        ctx.charge_any(label, EMR, "instance", types, hours * units)
    for disk in described.items("ebsConfigs"):
        volumes = instances(types, units) * disk.number("volumesPerInstance", 1)
        charge_volume(ctx, f"{role.title()} volume", disk, times=volumes, share=ctx.months())


@estimates("aws:sagemaker/endpointConfiguration:EndpointConfiguration")
def sagemaker_endpoint(ctx: EstimationContext) -> None:
    """The instances of every variant; they are charged here, not on the endpoint."""
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
    """The volume, 5 GB by default, is billed also while the notebook is stopped. Its storage has the rate of
    any ML volume (SageMaker pricing page, 2026-10).
    """
    kind = ctx.text("instanceType")
    ctx.charge(f"{kind} notebook", SAGEMAKER, "notebook-instance", kind, ctx.hours())
    size = ctx.number("volumeSize", 5)
    ctx.charge("Volume", SAGEMAKER, "endpoint-storage", "attached-volume", size)


@estimates("aws:sagemaker/trainingJob:TrainingJob")
def sagemaker_training(ctx: EstimationContext) -> None:
    """Instance-hours up to maxRuntimeInSeconds, a day when it is not set (SageMaker CreateTrainingJob API,
    2026-10); a tenth of them is expected. A job runs once.
    """
    config = ctx.part("resourceConfig")
    longest = ctx.number("stoppingCondition.maxRuntimeInSeconds", DAY_S) / 3600
    hours = ctx.from_usage("monthly_hours") or Range(Decimal(0), longest / 10, longest, assumed=True)
    groups = config.items("instanceGroups") or [config]
    for group in groups:
        kind = group.text("instanceType")
        count = Range.of(group.number("instanceCount", 1))
        ctx.charge(f"{kind} training", SAGEMAKER, "training", kind, hours, times=count)
        size = config.number("volumeSizeInGb", 0)
        ctx.charge(
            "Volume", SAGEMAKER, "endpoint-storage", "attached-volume", size, times=count * hours / HOURS
        )
