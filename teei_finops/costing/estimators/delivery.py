"""Amazon CloudFront distributions and functions."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated

SERVICE = "AmazonCloudFront"
# Without a profile: a small site, most of it seen from one of the two geographies that have prices on file.
EGRESS_GB = {"us": (0, 50, 500), "europe": (0, 50, 500)}
HTTPS_REQUESTS = {"us": (0, 500_000, 5_000_000), "europe": (0, 500_000, 5_000_000)}
GEOGRAPHIES = {"us": "united-states", "europe": "europe"}


@estimates("aws:cloudfront/distribution:Distribution")
def distribution(r: Subject) -> None:
    """Data and requests by viewer geography; a dedicated-IP certificate by the month.

    Viewers elsewhere have no price on file. Origin Shield has none either: it makes the resource unpriced.
    """
    enabled = r.flag("enabled", True)
    for short, geography in GEOGRAPHIES.items():
        egress = r.usage(f"monthly_{short}_egress_gb", *(EGRESS_GB[short] if enabled else (0, 0, 0)))
        r.charge(
            f"Data out, {geography}",
            SERVICE,
            "data-transfer-out",
            geography,
            egress,
            allowance="data-transfer-out",
        )
        https = r.usage(f"monthly_{short}_https_requests", *(HTTPS_REQUESTS[short] if enabled else (0, 0, 0)))
        r.charge(
            f"HTTPS requests, {geography}",
            SERVICE,
            "requests-https",
            geography,
            https,
            allowance="requests",
        )
        http = r.usage(f"monthly_{short}_http_requests", 0, 0, 0)
        r.charge(
            f"HTTP requests, {geography}", SERVICE, "requests-http", geography, http, allowance="requests"
        )
        charge_stated(
            r,
            f"monthly_{short}_origin_upload_gb",
            f"Data to the origin, {geography}",
            SERVICE,
            "data-transfer-to-origin",
            geography,
        )
    charge_stated(r, "monthly_invalidation_paths", "Paths invalidated", SERVICE, "invalidation", "path")
    if r.text("viewerCertificate.sslSupportMethod", "") == "vip":
        r.charge("Dedicated-IP certificate", SERVICE, "ssl", "dedicated-ip-certificate", 1)
    if any(origin.flag("originShield.enabled") for origin in r.items("origins")):
        r.charge("Origin Shield requests", SERVICE, "origin-shield", "requests", 1)


@estimates("aws:cloudfront/function:Function")
def edge_function(r: Subject) -> None:
    """Invocations; no price of them is on file."""
    calls = r.usage("monthly_invocations", 0, 1_000_000, 10_000_000)
    r.charge("Function invocations", SERVICE, "functions", "invocations", calls)
