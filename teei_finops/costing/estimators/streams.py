"""Kinesis data streams and Data Firehose."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated

SERVICE = "AmazonKinesis"
DATA_GB = (1, 10, 100)
UNITS_PER_SHARD = (0, 10_000_000, 100_000_000)  # of 2.6 billion that a shard takes in a month
DAY, WEEK = 24, 168  # hours of retention that are included, and that the extended rate covers


@estimates("aws:kinesis/stream:Stream")
def stream(r: Subject) -> None:
    if r.text("streamModeDetails.streamMode", "PROVISIONED") == "ON_DEMAND":
        _on_demand(r)
    else:
        _provisioned(r)


def _provisioned(r: Subject) -> None:
    shards = r.number("shardCount")
    r.charge("Shard hours", SERVICE, "provisioned", "shard", r.hours() * shards)
    units = r.stated("monthly_put_payload_units")
    if units is None:
        units = r.usage("monthly_put_payload_units", *UNITS_PER_SHARD) * shards
    r.charge("PUT payload units", SERVICE, "provisioned", "put-payload-units", units)
    kept = r.number("retentionPeriod", DAY)
    if kept > DAY:
        r.charge(
            "Retention up to 7 days", SERVICE, "provisioned", "extended-retention-7d", r.hours() * shards
        )
    _long_term(r, "provisioned", kept)
    charge_stated(
        r,
        "monthly_long_term_retrieval_gb",
        "Data read after 7 days",
        SERVICE,
        "provisioned",
        "long-term-retrieval",
    )
    charge_stated(r, "monthly_efo_data_gb", "Enhanced fan-out data", SERVICE, "provisioned", "efo-data")
    charge_stated(
        r,
        "monthly_efo_consumer_shard_hours",
        "Enhanced fan-out consumers",
        SERVICE,
        "provisioned",
        "efo-consumer-shard",
    )


def _on_demand(r: Subject) -> None:
    r.charge("Stream hours", SERVICE, "on-demand", "stream", r.hours())
    data_in = r.usage("monthly_data_in_gb", *DATA_GB)
    r.charge("Data in", SERVICE, "on-demand", "ingest", data_in)
    data_out = r.stated("monthly_data_out_gb")
    if data_out is None:
        data_out = Range(data_in.low, data_in.expected, data_in.high * 2, assumed=True)
        r.note("one consumer assumed to read the stream, two at most; state monthly_data_out_gb")
    r.charge("Data out", SERVICE, "on-demand", "retrieval", data_out)
    kept = r.number("retentionPeriod", DAY)
    extended = r.stated("extended_retention_gb")
    if extended is None:
        extended = data_in * (max(min(kept, Decimal(WEEK)) - DAY, Decimal(0)) / HOURS)
    r.charge("Retention up to 7 days", SERVICE, "on-demand", "extended-retention", extended)
    _long_term(r, "on-demand", kept)
    charge_stated(r, "monthly_efo_data_gb", "Enhanced fan-out data", SERVICE, "on-demand", "efo-retrieval")


def _long_term(r: Subject, family: str, kept: Decimal) -> None:
    """Data kept beyond 7 days; without a statement, what the retention keeps of the data that comes in."""
    stored = r.stated("long_term_retention_gb")
    if stored is None and kept > WEEK:
        stored = r.usage("monthly_data_in_gb", *DATA_GB) * ((kept - WEEK) / HOURS)
    if stored is not None:
        r.charge("Retention after 7 days", SERVICE, family, "long-term-retention", stored)


@estimates("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
def firehose(r: Subject) -> None:
    """Ingested and converted data; no source in the price book names a Region for either."""
    ingested = r.usage("monthly_ingested_gb", *DATA_GB)
    converted = r.stated("monthly_format_converted_gb")
    if converted is None and r.flag(
        "extendedS3Configuration.dataFormatConversionConfiguration.enabled",
        r.has("extendedS3Configuration.dataFormatConversionConfiguration"),
    ):
        converted = ingested
    r.charge("Data ingested", "AmazonKinesisFirehose", "delivery", "ingest", ingested)
    if converted is not None:
        r.charge("Data converted", "AmazonKinesisFirehose", "delivery", "format-conversion", converted)
