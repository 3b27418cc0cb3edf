"""Brokers and workflow managers: Amazon MSK, Amazon MQ, Managed Workflows for Apache Airflow."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

INCLUDED_MIBPS = 250  # of provisioned storage throughput per broker; MSK pricing page, 2026-10
INCLUDED_SCHEDULERS = 2  # Airflow 2 runs two; MWAA pricing page, 2026-10


@estimates("aws:msk/cluster:Cluster")
def msk(ctx: EstimationContext) -> None:
    """Brokers by the hour, the volume of each, tiered storage."""
    brokers = Range.of(ctx.number("numberOfBrokerNodes"))
    info = ctx.part("brokerNodeGroupInfo")
    kind = info.text("instanceType")
    express = kind.startswith("express.")
    family = "express-broker" if express else "broker"
    ctx.charge(f"{kind} brokers", "AmazonMSK", family, kind, ctx.hours(), times=brokers)
    if express:
        ctx.note("storage and data in of express brokers are not in this figure")
    else:
        _volumes(ctx, brokers)
    tiered = ctx.text("storageMode", "LOCAL") == "TIERED"
    stored = ctx.usage("tiered_storage_gb", 0, *((100, 1_000) if tiered else (0, 0)))
    ctx.charge("Tiered storage", "AmazonMSK", "broker-storage", "tiered", stored)
    read = ctx.from_usage("monthly_tiered_retrieval_gb") or NOTHING
    ctx.charge("Tiered retrieval", "AmazonMSK", "broker-storage", "tiered-retrieval", read)


def _volumes(ctx: EstimationContext, brokers: Range) -> None:
    ebs = ctx.part("brokerNodeGroupInfo").part("storageInfo").part("ebsStorageInfo")
    if not ebs.has("volumeSize"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "brokerNodeGroupInfo.storageInfo: no volume size is set")
    size = ebs.number("volumeSize")
    ctx.charge("Broker storage", "AmazonMSK", "broker-storage", "gp2", size, times=brokers)
    provisioned = ebs.part("provisionedThroughput")
    if provisioned.flag("enabled"):
        above = max(provisioned.number("volumeThroughput", INCLUDED_MIBPS) - INCLUDED_MIBPS, Decimal(0))
        ctx.charge(
            "Provisioned throughput", "AmazonMSK", "broker-storage", "throughput", above, times=brokers
        )


@estimates("aws:msk/serverlessCluster:ServerlessCluster")
def msk_serverless(ctx: EstimationContext) -> None:
    """Assumed without usage: ten to a hundred partitions, up to 1 TB in and out, up to 100 GB stored."""
    for what, key, quantity in (
        ("Cluster", "cluster", ctx.hours()),
        ("Partitions", "partition", ctx.usage("monthly_partition_hours", 0, 7_300, 73_000)),
        ("Data in", "data-in", ctx.usage("monthly_data_in_gb", 0, 100, 1_000)),
        ("Data out", "data-out", ctx.usage("monthly_data_out_gb", 0, 100, 1_000)),
        ("Storage", "storage", ctx.usage("storage_gb", 0, 10, 100)),
    ):
        ctx.charge(what, "AmazonMSK", "serverless", key, quantity)


@estimates("aws:mskconnect/connector:Connector")
def msk_connector(ctx: EstimationContext) -> None:
    """MSK Connect units of its workers, from their minimum to their maximum where they scale."""
    capacity = ctx.part("capacity")
    fixed, scaled = capacity.part("provisionedCapacity"), capacity.part("autoscaling")
    if scaled.has("maxWorkerCount"):
        least = scaled.number("minWorkerCount", 1)
        workers = Range(least, least, max(scaled.number("maxWorkerCount"), least))
        units = workers * scaled.number("mcuCount", 1)
    else:
        units = Range.of(fixed.number("workerCount") * fixed.number("mcuCount", 1))
    ctx.charge("Connect units", "AmazonMSK", "connect", "mcu", ctx.hours() * units)


@estimates("aws:mq/broker:Broker")
def mq(ctx: EstimationContext) -> None:
    """A RabbitMQ cluster's price is for its three nodes. ActiveMQ stores its data on EFS unless the program
    says otherwise (Amazon MQ developer guide, 2026-10).
    """
    engine = ctx.text("engineType").lower()
    mode = ctx.text("deploymentMode", "SINGLE_INSTANCE").upper()
    modes = {
        "SINGLE_INSTANCE": "single",
        "ACTIVE_STANDBY_MULTI_AZ": "active-standby",
        "CLUSTER_MULTI_AZ": "cluster-3-node",
    }
    kind = ctx.text("hostInstanceType")
    family = f"{engine}-{modes.get(mode, mode.lower())}"
    ctx.charge(f"{kind} {family}", "AmazonMQ", family, kind, ctx.hours())
    disk = ctx.text("storageType", "efs" if engine == "activemq" else "ebs").lower()
    nodes = 3 if mode == "CLUSTER_MULTI_AZ" else 1
    ctx.charge(
        "Storage", "AmazonMQ", "storage", f"{engine}-{disk}", ctx.usage("storage_gb", 0, 20, 200 * nodes)
    )


@estimates("aws:mwaa/environment:Environment")
def mwaa(ctx: EstimationContext) -> None:
    """The environment includes one worker and two schedulers; mw1.small and ten workers at most are the
    defaults (MWAA user guide, 2026-10).
    """
    kind = ctx.text("environmentClass", "mw1.small")
    hours = ctx.hours()
    ctx.charge(f"{kind} environment", "AmazonMWAA", "environment", kind, hours)
    least = max(ctx.number("minWorkers", 1), Decimal(1))
    most = max(ctx.number("maxWorkers", 10), least)
    more = ctx.usage("average_additional_workers", Decimal(0), Decimal(0), most - least)
    workers = more + Range.of(least - 1)
    ctx.charge("Additional workers", "AmazonMWAA", "additional-worker", kind, hours * workers)
    schedulers = ctx.from_usage("average_additional_schedulers")
    if schedulers is None:
        above = ctx.number("schedulers", INCLUDED_SCHEDULERS) - INCLUDED_SCHEDULERS
        schedulers = Range.of(max(above, Decimal(0)))
    ctx.charge("Additional schedulers", "AmazonMWAA", "additional-scheduler", kind, hours * schedulers)
    stored = ctx.usage("metadata_storage_gb", 0, 1, 10)
    ctx.charge("Metadata database", "AmazonMWAA", "metadata-database", "storage", stored)
