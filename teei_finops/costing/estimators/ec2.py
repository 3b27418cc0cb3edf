"""Amazon EC2 instances with their volumes, and EBS volumes of their own."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext, Inputs
from teei_finops.costing.estimators.compute import (
    LAUNCH_TEMPLATE,
    charge_cpu_credits,
    charge_detailed_monitoring,
    charge_instances,
    charge_transfer,
    charge_volume,
)

CREDITS = "creditSpecification.cpuCredits"
SUBNET = "aws:ec2/subnet:Subnet"
# The image decides the root volume when the program does not: 8 GB on Amazon Linux, 30 GB on Windows.
ROOT_SIZE = Range(Decimal(8), Decimal(8), Decimal(30), assumed=True)


@estimates("aws:ec2/instance:Instance")
def instance(ctx: EstimationContext) -> None:
    template = launch_template(ctx)
    hours = ctx.hours()
    kind = (
        ctx.text("instanceType")
        if ctx.has("instanceType") or template is None
        else template.text("instanceType")
    )
    tenancy = ctx.text("tenancy", "") or (template.text("placement.tenancy", "") if template else "")
    charge_instances(ctx, kind, hours, tenancy=tenancy)
    mode = ctx.text(CREDITS, "") or (template.text(CREDITS, "") if template else "")
    charge_cpu_credits(ctx, kind, mode=mode)
    if ctx.raw.get("instanceMarketOptions"):
        ctx.note("spot has no list price: priced as on demand, which it does not exceed")
    charge_volumes(ctx, template)
    if ctx.flag("monitoring") or (template is not None and template.flag("monitoring.enabled")):
        charge_detailed_monitoring(ctx, ctx.months())
    addresses = instance_addresses(ctx, template)
    ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours * addresses)
    charge_transfer(ctx, "monthly_internet_egress_gb", "monthly_inter_az_gb", "monthly_inter_region_gb")


@estimates("aws:ebs/volume:Volume")
def volume(ctx: EstimationContext) -> None:
    charge_volume(ctx, "Volume", ctx, share=ctx.months())
    if ctx.text("type", "gp2") == "standard":
        requests = ctx.usage("monthly_standard_io_requests", 0, 1_000_000, 10_000_000)
        ctx.charge("Magnetic I/O", "AmazonEC2", "ebs", "standard-io", requests)


def launch_template(ctx: EstimationContext) -> EstimationContext | None:
    """The launch template that an instance names, when the plan holds it."""
    for path in ("launchTemplate.id", "launchTemplate.name"):
        if ctx.has(path):
            return ctx.related(path, LAUNCH_TEMPLATE)
    return None


def charge_volumes(ctx: EstimationContext, template: EstimationContext | None) -> None:
    """Stopped instances keep their volumes: hours do not scale them."""
    devices = template.items("blockDeviceMappings") if template else []
    first, *rest = devices if devices else [None]
    root: Inputs = (
        ctx.part("rootBlockDevice") if ctx.has("rootBlockDevice") or first is None else first.part("ebs")
    )
    charge_volume(ctx, "Root volume", root, default_size=ROOT_SIZE)
    for device in ctx.items("ebsBlockDevices"):
        charge_volume(ctx, f"Volume {device.text('deviceName', '')}".strip(), device)
    for device in rest:
        if device is not None and device.has("ebs"):
            charge_volume(ctx, f"Volume {device.text('deviceName', '')}".strip(), device.part("ebs"))


def instance_addresses(ctx: EstimationContext, template: EstimationContext | None) -> Range:
    """Whether it gets a public IPv4 address; the subnet decides when the program does not."""
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
