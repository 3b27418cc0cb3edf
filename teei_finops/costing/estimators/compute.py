"""What EC2 instances cost wherever they come from: an instance, a group, a node group."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NO_PRICE, Range, Unpriced
from teei_finops.costing.estimation_context import EstimationContext, Inputs

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
OPERATING_SYSTEMS = ("linux", "windows", "rhel", "suse")
DETAILED_METRICS = (
    7  # metrics of detailed monitoring, billed as custom ones; CloudWatch pricing page, 2026-10
)


def operating_system(ctx: EstimationContext) -> str:
    """What the profile states; an AMI hides it, so Linux is assumed and said."""
    stated = ctx.text_from_usage("operating_system")
    if stated is None:
        ctx.note("operating system assumed to be Linux: the image hides it; state operating_system")
    return stated or "linux"


def charge_instances(
    ctx: EstimationContext,
    instance_type: str,
    hours: Range,
    *,
    times: Range | int = 1,
    tenancy: str = "default",
    system: str | None = None,
) -> None:
    """Instance-hours on demand; on a Dedicated Host the host is billed instead."""
    system = system or operating_system(ctx)
    if tenancy == "host":
        ctx.note("runs on a Dedicated Host, which is billed on itself")
        return
    if tenancy not in ("", "default"):
        raise Unpriced(NO_PRICE, f"{instance_type} with tenancy {tenancy}")
    ctx.charge(
        f"{instance_type} {system}, on demand",
        "AmazonEC2",
        f"instance-{system}-shared",
        instance_type,
        hours,
        times=times,
    )


def charge_spot(
    ctx: EstimationContext,
    instance_type: str,
    hours: Range,
    *,
    times: Range | int = 1,
    system: str | None = None,
    highest: Decimal | None = None,
) -> None:
    """Instance-hours at the stated spot price.

    Without one it is assumed between a tenth of the on-demand price (up to 90 % off, EC2 Spot page, AWS,
    2026-10) and all of it, which is also the default maximum price, and expected at the upper end. `highest`
    is a maximum price that the program sets, US dollars per hour.
    """
    system = system or operating_system(ctx)
    quantity = hours * times
    price = ctx.from_usage("spot_price_usd_per_hour")
    source = "usage profile"
    if price is None:
        rate = ctx.rate("AmazonEC2", f"instance-{system}-shared", instance_type)
        most = min(rate.tiers[0].usd, highest) if highest is not None else rate.tiers[0].usd
        price = Range(min(rate.tiers[0].usd / 10, most), most, most, assumed=True)
        quantity = Range(quantity.low, quantity.expected, quantity.high, assumed=True)
        source = f"assumed from the on-demand price: {rate.tiers[0].source}"
        ctx.note("spot has no list price: assumed at 10 to 100 % of on demand; state spot_price_usd_per_hour")
    ctx.charge_at(f"{instance_type} {system}, spot", "AmazonEC2", quantity, "hour", price, source)


def charge_cpu_credits(
    ctx: EstimationContext, instance_type: str, system: str | None = None, mode: str = ""
) -> None:
    """The surplus CPU credits of a burstable type that the usage profile states; `mode` is its cpuCredits.

    In the standard mode nothing above the baseline is billed (EC2 user guide, burstable instances, 2026-10).
    """
    credits = ctx.from_usage("monthly_surplus_cpu_credit_hours")
    family = instance_type.partition(".")[0]
    if credits is None or family not in ("t2", "t3", "t3a", "t4g"):
        return
    if mode == "standard":
        ctx.note("CPU credits in the standard mode are not billed")
        return
    key = "t3" if family == "t3a" else family
    system = system or ctx.text_from_usage("operating_system") or "linux"
    ctx.charge(
        "Surplus CPU credits", "AmazonEC2", "cpu-credits", key + ("-windows" * (system == "windows")), credits
    )


def charge_volume(
    ctx: EstimationContext,
    what: str,
    volume: Inputs,
    *,
    share: Range | int = 1,
    times: Range | int = 1,
    default_size=None,
) -> None:
    """One EBS volume, in the words of a block device or of `aws:ebs/volume:Volume`, billed `times`.

    `share` is the part of the month it exists; `default_size` (GB) stands where the image decides.
    """
    kind = volume.text(
        "volumeType" if volume.has("volumeType") else "type", "gp2" if default_size is None else "gp3"
    )
    size_path = "volumeSize" if volume.has("volumeSize") else "size"
    if default_size is not None and not volume.has(size_path):
        size = Range.of(default_size)
    else:
        size = Range.of(volume.number(size_path))
    count = Range.of(times) * share
    ctx.charge(f"{what}: {kind} storage", "AmazonEC2", "ebs", f"{kind}-storage", size, times=count)
    if kind in ("gp3", "io1", "io2"):
        iops = volume.number("iops", 0) if kind == "gp3" else volume.number("iops")
        ctx.charge(f"{what}: {kind} IOPS", "AmazonEC2", "ebs", f"{kind}-iops", iops, times=count)
    if kind == "gp3":
        throughput = volume.number("throughput", 0)
        ctx.charge(f"{what}: gp3 throughput", "AmazonEC2", "ebs", "gp3-throughput", throughput, times=count)


def charge_transfer(ctx: EstimationContext, *keys: str) -> None:
    """Data transfer by the keys that the usage profile states (`monthly_internet_egress_gb` and the like)."""
    for key in keys:
        data = ctx.from_usage(key)
        if data is None:
            continue
        if key == "monthly_internet_egress_gb":
            ctx.charge(
                "Data out to the internet",
                "AWSDataTransfer",
                "internet-out",
                "data",
                data,
                allowance="internet-out",
            )
        elif key == "monthly_inter_az_gb":
            ctx.charge(
                "Data between zones", "AWSDataTransfer", "intra-region", "inter-az-each-direction", data * 2
            )
        else:
            ctx.charge("Data to other Regions", "AWSDataTransfer", "inter-region-out", "other-regions", data)


def charge_detailed_monitoring(ctx: EstimationContext, share: Range, times: Range | int = 1) -> None:
    ctx.charge(
        "Detailed monitoring",
        "AmazonCloudWatch",
        "metrics",
        "custom-metric",
        Range.of(Decimal(DETAILED_METRICS)) * share * times,
        allowance="metrics",
    )
