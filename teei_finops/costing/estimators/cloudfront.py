"""Amazon CloudFront distributions and functions."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

SERVICE = "AmazonCloudFront"
# Without a profile: a small site, most of it seen from one of the two geographies in the price book.
EGRESS_GB = {"us": (0, 50, 500), "europe": (0, 50, 500)}
HTTPS_REQUESTS = {"us": (0, 500_000, 5_000_000), "europe": (0, 500_000, 5_000_000)}
GEOGRAPHIES = {"us": "united-states", "europe": "europe"}


@estimates("aws:cloudfront/distribution:Distribution")
def distribution(ctx: EstimationContext) -> None:
    """Data and requests by viewer geography; a dedicated-IP certificate by the month.

    The price book has no price for other geographies, nor for Origin Shield, whose line is unpriced.
    """
    enabled = ctx.flag("enabled", True)
    for short, geography in GEOGRAPHIES.items():
        egress = ctx.usage(f"monthly_{short}_egress_gb", *(EGRESS_GB[short] if enabled else (0, 0, 0)))
        ctx.charge(
            f"Data out, {geography}",
            SERVICE,
            "data-transfer-out",
            geography,
            egress,
            allowance="data-transfer-out",
        )
        https = ctx.usage(
            f"monthly_{short}_https_requests", *(HTTPS_REQUESTS[short] if enabled else (0, 0, 0))
        )
        ctx.charge(
            f"HTTPS requests, {geography}",
            SERVICE,
            "requests-https",
            geography,
            https,
            allowance="requests",
        )
        http = ctx.usage(f"monthly_{short}_http_requests", 0, 0, 0)
        ctx.charge(
            f"HTTP requests, {geography}", SERVICE, "requests-http", geography, http, allowance="requests"
        )
        charge_from_usage(
            ctx,
            f"monthly_{short}_origin_upload_gb",
            f"Data to the origin, {geography}",
            SERVICE,
            "data-transfer-to-origin",
            geography,
        )
    charge_from_usage(ctx, "monthly_invalidation_paths", "Paths invalidated", SERVICE, "invalidation", "path")
    if ctx.text("viewerCertificate.sslSupportMethod", "") == "vip":
        ctx.charge("Dedicated-IP certificate", SERVICE, "ssl", "dedicated-ip-certificate", 1)
    if any(origin.flag("originShield.enabled") for origin in ctx.items("origins")):
        ctx.charge_option("Origin Shield requests", SERVICE, "origin-shield", "requests", 1)


@estimates("aws:cloudfront/function:Function")
def edge_function(ctx: EstimationContext) -> None:
    """Invocations, for which the price book has no price."""
    calls = ctx.usage("monthly_invocations", 0, 1_000_000, 10_000_000)
    ctx.charge("Function invocations", SERVICE, "functions", "invocations", calls)
