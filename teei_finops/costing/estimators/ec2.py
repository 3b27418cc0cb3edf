"""Amazon EC2 instances with their volumes, and EBS volumes of their own."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.block_devices import charge_volume, charge_volumes, volumes_of
from teei_finops.costing.estimators.compute import (
    LAUNCH_TEMPLATE,
    charge_cpu_credits,
    charge_detailed_monitoring,
    charge_transfer,
    operating_system,
)
from teei_finops.costing.estimators.instance_hours import (
    charge_ebs_optimization,
    charge_instances,
    charge_spot,
)
from teei_finops.costing.inputs import Inputs

CREDITS = "creditSpecification.cpuCredits"
MARKET = "instanceMarketOptions"
VOLUME = "aws:ebs/volume:Volume"
SUBNET = "aws:ec2/subnet:Subnet"


@estimates("aws:ec2/instance:Instance")
def instance(ctx: EstimationContext) -> None:
    """Hours on demand, or on spot where the instance or its template asks for spot capacity."""
    template = launch_template(ctx)
    kind, hours, system = instance_type(ctx, template), ctx.hours(), operating_system(ctx)
    market = next((part for part in (ctx, template) if part is not None and part.has(MARKET)), None)
    if market is not None and market.text(f"{MARKET}.marketType", "spot") == "spot":
        highest = f"{MARKET}.spotOptions.maxPrice"
        most = market.number(highest) if market.has(highest) else None
        charge_spot(ctx, kind, hours, system=system, highest=most)
    else:
        charge_instances(ctx, kind, hours, tenancy=_tenancy(ctx, template), system=system)
    mode = ctx.text(CREDITS, "") or (template.text(CREDITS, "") if template else "")
    charge_cpu_credits(ctx, kind, mode=mode)
    charge_parts_of_one(ctx, template, kind)
    charge_transfer(ctx, "monthly_internet_egress_gb", "monthly_inter_az_gb", "monthly_inter_region_gb")


@estimates(VOLUME)
def volume(ctx: EstimationContext) -> None:
    charge_volume(ctx, "Volume", ctx, share=ctx.months())
    if ctx.text("type", "gp2") == "standard":
        requests = ctx.usage("monthly_standard_io_requests", 0, 1_000_000, 10_000_000)
        ctx.charge("Magnetic I/O", "AmazonEC2", "ebs", "standard-io", requests)


@estimates("aws:ebs/volumeCopy:VolumeCopy")
def volume_copy(ctx: EstimationContext) -> None:
    """A volume of its own, with the settings of its source where it states none."""
    source = ctx.related("sourceVolumeId", VOLUME)
    raw = {**(source.raw if source is not None else {}), **ctx.raw}
    if "volumeType" not in ctx.raw and source is not None and source.has("type"):
        raw["volumeType"] = source.raw["type"]
    charge_volume(ctx, "Copied volume", Inputs(raw), share=ctx.months())


def charge_parts_of_one(ctx: EstimationContext, template: EstimationContext | None, kind: str) -> None:
    """What one instance bills besides its hours: EBS optimization, volumes, monitoring, its address."""
    hours = ctx.hours()
    if ctx.flag("ebsOptimized") or (template is not None and template.flag("ebsOptimized")):
        charge_ebs_optimization(ctx, kind, hours)
    charge_volumes(ctx, volumes_of(ctx, template))
    if ctx.flag("monitoring") or (template is not None and template.flag("monitoring.enabled")):
        charge_detailed_monitoring(ctx, ctx.months())
    addresses = instance_addresses(ctx, template)
    ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours * addresses)


def instance_type(ctx: EstimationContext, template: EstimationContext | None) -> str:
    """Its own type, else its template's."""
    return (template if template is not None and not ctx.has("instanceType") else ctx).text("instanceType")


def placement_tenancy(placement: Inputs) -> str:
    """`host` also where only a host or a host resource group is named (EC2 API, Placement, 2026-10)."""
    if placement.has("hostId") or placement.has("hostResourceGroupArn"):
        return "host"
    return placement.text("tenancy", "")


def _tenancy(ctx: EstimationContext, template: EstimationContext | None) -> str:
    return placement_tenancy(ctx) or (placement_tenancy(template.part("placement")) if template else "")


def launch_template(ctx: EstimationContext) -> EstimationContext | None:
    """The launch template of an instance, None when the plan does not contain it."""
    for path in ("launchTemplate.id", "launchTemplate.name"):
        if ctx.has(path):
            return ctx.related(path, LAUNCH_TEMPLATE)
    return None


def instance_addresses(ctx: EstimationContext, template: EstimationContext | None) -> Range:
    """Whether it gets a public IPv4 address; the subnet decides where the program does not set it."""
    if ctx.has("associatePublicIpAddress"):
        return Range.of(int(ctx.flag("associatePublicIpAddress")))
    if template is not None:
        for interface in template.items("networkInterfaces"):
            if interface.has("associatePublicIpAddress"):
                return Range.of(int(interface.flag("associatePublicIpAddress")))
    try:
        subnet = ctx.related("subnetId", SUBNET)
    except Unpriced:
        subnet = None
    if subnet is not None:
        return Range.of(int(subnet.flag("mapPublicIpOnLaunch")))
    ctx.note("its subnet decides whether it gets a public IPv4 address: none expected, one at most")
    return Range(Decimal(0), Decimal(0), Decimal(1), assumed=True)
