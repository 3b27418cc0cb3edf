"""EC2 fleets, spot fleets and capacity reservations."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import chain

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import ROOT_SIZE
from teei_finops.costing.estimators.compute import operating_system
from teei_finops.costing.estimators.instance_hours import charge_instances
from teei_finops.costing.estimators.machines import (
    Machine,
    charge_machines,
    from_template,
    of_instance,
    related_template,
    types_of,
)

INSTANCE = "aws:ec2/instance:Instance"
PLATFORMS = {
    "Linux/UNIX": "linux",
    "Windows": "windows",
    "Red Hat Enterprise Linux": "rhel",
    "SUSE Linux": "suse",
}


@estimates("aws:ec2/fleet:Fleet")
def fleet(ctx: EstimationContext) -> None:
    """Target capacity on demand and on spot; what is not stated has the default purchase type, spot unless it
    is set (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html, 2026-10).
    """
    target = ctx.part("targetCapacitySpecification")
    total = target.number("totalTargetCapacity")
    if target.text("defaultTargetCapacityType", "spot") == "spot":
        on_demand = target.number("onDemandTargetCapacity", 0)
        spot = max(total - on_demand, Decimal(0))
    else:
        spot = target.number("spotTargetCapacity", 0)
        on_demand = max(total - spot, Decimal(0))
    _charge(ctx, on_demand, spot)


@estimates("aws:ec2/spotFleetRequest:SpotFleetRequest")
def spot_fleet(ctx: EstimationContext) -> None:
    """Target capacity on spot, save for what is asked for on demand."""
    on_demand = ctx.number("onDemandTargetCapacity", 0)
    _charge(ctx, on_demand, max(ctx.number("targetCapacity") - on_demand, Decimal(0)))


@estimates("aws:ec2/capacityReservation:CapacityReservation")
def capacity_reservation(ctx: EstimationContext) -> None:
    """Reserved instances are billed at the on-demand price whether they run or not; those that run are billed
    once, on their instance (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html,
    2026-10). Instances of the type in the plan are expected to use the reservation.
    """
    kind = ctx.text("instanceType")
    reserved = ctx.number("instanceCount")
    used = Decimal(len(ctx.matching(INSTANCE, "instanceType", kind)))
    unused = Range(Decimal(0), max(reserved - used, Decimal(0)), reserved, assumed=True)
    platform = ctx.text("instancePlatform")
    system = PLATFORMS.get(platform, platform.lower())
    tenancy = ctx.text("tenancy", "default")
    charge_instances(ctx, kind, ctx.hours(), times=unused, tenancy=tenancy, system=system)
    ctx.note(f"{used} instances of the type in the plan are expected to run in it")


def _charge(ctx: EstimationContext, on_demand: Decimal, spot: Decimal) -> None:
    charge_machines(
        ctx,
        _machine(ctx),
        Range.of(on_demand),
        Range.of(spot),
        operating_system(ctx),
        root_size=ROOT_SIZE,
        subnets="subnetIds",
    )


def _machine(ctx: EstimationContext) -> Machine:
    """The machine of the first template or specification, with the types of all."""
    described = ctx.items("launchSpecifications")
    if described:
        types = {
            item.text("instanceType"): max(item.number("weightedCapacity", 1), Decimal(1))
            for item in described
        }
        return replace(of_instance(described[0]), types=types)
    configs = ctx.items("launchTemplateConfigs")
    if not configs:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "neither a launch template nor a launch specification is set")
    template = related_template(ctx, "launchTemplateConfigs.0.launchTemplateSpecification")
    if template is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "launchTemplateConfigs: the launch template is not named")
    overrides = chain.from_iterable(config.items("overrides") for config in configs)
    return from_template(template, types_of(overrides))
