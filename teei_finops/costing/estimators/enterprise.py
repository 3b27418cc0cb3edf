"""Migration, file transfer, directories and desktops: DMS, Transfer Family, Directory Service, WorkSpaces."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject

DMS = "AWSDatabaseMigrationSvc"
# GB that come with a replication instance: 50, and 100 with the c and r families; DMS pricing page, 2026-10.
SMALL_DISK, LARGE_DISK = 50, 100


@estimates("aws:dms/replicationInstance:ReplicationInstance")
def dms(r: Subject) -> None:
    kind = r.text("replicationInstanceClass")
    zone = "multi-az" if r.flag("multiAz") else "single-az"
    r.charge(f"{kind}, {zone}", DMS, f"instance-{zone}", kind, r.hours())
    family = kind.removeprefix("dms.").partition(".")[0]
    included = LARGE_DISK if family[:1] in ("c", "r") else SMALL_DISK
    above = max(r.number("allocatedStorage", 50) - included, Decimal(0))
    r.charge("Storage above the included", DMS, f"storage-{zone}", "gp2", above)
    credits = r.stated("monthly_surplus_cpu_credit_hours")
    if credits is not None and family.startswith("t"):
        r.charge("Surplus CPU credits", DMS, "cpu-credits", family, credits)
    if r.flag("publiclyAccessible"):
        r.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", r.hours())


@estimates("aws:transfer/server:Server")
def transfer(r: Subject) -> None:
    """Every protocol is billed while the server exists, stopped or not; SFTP alone is the default."""
    for protocol in r.texts("protocols") or ["SFTP"]:
        r.charge(f"{protocol} endpoint", "AWSTransfer", "endpoint", protocol.lower(), r.hours())
    r.charge("Data uploaded", "AWSTransfer", "data", "upload", r.usage("monthly_upload_gb", 0, 10, 100))
    r.charge("Data downloaded", "AWSTransfer", "data", "download", r.usage("monthly_download_gb", 0, 10, 100))


@estimates("aws:directoryservice/directory:Directory")
def directory(r: Subject) -> None:
    """Two domain controllers at least. Without words Simple AD is made, a small one, or Microsoft AD in its
    Enterprise edition (the provider's defaults).
    """
    kind = r.text("type", "SimpleAD")
    if kind == "MicrosoftAD":
        key = f"microsoft-ad-{r.text('edition', 'Enterprise').lower()}"
        controllers = r.number("desiredNumberOfDomainControllers", 2)
    else:
        name = {"SimpleAD": "simple-ad", "ADConnector": "ad-connector"}.get(kind, kind.lower())
        key = f"{name}-{r.text('size', 'Small').lower()}"
        controllers = Decimal(2)
    r.charge(
        "Domain controllers",
        "AWSDirectoryService",
        "directory-per-controller",
        key,
        r.hours(),
        times=Range.of(controllers),
    )


@estimates("aws:workspaces/workspace:Workspace")
def workspace(r: Subject) -> None:
    """Always on (the default) it costs a month, with auto-stop a smaller one and its hours."""
    properties = r.part("workspaceProperties")
    bundle = r.text("bundleId")
    if properties.text("runningMode", "ALWAYS_ON") == "AUTO_STOP":
        r.charge("Auto-stop month", "AmazonWorkSpaces", "auto-stop-month", bundle, r.months())
        r.charge("Auto-stop hours", "AmazonWorkSpaces", "auto-stop-hour", bundle, r.hours())
    else:
        r.charge("Always-on month", "AmazonWorkSpaces", "always-on-month", bundle, r.months())
