"""Migration, file transfer, directories and desktops: DMS, Transfer Family, Directory Service, WorkSpaces."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.database_instances import charge_public_address

DMS = "AWSDatabaseMigrationSvc"
# GB that come with a replication instance: 50, and 100 with the c and r families; DMS pricing page, 2026-10.
SMALL_DISK, LARGE_DISK = 50, 100


@estimates("aws:dms/replicationInstance:ReplicationInstance")
def dms(ctx: EstimationContext) -> None:
    kind = ctx.text("replicationInstanceClass")
    zone = "multi-az" if ctx.flag("multiAz") else "single-az"
    ctx.charge(f"{kind}, {zone}", DMS, f"instance-{zone}", kind, ctx.hours())
    family = kind.removeprefix("dms.").partition(".")[0]
    included = LARGE_DISK if family[:1] in ("c", "r") else SMALL_DISK
    above = max(ctx.number("allocatedStorage", 50) - included, Decimal(0))
    ctx.charge("Storage above the included", DMS, f"storage-{zone}", "gp2", above)
    credits = ctx.from_usage("monthly_surplus_cpu_credit_hours")
    if credits is not None and family.startswith("t"):
        ctx.charge("Surplus CPU credits", DMS, "cpu-credits", family, credits)
    charge_public_address(ctx, ctx.hours())


@estimates("aws:transfer/server:Server")
def transfer(ctx: EstimationContext) -> None:
    """Each protocol is billed while the server exists, also when it is stopped; the default is SFTP."""
    for protocol in ctx.texts("protocols") or ["SFTP"]:
        ctx.charge(f"{protocol} endpoint", "AWSTransfer", "endpoint", protocol.lower(), ctx.hours())
    ctx.charge("Data uploaded", "AWSTransfer", "data", "upload", ctx.usage("monthly_upload_gb", 0, 10, 100))
    ctx.charge(
        "Data downloaded", "AWSTransfer", "data", "download", ctx.usage("monthly_download_gb", 0, 10, 100)
    )


@estimates("aws:directoryservice/directory:Directory")
def directory(ctx: EstimationContext) -> None:
    """At least two domain controllers. The defaults are a small Simple AD, and for Microsoft AD the
    Enterprise edition (the provider's defaults).
    """
    kind = ctx.text("type", "SimpleAD")
    if kind == "MicrosoftAD":
        key = f"microsoft-ad-{ctx.text('edition', 'Enterprise').lower()}"
        controllers = ctx.number("desiredNumberOfDomainControllers", 2)
    else:
        name = {"SimpleAD": "simple-ad", "ADConnector": "ad-connector"}.get(kind, kind.lower())
        key = f"{name}-{ctx.text('size', 'Small').lower()}"
        controllers = Decimal(2)
    ctx.charge(
        "Domain controllers",
        "AWSDirectoryService",
        "directory-per-controller",
        key,
        ctx.hours(),
        times=Range.of(controllers),
    )


@estimates("aws:workspaces/workspace:Workspace")
def workspace(ctx: EstimationContext) -> None:
    """Always on (the default) has a monthly rate; auto-stop has a lower one and an hourly rate."""
    properties = ctx.part("workspaceProperties")
    bundle = ctx.text("bundleId")
    if properties.text("runningMode", "ALWAYS_ON") == "AUTO_STOP":
        ctx.charge("Auto-stop month", "AmazonWorkSpaces", "auto-stop-month", bundle, ctx.months())
        ctx.charge("Auto-stop hours", "AmazonWorkSpaces", "auto-stop-hour", bundle, ctx.hours())
    else:
        ctx.charge("Always-on month", "AmazonWorkSpaces", "always-on-month", bundle, ctx.months())
