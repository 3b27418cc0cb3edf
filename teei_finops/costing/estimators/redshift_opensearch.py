"""Analytical and time-series stores: Amazon Redshift, OpenSearch Service, Timestream for InfluxDB."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from teei_finops.costing.amounts import HOURS, NOTHING, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.database_instances import charge_public_address
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.estimators.support_windows import support_of
from teei_finops.costing.inputs import Inputs

OPENSEARCH = "AmazonES"


@estimates("aws:redshift/cluster:Cluster")
def redshift(ctx: EstimationContext) -> None:
    """Nodes by the hour (two clusters' worth when Multi-AZ), managed storage of RA3 nodes, Spectrum."""
    kind = ctx.text("nodeType")
    copies = 2 if ctx.flag("multiAz") else 1
    nodes = ctx.number("numberOfNodes", 1) * copies
    ctx.charge(f"{kind} nodes", "AmazonRedshift", "node", kind, ctx.hours(), times=Range.of(nodes))
    stored = ctx.usage("managed_storage_gb", 0, 100, 1_000)
    if kind.startswith("ra3"):
        ctx.charge("Managed storage", "AmazonRedshift", "storage", "managed-storage-ra3", stored)
    charge_from_usage(
        ctx,
        "monthly_concurrency_scaling_node_seconds",
        "Concurrency scaling",
        "AmazonRedshift",
        "concurrency-scaling",
        kind,
    )
    scanned = ctx.from_usage("monthly_spectrum_scanned_tb") or NOTHING
    ctx.charge("Spectrum data scanned", "AmazonRedshift", "spectrum", "data-scanned", scanned)


@estimates("aws:redshiftserverless/workgroup:Workgroup")
def redshift_serverless(ctx: EstimationContext) -> None:
    """RPU-hours while queries run: assumed up to all hours at the base capacity (128 when not set, AWS's
    default), expected a tenth of them. Storage is billed as managed storage (Redshift pricing page, 2026-10).
    """
    base = ctx.number("baseCapacity", 128) * HOURS
    used = ctx.usage("monthly_rpu_hours", 0, base / 10, base)
    ctx.charge("Processing units", "AmazonRedshift", "serverless", "rpu", used)
    stored = ctx.usage("managed_storage_gb", 0, 100, 1_000)
    ctx.charge("Managed storage", "AmazonRedshift", "storage", "managed-storage-ra3", stored)


@estimates("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain")
def opensearch(ctx: EstimationContext) -> None:
    """Data, master, warm and coordinator nodes by the hour, and the EBS volume of every data node.

    The types of the older `elasticsearch` resource end in `.elasticsearch` and have the same prices.
    """
    config = ctx.part("clusterConfig")
    kind = config.text("instanceType", "m4.large.search")
    nodes = config.number("instanceCount", 1)
    _nodes(ctx, "Data nodes", kind, nodes)
    if config.flag("dedicatedMasterEnabled"):
        masters = config.number("dedicatedMasterCount", 3)
        _nodes(ctx, "Dedicated master nodes", config.text("dedicatedMasterType"), masters)
    if config.flag("warmEnabled"):
        _nodes(ctx, "UltraWarm nodes", config.text("warmType"), config.number("warmCount"))
        ctx.note("UltraWarm's managed storage is not in this figure")
    for option in config.items("nodeOptions"):
        node = option.part("nodeConfig")
        if node.flag("enabled"):
            _nodes(ctx, f"{option.text('nodeType')} nodes", node.text("type"), node.number("count"))
    if config.flag("coldStorageOptions.enabled"):
        ctx.note("cold storage is not in this figure")
    if ctx.flag("ebsOptions.ebsEnabled", ctx.has("ebsOptions.volumeSize")):
        _volumes(ctx, ctx.part("ebsOptions"), Range.of(nodes))
    _extended_support(ctx, kind, nodes)


def _nodes(ctx: EstimationContext, what: str, kind: str, count: Decimal) -> None:
    kind = _search_type(kind)
    ctx.charge(f"{what}, {kind}", OPENSEARCH, "instance", kind, ctx.hours(), times=Range.of(count))


def _search_type(kind: str) -> str:
    return kind.replace(".elasticsearch", ".search")


def _volumes(ctx: EstimationContext, ebs: Inputs, nodes: Range) -> None:
    """gp3 includes 3,000 IOPS for each TiB begun, and 125 MiB/s, above 170 GiB 250 for each 3 TiB begun
    (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html, 2026-10). The
    provider's default type is gp2.
    """
    kind = ebs.text("volumeType", "gp2")
    size = ebs.number("volumeSize", 10)
    ctx.charge(f"{kind} storage", OPENSEARCH, "storage", kind, size, times=nodes)
    if kind == "gp3":
        tebibytes = max((size / 1024).to_integral_value(ROUND_CEILING), Decimal(1))
        iops = max(ebs.number("iops", 0) - 3_000 * tebibytes, Decimal(0))
        ctx.charge("gp3 IOPS above included", OPENSEARCH, "storage", "gp3-iops", iops, times=nodes)
        stripes = max((size / (3 * 1024)).to_integral_value(ROUND_CEILING), Decimal(1))
        included = 125 if size <= 170 else 250 * stripes
        speed = max(ebs.number("throughput", 0) - included, Decimal(0))
        ctx.charge(
            "gp3 throughput above included", OPENSEARCH, "storage", "gp3-throughput", speed, times=nodes
        )
    elif kind in ("io1", "io2"):
        ctx.charge(f"{kind} IOPS", OPENSEARCH, "storage", f"{kind}-iops", ebs.number("iops"), times=nodes)


def _extended_support(ctx: EstimationContext, kind: str, nodes: Decimal) -> None:
    """Billed by normalized instance-hour once a version's standard support has ended."""
    version = ctx.text("engineVersion", "")
    if ctx.type == "aws:elasticsearch/domain:Domain":
        version = f"Elasticsearch_{ctx.text('elasticsearchVersion', '1.5')}"
    if not version:
        ctx.note("no engine version is set: the newest one assumed, in standard support")
        return
    component = "elasticsearch" if version.lower().startswith("elasticsearch") else "opensearch"
    if support_of(ctx, OPENSEARCH, component, version).extended:
        ctx.charge_option(
            "Extended support",
            OPENSEARCH,
            "extended-support",
            _search_type(kind),
            ctx.hours(),
            times=Range.of(nodes),
        )


@estimates("aws:opensearch/serverlessCollection:ServerlessCollection")
def opensearch_serverless(ctx: EstimationContext) -> None:
    """The minimum is half a unit each for indexing and search, twice with standby replicas, which are on by
    default (OpenSearch Service pricing page, 2026-10). Collections with the same key share their units.
    """
    standby = ctx.text("standbyReplicas", "ENABLED") == "ENABLED"
    least = Decimal(2) if standby else Decimal(1)
    units = ctx.from_usage("average_ocu") or Range.of(least)
    if ctx.from_usage("average_ocu") is None:
        ctx.note("the minimum of compute units is billed; collections with the same key share it")
    ctx.charge("Compute units", OPENSEARCH, "serverless", "ocu", units * ctx.hours())
    ctx.charge("Storage", OPENSEARCH, "serverless", "storage", ctx.usage("storage_gb", 0, 10, 100))


@estimates("aws:timestreaminfluxdb/dbInstance:DbInstance")
def influxdb(ctx: EstimationContext) -> None:
    """Single-AZ and 3,000 included IOPS are the provider's defaults."""
    standby = ctx.text("deploymentType", "SINGLE_AZ") == "WITH_MULTIAZ_STANDBY"
    zone = "multi-az" if standby else "single-az"
    kind = ctx.text("dbInstanceType")
    ctx.charge(f"{kind}, {zone}", "AmazonTimestream", f"influxdb-{zone}", kind, ctx.hours())
    tier = ctx.text("dbStorageType", "InfluxIOIncludedT1")
    included = {"InfluxIOIncludedT1": "3k", "InfluxIOIncludedT2": "12k", "InfluxIOIncludedT3": "16k"}
    key = f"iops-included-{included.get(tier, tier)}"
    size = ctx.number("allocatedStorage")
    ctx.charge("Storage", "AmazonTimestream", f"influxdb-storage-{zone}", key, size)
    charge_public_address(ctx, ctx.hours())
