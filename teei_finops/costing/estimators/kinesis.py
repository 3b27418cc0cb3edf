"""Kinesis data streams and their consumers, Data Firehose, Managed Service for Apache Flink."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from teei_finops.costing.amounts import HOURS, UNKNOWN_UNTIL_DEPLOY, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

SERVICE, FLINK = "AmazonKinesis", "AmazonKinesisAnalytics"
STREAM = "aws:kinesis/stream:Stream"
STORAGE_GB_PER_UNIT = 50
DATA_GB = (1, 10, 100)
UNITS_PER_SHARD = (0, 10_000_000, 100_000_000)  # of 2.6 billion that a shard takes in a month
DAY, WEEK = 24, 168  # hours of retention that are included, and that the extended rate covers


@estimates("aws:kinesis/stream:Stream")
def stream(ctx: EstimationContext) -> None:
    if ctx.text("streamModeDetails.streamMode", "PROVISIONED") == "ON_DEMAND":
        _on_demand(ctx)
    else:
        _provisioned(ctx)


def _provisioned(ctx: EstimationContext) -> None:
    shards = ctx.number("shardCount")
    ctx.charge("Shard hours", SERVICE, "provisioned", "shard", ctx.hours() * shards)
    units = ctx.from_usage("monthly_put_payload_units")
    if units is None:
        units = ctx.usage("monthly_put_payload_units", *UNITS_PER_SHARD) * shards
    ctx.charge("PUT payload units", SERVICE, "provisioned", "put-payload-units", units)
    retention = ctx.number("retentionPeriod", DAY)
    if retention > DAY:
        ctx.charge(
            "Retention up to 7 days", SERVICE, "provisioned", "extended-retention-7d", ctx.hours() * shards
        )
    _long_term(ctx, "provisioned", retention)
    charge_from_usage(
        ctx,
        "monthly_long_term_retrieval_gb",
        "Data read after 7 days",
        SERVICE,
        "provisioned",
        "long-term-retrieval",
    )
    charge_from_usage(ctx, "monthly_efo_data_gb", "Enhanced fan-out data", SERVICE, "provisioned", "efo-data")
    charge_from_usage(
        ctx,
        "monthly_efo_consumer_shard_hours",
        "Enhanced fan-out consumers",
        SERVICE,
        "provisioned",
        "efo-consumer-shard",
    )


def _on_demand(ctx: EstimationContext) -> None:
    ctx.charge("Stream hours", SERVICE, "on-demand", "stream", ctx.hours())
    data_in = ctx.usage("monthly_data_in_gb", *DATA_GB)
    ctx.charge("Data in", SERVICE, "on-demand", "ingest", data_in)
    data_out = ctx.from_usage("monthly_data_out_gb")
    if data_out is None:
        data_out = Range(data_in.low, data_in.expected, data_in.high * 2, assumed=True)
        ctx.note("one consumer assumed to read the stream, two at most; set monthly_data_out_gb")
    ctx.charge("Data out", SERVICE, "on-demand", "retrieval", data_out)
    retention = ctx.number("retentionPeriod", DAY)
    extended = ctx.from_usage("extended_retention_gb")
    if extended is None:
        extended = data_in * (max(min(retention, Decimal(WEEK)) - DAY, Decimal(0)) / HOURS)
    ctx.charge("Retention up to 7 days", SERVICE, "on-demand", "extended-retention", extended)
    _long_term(ctx, "on-demand", retention)
    charge_from_usage(
        ctx, "monthly_efo_data_gb", "Enhanced fan-out data", SERVICE, "on-demand", "efo-retrieval"
    )


def _long_term(ctx: EstimationContext, family: str, retention: Decimal) -> None:
    """Data stored beyond 7 days; without usage, the data in for the retention period."""
    stored = ctx.from_usage("long_term_retention_gb")
    if stored is None and retention > WEEK:
        stored = ctx.usage("monthly_data_in_gb", *DATA_GB) * ((retention - WEEK) / HOURS)
    if stored is not None:
        ctx.charge("Retention after 7 days", SERVICE, family, "long-term-retention", stored)


@estimates("aws:kinesis/streamConsumer:StreamConsumer")
def stream_consumer(ctx: EstimationContext) -> None:
    """An enhanced fan-out consumer by shard-hour; the data that it reads is billed on the stream."""
    source = ctx.related("streamArn", STREAM)
    if source is None:
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "streamArn: the stream is not in the preview")
    if source.text("streamModeDetails.streamMode", "PROVISIONED") == "ON_DEMAND":
        ctx.note("an on-demand stream bills enhanced fan-out by data only")
        return
    hours = ctx.hours() * source.number("shardCount")
    ctx.charge("Enhanced fan-out consumer", SERVICE, "provisioned", "efo-consumer-shard", hours)


@estimates("aws:kinesisanalyticsv2/application:Application")
def flink(ctx: EstimationContext) -> None:
    """Processing units (parallelism by parallelism of a unit, at least one), 50 GB of storage each, and one
    unit more for orchestration; billed while the application runs
    (https://aws.amazon.com/managed-service-apache-flink/pricing/, 2026-10).
    """
    settings = ctx.part("applicationConfiguration").part("flinkApplicationConfiguration")
    parallelism = settings.part("parallelismConfiguration")
    least = parallelism.number("parallelism", 1).max(Decimal(1))
    units = (least / parallelism.number("parallelismPerKpu", 1).max(Decimal(1))).to_integral_value(
        ROUND_CEILING
    )
    hours = ctx.hours()
    if not ctx.flag("startApplication"):
        ctx.note("not started by the program: billed as if it runs all month; set monthly_hours")
    family = "flink" if not ctx.text("runtimeEnvironment").startswith("SQL") else "sql"
    ctx.charge("Processing units", FLINK, family, "kpu", hours * units)
    if family == "flink":
        ctx.charge("Orchestration", FLINK, family, "orchestration-kpu", hours)
        stored = hours / HOURS * units * STORAGE_GB_PER_UNIT
        ctx.charge("Running storage", FLINK, family, "running-storage", stored)


@estimates("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
def firehose(ctx: EstimationContext) -> None:
    """Ingested and converted data; the price book has no price for either."""
    ingested = ctx.usage("monthly_ingested_gb", *DATA_GB)
    converted = ctx.from_usage("monthly_format_converted_gb")
    if converted is None and ctx.flag(
        "extendedS3Configuration.dataFormatConversionConfiguration.enabled",
        ctx.has("extendedS3Configuration.dataFormatConversionConfiguration"),
    ):
        converted = ingested
    ctx.charge("Data ingested", "AmazonKinesisFirehose", "delivery", "ingest", ingested)
    if converted is not None:
        ctx.charge("Data converted", "AmazonKinesisFirehose", "delivery", "format-conversion", converted)
