"""Amazon EC2 Auto Scaling groups, spot requests and Dedicated Hosts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import ROOT_SIZE
from teei_finops.costing.estimators.compute import charge_transfer, operating_system
from teei_finops.costing.estimators.ec2 import charge_parts_of_one, instance_type, launch_template
from teei_finops.costing.estimators.instance_hours import charge_spot
from teei_finops.costing.estimators.machines import (
    Machine,
    charge_machines,
    from_configuration,
    from_template,
    related_template,
    types_of,
)

_POLICY = "mixedInstancesPolicy"
_SPECIFICATION = f"{_POLICY}.launchTemplate.launchTemplateSpecification"
_OVERRIDES = f"{_POLICY}.launchTemplate.overrides"


@estimates("aws:autoscaling/group:Group")
def group(ctx: EstimationContext) -> None:
    """Instances between minSize and maxSize, expected at desiredCapacity (minSize when it is not set, as AWS
    does: Auto Scaling CreateAutoScalingGroup, 2026-10); volumes live as long as their instance.
    """
    count = capacity(ctx, "minSize", "maxSize", "desiredCapacity")
    if count.is_zero:
        ctx.note("no instances: minSize, maxSize and desiredCapacity are 0")
        return
    machine = _machine(ctx)
    on_demand, spot = _purchase(ctx, count, machine)
    system = operating_system(ctx)
    charge_machines(ctx, machine, on_demand, spot, system, root_size=ROOT_SIZE, subnets="vpcZoneIdentifiers")


@estimates("aws:ec2/spotInstanceRequest:SpotInstanceRequest")
def spot_instance(ctx: EstimationContext) -> None:
    """An instance with the inputs of `aws:ec2/instance:Instance`, at the spot price."""
    template = launch_template(ctx)
    kind = instance_type(ctx, template)
    highest = ctx.number("spotPrice") if ctx.has("spotPrice") else None
    charge_spot(ctx, kind, ctx.hours(), system=operating_system(ctx), highest=highest)
    charge_parts_of_one(ctx, template, kind)
    charge_transfer(ctx, "monthly_internet_egress_gb")


@estimates("aws:ec2/dedicatedHost:DedicatedHost")
def dedicated_host(ctx: EstimationContext) -> None:
    """A host is billed by its instance family (EC2 Dedicated Hosts pricing page, 2026-10)."""
    family = ctx.text("instanceFamily", "") or ctx.text("instanceType").partition(".")[0]
    ctx.charge(f"{family} host", "AmazonEC2", "dedicated-host", family, ctx.hours())


def capacity(ctx: EstimationContext, least: str, most: str, desired: str) -> Range:
    """`average_instances` from usage, else from minimum to maximum, expected at the desired size."""
    average = ctx.from_usage("average_instances")
    if average is not None:
        return average
    low, high = ctx.number(least), ctx.number(most)
    expected = ctx.number(desired, low)
    return Range(min(low, expected), expected, max(high, expected))


def _machine(ctx: EstimationContext) -> Machine:
    if ctx.has(_POLICY):
        template = related_template(ctx, _SPECIFICATION)
        if template is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{_SPECIFICATION} has no launch template")
        machine = from_template(template, types_of(ctx.items(_OVERRIDES)))
        highest = f"{_POLICY}.instancesDistribution.spotMaxPrice"
        return replace(machine, highest_spot_price=ctx.number(highest)) if ctx.has(highest) else machine
    if ctx.has("launchConfiguration"):
        return from_configuration(ctx)
    template = related_template(ctx, "launchTemplate")
    if template is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "neither a launch template nor a launch configuration is set")
    return from_template(template)


def _purchase(ctx: EstimationContext, count: Range, machine: Machine) -> tuple[Range, Range]:
    """Units of capacity on demand and on spot; all on demand unless the distribution says otherwise (Auto
    Scaling API, InstancesDistribution, 2026-10).
    """
    if not ctx.has(_POLICY):
        return (count * 0, count) if machine.spot else (count, count * 0)
    distribution = ctx.part(_POLICY).part("instancesDistribution")
    base = distribution.number("onDemandBaseCapacity", 0)
    share = distribution.number("onDemandPercentageAboveBaseCapacity", 100) / 100
    on_demand = count.map(lambda n: min(n, base) + max(n - base, Decimal(0)) * share)
    return on_demand, count - on_demand
