"""Charges that all EC2 instances share besides their hours and volumes."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimation_context import EstimationContext

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
# Some Regions have a price of their own for data out to these.
PAIRED_REGIONS = ("eu-west-1", "eu-west-3", "us-east-1", "us-east-2", "us-west-2")
# Metrics of detailed monitoring, billed as custom ones; https://aws.amazon.com/cloudwatch/pricing/, 2026-10
DETAILED_METRICS = 7


def operating_system(ctx: EstimationContext) -> str:
    """From usage, because the image does not show it; without usage Linux is assumed, with a note."""
    system = ctx.text_from_usage("operating_system")
    if system is None:
        ctx.note("operating system assumed to be Linux: the image does not show it; set operating_system")
    return system or "linux"


def charge_cpu_credits(
    ctx: EstimationContext, instance_type: str, system: str | None = None, mode: str = ""
) -> None:
    """The surplus CPU credits of a burstable type, from usage; `mode` is its cpuCredits.

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


def charge_transfer(ctx: EstimationContext, *keys: str) -> None:
    """Data transfer of those usage keys (`monthly_internet_egress_gb` and the like) that the profile sets."""
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
    if "monthly_inter_region_gb" in keys and ctx.usage_profile:
        _charge_transfer_by_region(ctx)


def _charge_transfer_by_region(ctx: EstimationContext) -> None:
    """Data to one of the Regions that have a rate of their own, where the source Region has it."""
    for region in PAIRED_REGIONS:
        data = ctx.from_usage(f"monthly_transfer_to_{region.replace('-', '_')}_gb")
        if data is not None:
            own = ctx.has_rate("AWSDataTransfer", "inter-region-out", region)
            key = region if own else "other-regions"
            ctx.charge(f"Data to {region}", "AWSDataTransfer", "inter-region-out", key, data)


def charge_detailed_monitoring(ctx: EstimationContext, share: Range, times: Range | int = 1) -> None:
    ctx.charge(
        "Detailed monitoring",
        "AmazonCloudWatch",
        "metrics",
        "custom-metric",
        Range.of(Decimal(DETAILED_METRICS)) * share * times,
        allowance="metrics",
    )
