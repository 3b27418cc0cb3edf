"""Brokers and workflow managers: Amazon MSK, Amazon MQ, Managed Workflows for Apache Airflow."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import NOTHING, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject

INCLUDED_MIBPS = 250  # of provisioned storage throughput per broker; MSK pricing page, 2026-10
INCLUDED_SCHEDULERS = 2  # Airflow 2 runs two; MWAA pricing page, 2026-10


@estimates("aws:msk/cluster:Cluster")
def msk(r: Subject) -> None:
    """Brokers by the hour, the volume of each, tiered storage."""
    brokers = Range.of(r.number("numberOfBrokerNodes"))
    info = r.part("brokerNodeGroupInfo")
    kind = info.text("instanceType")
    express = kind.startswith("express.")
    family = "express-broker" if express else "broker"
    r.charge(f"{kind} brokers", "AmazonMSK", family, kind, r.hours(), times=brokers)
    if express:
        r.note("what express brokers store and take in is not in this figure")
    else:
        _volumes(r, brokers)
    tiered = r.text("storageMode", "LOCAL") == "TIERED"
    stored = r.usage("tiered_storage_gb", 0, *((100, 1_000) if tiered else (0, 0)))
    r.charge("Tiered storage", "AmazonMSK", "broker-storage", "tiered", stored)
    read = r.stated("monthly_tiered_retrieval_gb") or NOTHING
    r.charge("Tiered retrieval", "AmazonMSK", "broker-storage", "tiered-retrieval", read)


def _volumes(r: Subject, brokers: Range) -> None:
    ebs = r.part("brokerNodeGroupInfo").part("storageInfo").part("ebsStorageInfo")
    if not ebs.has("volumeSize"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "brokerNodeGroupInfo.storageInfo: no volume size is set")
    size = ebs.number("volumeSize")
    r.charge("Broker storage", "AmazonMSK", "broker-storage", "gp2", size, times=brokers)
    provisioned = ebs.part("provisionedThroughput")
    if provisioned.flag("enabled"):
        above = max(provisioned.number("volumeThroughput", INCLUDED_MIBPS) - INCLUDED_MIBPS, Decimal(0))
        r.charge("Provisioned throughput", "AmazonMSK", "broker-storage", "throughput", above, times=brokers)


@estimates("aws:msk/serverlessCluster:ServerlessCluster")
def msk_serverless(r: Subject) -> None:
    """Assumed without usage: ten to a hundred partitions, up to 1 TB in and out, up to 100 GB kept."""
    for what, key, quantity in (
        ("Cluster", "cluster", r.hours()),
        ("Partitions", "partition", r.usage("monthly_partition_hours", 0, 7_300, 73_000)),
        ("Data in", "data-in", r.usage("monthly_data_in_gb", 0, 100, 1_000)),
        ("Data out", "data-out", r.usage("monthly_data_out_gb", 0, 100, 1_000)),
        ("Storage", "storage", r.usage("storage_gb", 0, 10, 100)),
    ):
        r.charge(what, "AmazonMSK", "serverless", key, quantity)


@estimates("aws:mq/broker:Broker")
def mq(r: Subject) -> None:
    """A RabbitMQ cluster's rows are for its three nodes. ActiveMQ keeps its data on EFS unless the program
    says otherwise (Amazon MQ developer guide, 2026-10).
    """
    engine = r.text("engineType").lower()
    mode = r.text("deploymentMode", "SINGLE_INSTANCE")
    modes = {
        "SINGLE_INSTANCE": "single",
        "ACTIVE_STANDBY_MULTI_AZ": "active-standby",
        "CLUSTER_MULTI_AZ": "cluster-3-node",
    }
    kind = r.text("hostInstanceType")
    family = f"{engine}-{modes.get(mode, mode.lower())}"
    r.charge(f"{kind} {family}", "AmazonMQ", family, kind, r.hours())
    disk = r.text("storageType", "efs" if engine == "activemq" else "ebs").lower()
    nodes = 3 if mode == "CLUSTER_MULTI_AZ" else 1
    r.charge("Storage", "AmazonMQ", "storage", f"{engine}-{disk}", r.usage("storage_gb", 0, 20, 200 * nodes))


@estimates("aws:mwaa/environment:Environment")
def mwaa(r: Subject) -> None:
    """The environment includes one worker and two schedulers; mw1.small and ten workers at most are the
    defaults (MWAA user guide, 2026-10).
    """
    kind = r.text("environmentClass", "mw1.small")
    hours = r.hours()
    r.charge(f"{kind} environment", "AmazonMWAA", "environment", kind, hours)
    least = max(r.number("minWorkers", 1), Decimal(1))
    most = max(r.number("maxWorkers", 10), least)
    more = r.usage("average_additional_workers", Decimal(0), Decimal(0), most - least)
    workers = more + Range.of(least - 1)
    r.charge("Additional workers", "AmazonMWAA", "additional-worker", kind, hours * workers)
    schedulers = r.stated("average_additional_schedulers")
    if schedulers is None:
        above = r.number("schedulers", INCLUDED_SCHEDULERS) - INCLUDED_SCHEDULERS
        schedulers = Range.of(max(above, Decimal(0)))
    r.charge("Additional schedulers", "AmazonMWAA", "additional-scheduler", kind, hours * schedulers)
    stored = r.usage("metadata_storage_gb", 0, 1, 10)
    r.charge("Metadata database", "AmazonMWAA", "metadata-database", "storage", stored)
