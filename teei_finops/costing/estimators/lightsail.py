"""Amazon Lightsail: instances, containers, databases, disks and static addresses."""

from __future__ import annotations

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

SERVICE = "AmazonLightsail"
ATTACHMENT = "aws:lightsail/staticIpAttachment:StaticIpAttachment"
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


@estimates("aws:lightsail/instance:Instance")
def lightsail(ctx: EstimationContext) -> None:
    """`nano_3_0`, `micro_win_3_0`, `small_ipv6_3_0`: the size, the system and the address type."""
    bundle = ctx.text("bundleId")
    size, *words = bundle.split("_")
    if size not in BUNDLES:
        ctx.charge(bundle, SERVICE, "instance-bundle", bundle, ctx.hours())
        return
    system = "windows" if "win" in words else "linux"
    ipv6 = "-ipv6" if "ipv6" in words or ctx.text("ipAddressType", "") == "ipv6" else ""
    key = f"{system}-{BUNDLES[size]}{ipv6}"
    ctx.charge(f"{bundle} bundle", SERVICE, "instance-bundle", key, ctx.hours())


@estimates("aws:lightsail/containerService:ContainerService")
def container_service(ctx: EstimationContext) -> None:
    """Each node of the service by its power, also while it runs nothing, unless it is disabled
    (https://aws.amazon.com/lightsail/pricing/, 2026-10).
    """
    if ctx.flag("isDisabled"):
        ctx.note("a disabled service is not billed")
        return
    power = ctx.text("power")
    nodes = Range.of(ctx.number("scale"))
    ctx.charge(f"{power} nodes", SERVICE, "container", power, ctx.hours(), times=nodes)


@estimates("aws:lightsail/database:Database")
def database(ctx: EstimationContext) -> None:
    """`micro_2_0`, `small_ha_2_0`: the size, and whether a standby is in another zone."""
    bundle = ctx.text("bundleId")
    size, *words = bundle.split("_")
    family = "database-high-availability" if "ha" in words else "database-standard-availability"
    ctx.charge(f"{bundle} database", SERVICE, family, BUNDLES.get(size, size), ctx.hours())


@estimates("aws:lightsail/disk:Disk")
def disk(ctx: EstimationContext) -> None:
    ctx.charge("Disk", SERVICE, "storage", "block", ctx.months() * ctx.number("sizeInGb"))


@estimates("aws:lightsail/staticIp:StaticIp")
def static_address(ctx: EstimationContext) -> None:
    """Free while it is attached to an instance."""
    if ctx.referring(ATTACHMENT, "staticIpName"):
        ctx.note("attached to an instance: free")
        return
    ctx.charge("Static address that is not attached", SERVICE, "static-ip", "unused", ctx.hours())
