"""Analytical and time-series stores: Amazon Redshift, OpenSearch Service, Timestream for InfluxDB."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from teei_finops.costing.amounts import HOURS, NOTHING, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject, Values
from teei_finops.costing.estimators.support import support_of

OPENSEARCH = "AmazonES"


@estimates("aws:redshift/cluster:Cluster")
def redshift(r: Subject) -> None:
    """Nodes by the hour (two clusters' worth when Multi-AZ), managed storage of RA3 nodes, Spectrum."""
    kind = r.text("nodeType")
    copies = 2 if r.flag("multiAz") else 1
    nodes = r.number("numberOfNodes", 1) * copies
    r.charge(f"{kind} nodes", "AmazonRedshift", "node", kind, r.hours(), times=Range.of(nodes))
    stored = r.usage("managed_storage_gb", 0, 100, 1_000)
    if kind.startswith("ra3"):
        r.charge("Managed storage", "AmazonRedshift", "storage", "managed-storage-ra3", stored)
    scanned = r.stated("monthly_spectrum_scanned_tb") or NOTHING
    r.charge("Spectrum data scanned", "AmazonRedshift", "spectrum", "data-scanned", scanned)


@estimates("aws:redshiftserverless/workgroup:Workgroup")
def redshift_serverless(r: Subject) -> None:
    """RPU-hours while queries run: assumed up to all hours at the base capacity (128 when not set, AWS's
    default), expected a tenth of them. Storage is billed as managed storage (Redshift pricing page, 2026-10).
    """
    base = r.number("baseCapacity", 128) * HOURS
    used = r.usage("monthly_rpu_hours", 0, base / 10, base)
    r.charge("Processing units", "AmazonRedshift", "serverless", "rpu", used)
    stored = r.usage("managed_storage_gb", 0, 100, 1_000)
    r.charge("Managed storage", "AmazonRedshift", "storage", "managed-storage-ra3", stored)


@estimates("aws:opensearch/domain:Domain")
def opensearch(r: Subject) -> None:
    """Data, master, warm and coordinator nodes by the hour, and the EBS volume of every data node."""
    config = r.part("clusterConfig")
    kind = config.text("instanceType", "m4.large.search")
    nodes = config.number("instanceCount", 1)
    _nodes(r, "Data nodes", kind, nodes)
    if config.flag("dedicatedMasterEnabled"):
        masters = config.number("dedicatedMasterCount", 3)
        _nodes(r, "Dedicated master nodes", config.text("dedicatedMasterType"), masters)
    if config.flag("warmEnabled"):
        _nodes(r, "UltraWarm nodes", config.text("warmType"), config.number("warmCount"))
        r.note("UltraWarm's managed storage is not in this figure")
    for option in config.items("nodeOptions"):
        node = option.part("nodeConfig")
        if node.flag("enabled"):
            _nodes(r, f"{option.text('nodeType')} nodes", node.text("type"), node.number("count"))
    if config.flag("coldStorageOptions.enabled"):
        r.note("cold storage is not in this figure")
    if r.flag("ebsOptions.ebsEnabled", r.has("ebsOptions.volumeSize")):
        _volumes(r, r.part("ebsOptions"), Range.of(nodes))
    _extended_support(r, kind, nodes)


def _nodes(r: Subject, what: str, kind: str, count: Decimal) -> None:
    r.charge(f"{what}, {kind}", OPENSEARCH, "instance", kind, r.hours(), times=Range.of(count))


def _volumes(r: Subject, ebs: Values, nodes: Range) -> None:
    """gp3 includes 3,000 IOPS for each TiB begun, and 125 MiB/s, above 170 GiB 250 for each TiB begun
    (OpenSearch Service developer guide, EBS volume limits, 2026-10). The provider's default type is gp2.
    """
    kind = ebs.text("volumeType", "gp2")
    size = ebs.number("volumeSize", 10)
    r.charge(f"{kind} storage", OPENSEARCH, "storage", kind, size, times=nodes)
    if kind == "gp3":
        tebibytes = max((size / 1024).to_integral_value(ROUND_CEILING), Decimal(1))
        iops = max(ebs.number("iops", 0) - 3_000 * tebibytes, Decimal(0))
        r.charge("gp3 IOPS above included", OPENSEARCH, "storage", "gp3-iops", iops, times=nodes)
        included = 125 if size <= 170 else 250 * tebibytes
        speed = max(ebs.number("throughput", 0) - included, Decimal(0))
        r.charge("gp3 throughput above included", OPENSEARCH, "storage", "gp3-throughput", speed, times=nodes)
    elif kind in ("io1", "io2"):
        r.charge(f"{kind} IOPS", OPENSEARCH, "storage", f"{kind}-iops", ebs.number("iops"), times=nodes)


def _extended_support(r: Subject, kind: str, nodes: Decimal) -> None:
    """Billed by normalized instance-hour once a version's standard support has ended."""
    version = r.text("engineVersion", "")
    if not version:
        r.note("no engine version is set: the newest one assumed, in standard support")
        return
    component = "elasticsearch" if version.lower().startswith("elasticsearch") else "opensearch"
    if support_of(r, OPENSEARCH, component, version).extended:
        r.charge("Extended support", OPENSEARCH, "extended-support", kind, r.hours(), times=Range.of(nodes))


@estimates("aws:opensearch/serverlessCollection:ServerlessCollection")
def opensearch_serverless(r: Subject) -> None:
    """The least is half a unit each for indexing and search, twice with standby replicas, which are on by
    default (OpenSearch Service pricing page, 2026-10). Collections with the same key share their units.
    """
    standby = r.text("standbyReplicas", "ENABLED") == "ENABLED"
    least = Decimal(2) if standby else Decimal(1)
    units = r.stated("average_ocu") or Range.of(least)
    if r.stated("average_ocu") is None:
        r.note("the minimum of compute units is billed; collections with the same key share it")
    r.charge("Compute units", OPENSEARCH, "serverless", "ocu", units * r.hours())
    r.charge("Storage", OPENSEARCH, "serverless", "storage", r.usage("storage_gb", 0, 10, 100))


@estimates("aws:timestreaminfluxdb/dbInstance:DbInstance")
def influxdb(r: Subject) -> None:
    """Single-AZ and 3,000 included IOPS are the provider's defaults."""
    standby = r.text("deploymentType", "SINGLE_AZ") == "WITH_MULTIAZ_STANDBY"
    zone = "multi-az" if standby else "single-az"
    kind = r.text("dbInstanceType")
    r.charge(f"{kind}, {zone}", "AmazonTimestream", f"influxdb-{zone}", kind, r.hours())
    tier = r.text("dbStorageType", "InfluxIOIncludedT1")
    included = {"InfluxIOIncludedT1": "3k", "InfluxIOIncludedT2": "12k", "InfluxIOIncludedT3": "16k"}
    key = f"iops-included-{included.get(tier, tier)}"
    size = r.number("allocatedStorage")
    r.charge("Storage", "AmazonTimestream", f"influxdb-storage-{zone}", key, size)
    if r.flag("publiclyAccessible"):
        r.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", r.hours())
