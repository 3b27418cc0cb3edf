"""Kinesis data streams and Data Firehose."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
STREAM = "aws:kinesis/stream:Stream"


def test_a_provisioned_stream_bills_shards_payload_units_and_usage():
    usage = {
        "monthly_put_payload_units": 500_000_000,
        "long_term_retention_gb": 40,
        "monthly_long_term_retrieval_gb": 5,
        "monthly_efo_data_gb": 6,
        "monthly_efo_consumer_shard_hours": 1_460,
    }
    it = estimate_of(STREAM, {"shardCount": 4, "retentionPeriod": 240}, usage=usage)

    def rate(key: str) -> D:
        return price("AmazonKinesis", "provisioned", key)

    assert amounts_by_name(it) == {
        "Shard hours": 4 * 730 * rate("shard"),
        "PUT payload units": 500 * rate("put-payload-units"),
        "Retention up to 7 days": 4 * 730 * rate("extended-retention-7d"),
        "Retention after 7 days": 40 * rate("long-term-retention"),
        "Data read after 7 days": 5 * rate("long-term-retrieval"),
        "Enhanced fan-out data": 6 * rate("efo-data"),
        "Enhanced fan-out consumers": 1_460 * rate("efo-consumer-shard"),
    }


def test_hours_scale_the_shards_and_a_day_of_retention_is_included():
    usage = {"monthly_hours": 73, "monthly_put_payload_units": 0}
    it = estimate_of(STREAM, {"shardCount": 2, "retentionPeriod": 24}, region=EU, usage=usage)
    assert amounts_by_name(it) == {"Shard hours": 146 * price("AmazonKinesis", "provisioned", "shard", EU)}


def test_an_on_demand_stream_keeps_what_comes_in_for_its_retention():
    usage = {"monthly_data_in_gb": 730, "monthly_data_out_gb": 1_460}
    inputs = {"streamModeDetails": {"streamMode": "ON_DEMAND"}, "retentionPeriod": 268}
    it = estimate_of(STREAM, inputs, usage=usage)

    def rate(key: str) -> D:
        return price("AmazonKinesis", "on-demand", key)

    assert amounts_by_name(it) == {
        "Stream hours": 730 * rate("stream"),
        "Data in": 730 * rate("ingest"),
        "Data out": 1_460 * rate("retrieval"),
        "Retention up to 7 days": 144 * rate("extended-retention"),
        "Retention after 7 days": 100 * rate("long-term-retention"),
    }


def test_an_unknown_number_of_shards_is_unpriced():
    assert estimate_of(STREAM, {"shardCount": UNKNOWN}).reason == "value unknown until deploy: shardCount"


def test_firehose_is_unpriced_unless_its_usage_is_zero():
    it = estimate_of(FIREHOSE, {"destination": "extended_s3"})
    assert it.reason == "no price in this region: AmazonKinesisFirehose delivery ingest in us-east-1"
    assert (
        dollars(estimate_of(FIREHOSE, {"destination": "extended_s3"}, usage={"monthly_ingested_gb": 0})) == 0
    )


def test_firehose_bills_data_format_conversion_where_it_is_enabled():
    def asked_for(inputs: dict[str, object], **usage: int) -> str:
        return estimate_of(FIREHOSE, inputs, usage={"monthly_ingested_gb": 5, **usage}).reason.partition(
            ": "
        )[2]

    conversion = {"dataFormatConversionConfiguration": {"enabled": True}}
    ingest = "AmazonKinesisFirehose delivery ingest in us-east-1"
    assert asked_for({"extendedS3Configuration": conversion}) == ingest
    converted = estimate_of(FIREHOSE, {}, usage={"monthly_ingested_gb": 0, "monthly_format_converted_gb": 5})
    assert converted.reason.endswith("AmazonKinesisFirehose delivery format-conversion in us-east-1")
    nothing = estimate_of(FIREHOSE, {"extendedS3Configuration": conversion}, usage={"monthly_ingested_gb": 0})
    assert dollars(nothing) == 0
