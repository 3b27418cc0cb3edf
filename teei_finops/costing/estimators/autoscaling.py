"""Amazon EC2 Auto Scaling groups, spot requests and Dedicated Hosts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext, Inputs
from teei_finops.costing.estimators.compute import (
    LAUNCH_TEMPLATE,
    charge_cpu_credits,
    charge_detailed_monitoring,
    charge_instances,
    charge_spot,
    charge_transfer,
    charge_volume,
    operating_system,
)
from teei_finops.costing.estimators.ec2 import (
    CREDITS,
    ROOT_SIZE,
    charge_volumes,
    instance_addresses,
    launch_template,
)
from teei_finops.costing.estimators.subnets import public_addresses

LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
_SPECIFICATION = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification"
_OVERRIDES = "mixedInstancesPolicy.launchTemplate.overrides"


@dataclass(frozen=True)
class Machine:
    """What one instance of a group is made of, whoever describes it."""

    instance_type: str
    root: Inputs
    volumes: tuple[tuple[str, Inputs], ...]  # by device name
    tenancy: str
    monitoring: bool
    public_address: bool | None
    spot: bool
    highest_spot_price: Decimal | None
    credits: str = ""


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
    hours = ctx.hours()
    system = operating_system(ctx)
    kind = machine.instance_type
    if not on_demand.is_zero:
        charge_instances(ctx, kind, hours, times=on_demand, tenancy=machine.tenancy, system=system)
    if not spot.is_zero:
        charge_spot(ctx, kind, hours, times=spot, system=system, highest=machine.highest_spot_price)
    charge_parts(ctx, machine, on_demand + spot, system, root_size=ROOT_SIZE, subnets="vpcZoneIdentifiers")


@estimates("aws:ec2/spotInstanceRequest:SpotInstanceRequest")
def spot_instance(ctx: EstimationContext) -> None:
    """An instance as `aws:ec2/instance:Instance` describes it, at the spot price."""
    hours = ctx.hours()
    template = launch_template(ctx)
    kind = (
        ctx.text("instanceType")
        if ctx.has("instanceType") or template is None
        else template.text("instanceType")
    )
    highest = ctx.number("spotPrice") if ctx.has("spotPrice") else None
    charge_spot(ctx, kind, hours, highest=highest)
    charge_volumes(ctx, template)
    if ctx.flag("monitoring") or (template is not None and template.flag("monitoring.enabled")):
        charge_detailed_monitoring(ctx, ctx.months())
    addresses = instance_addresses(ctx, template)
    ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours * addresses)
    charge_transfer(ctx, "monthly_internet_egress_gb")


@estimates("aws:ec2/dedicatedHost:DedicatedHost")
def dedicated_host(ctx: EstimationContext) -> None:
    """A host is billed by its family, whatever sizes it holds (EC2 Dedicated Hosts pricing page, 2026-10)."""
    family = ctx.text("instanceFamily", "") or ctx.text("instanceType").partition(".")[0]
    ctx.charge(f"{family} host", "AmazonEC2", "dedicated-host", family, ctx.hours())


def capacity(ctx: EstimationContext, least: str, most: str, desired: str) -> Range:
    """`average_instances` when stated; else from minimum to maximum, expected at the desired size."""
    stated = ctx.from_usage("average_instances")
    if stated is not None:
        return stated
    low, high = ctx.number(least), ctx.number(most)
    expected = ctx.number(desired, low)
    return Range(min(low, expected), expected, max(high, expected))


def from_template(template: EstimationContext, kind: str | None = None) -> Machine:
    """What a launch template describes; `kind` replaces its instance type."""
    if kind is None:
        if template.has("instanceRequirements") and not template.has("instanceType"):
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "instanceRequirements: AWS chooses the instance type")
        kind = template.text("instanceType")
    devices = [
        (device.text("deviceName", ""), device.part("ebs"))
        for device in template.items("blockDeviceMappings")
        if device.has("ebs")
    ]
    addresses = [
        interface.flag("associatePublicIpAddress")
        for interface in template.items("networkInterfaces")
        if interface.has("associatePublicIpAddress")
    ]
    options = "instanceMarketOptions"
    highest = f"{options}.spotOptions.maxPrice"
    return Machine(
        instance_type=kind,
        root=devices[0][1] if devices else Inputs({}),
        volumes=tuple(devices[1:]),
        tenancy=template.text("placement.tenancy", ""),
        monitoring=template.flag("monitoring.enabled"),
        public_address=any(addresses) if addresses else None,
        spot=template.text(f"{options}.marketType", "") == "spot",
        highest_spot_price=template.number(highest) if template.has(highest) else None,
        credits=template.text(CREDITS, ""),
    )


def related_template(ctx: EstimationContext, path: str) -> EstimationContext | None:
    """The launch template that the object at `path` names by id or name; raises when the plan has none."""
    for part in ("id", "launchTemplateId", "name", "launchTemplateName"):
        if ctx.has(f"{path}.{part}"):
            template = ctx.related(f"{path}.{part}", LAUNCH_TEMPLATE)
            if template is None:
                raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{path}: the launch template is not in the preview")
            return template
    return None


def charge_parts(
    ctx: EstimationContext,
    machine: Machine,
    count: Range,
    system: str,
    *,
    root_size: Range | int,
    subnets: str,
) -> None:
    """What `count` instances have beside their hours: credits, volumes, monitoring, public addresses.

    The list of subnets at the path `subnets` decides about addresses when the template does not.
    """
    charge_cpu_credits(ctx, machine.instance_type, system, machine.credits)
    charge_volume(ctx, "Root volume", machine.root, times=count, default_size=root_size)
    for device, volume in machine.volumes:
        charge_volume(ctx, f"Volume {device}".strip(), volume, times=count)
    if machine.monitoring:
        charge_detailed_monitoring(ctx, ctx.months(), count)
    if machine.public_address is None:
        each = public_addresses(ctx, subnets)
    else:
        each = Range.of(int(machine.public_address))
    ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", ctx.hours() * count * each)


def _machine(ctx: EstimationContext) -> Machine:
    if ctx.has("mixedInstancesPolicy"):
        template = related_template(ctx, _SPECIFICATION)
        if template is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"{_SPECIFICATION} names no launch template")
        machine = from_template(template, _first_override(ctx))
        highest = "mixedInstancesPolicy.instancesDistribution.spotMaxPrice"
        return replace(machine, highest_spot_price=ctx.number(highest)) if ctx.has(highest) else machine
    if ctx.has("launchConfiguration"):
        return _from_configuration(ctx)
    template = related_template(ctx, "launchTemplate")
    if template is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "neither a launch template nor a launch configuration is set")
    return from_template(template)


def _first_override(ctx: EstimationContext) -> str | None:
    overrides = ctx.items(_OVERRIDES)
    if any(override.has("instanceRequirements") for override in overrides):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "instanceRequirements: AWS chooses the instance type")
    kinds = [override.text("instanceType") for override in overrides if override.has("instanceType")]
    if len(set(kinds)) > 1:
        ctx.note(f"may run any of {', '.join(dict.fromkeys(kinds))}: priced as the first")
    return kinds[0] if kinds else None


def _weight(ctx: EstimationContext) -> Decimal:
    """Units of capacity that one instance counts for."""
    for override in ctx.items(_OVERRIDES) if ctx.has("mixedInstancesPolicy") else ():
        return max(override.number("weightedCapacity", 1), Decimal(1))
    return Decimal(1)


def _purchase(ctx: EstimationContext, count: Range, machine: Machine) -> tuple[Range, Range]:
    """Instances on demand and on spot out of units of capacity.

    100 % on demand unless the distribution says otherwise; among several types those on demand are taken in
    their order (Auto Scaling InstancesDistribution, 2026-10).
    """
    if not ctx.has("mixedInstancesPolicy"):
        return (count * 0, count) if machine.spot else (count, count * 0)
    distribution = ctx.part("mixedInstancesPolicy").part("instancesDistribution")
    base = distribution.number("onDemandBaseCapacity", 0)
    share = distribution.number("onDemandPercentageAboveBaseCapacity", 100) / 100
    on_demand = count.map(lambda n: min(n, base) + max(n - base, Decimal(0)) * share)
    weight = _weight(ctx)
    return on_demand / weight, (count - on_demand) / weight


def _from_configuration(ctx: EstimationContext) -> Machine:
    configuration = ctx.related("launchConfiguration", LAUNCH_CONFIGURATION)
    if configuration is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "launchConfiguration: it is not in the preview")
    spot = configuration.has("spotPrice")
    public = "associatePublicIpAddress"
    return Machine(
        instance_type=configuration.text("instanceType"),
        root=configuration.part("rootBlockDevice"),
        volumes=tuple(
            (device.text("deviceName", ""), device) for device in configuration.items("ebsBlockDevices")
        ),
        tenancy=configuration.text("placementTenancy", ""),
        monitoring=configuration.flag("enableMonitoring", True),
        public_address=configuration.flag(public) if configuration.has(public) else None,
        spot=spot,
        highest_spot_price=configuration.number("spotPrice") if spot else None,
    )
