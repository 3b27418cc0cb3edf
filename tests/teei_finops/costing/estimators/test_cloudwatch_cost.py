"""CloudWatch alarms, dashboards, streams, canaries and logs; flow logs."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    estimates_of,
    price,
    resource,
)

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
CANARY = "aws:synthetics/canary:Canary"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
STREAM = "aws:cloudwatch/metricStream:MetricStream"
NOTHING_MORE = {"storage_gb": 0, "monthly_scanned_gb": 0}


def cw(family: str, key: str, region: str = US, tier: int = 0) -> D:
    return price("AmazonCloudWatch", family, key, region, tier=tier)


def metric(name: str, **inputs: object) -> dict[str, object]:
    return {"id": name, "metric": {"metricName": name, "namespace": "Shop", "period": 60, **inputs}}


@pytest.mark.parametrize(
    ("inputs", "key", "metrics"),
    [
        ({"metricName": "CPUUtilization", "period": 300}, "standard", 1),
        ({"metricName": "CPUUtilization"}, "standard", 1),
        ({"metricName": "Errors", "period": 10}, "high-resolution", 1),
        ({"metricQueries": [metric("a"), metric("b"), {"id": "e", "expression": "a/b"}]}, "standard", 2),
        ({"metricQueries": [metric("a"), metric("b", period=30)]}, "high-resolution", 2),
        (
            {
                "thresholdMetricId": "band",
                "metricQueries": [
                    metric("a"),
                    {"id": "band", "expression": "ANOMALY_DETECTION_BAND(a)"},
                ],
            },
            "standard",
            3,
        ),
    ],
)
def test_an_alarm_bills_each_metric_by_resolution(inputs, key, metrics):
    it = estimate_of(ALARM, inputs, region=EU)
    assert it.state == "priced"
    assert amounts_by_name(it) == {f"Alarm metrics, {key}": metrics * cw("alarms", key, EU)}


def test_an_alarm_that_exists_for_a_part_of_the_month_is_prorated():
    it = estimate_of(ALARM, {"metricName": "Errors"}, usage={"monthly_hours": 73})
    assert dollars(it) == D("0.1") * cw("alarms", "standard")
    assert dollars(estimate_of(COMPOSITE, {}, usage={"monthly_hours": 365})) == D("0.5") * cw(
        "alarms", "composite"
    )


def test_a_metrics_insights_query_notes_that_its_metrics_are_assumed():
    it = estimate_of(ALARM, {"metricQueries": [{"id": "q", "expression": "SELECT MAX(CPU) FROM SCHEMA(x)"}]})
    assert dollars(it) == 5 * cw("alarms", "metrics-insights")
    assert it.after.assumed
    assert it.notes == ("the number of metrics of its query is assumed",)


def test_an_unknown_period_is_unpriced():
    assert estimate_of(ALARM, {"period": UNKNOWN}).reason == "value unknown until deploy: period"


def test_ten_standard_alarms_are_free_with_the_free_tier():
    alarms = [resource(ALARM, {"metricName": "Errors"}, name=f"alarm-{n}") for n in range(12)]
    estimates = estimates_of(*alarms, free_tier=True)
    assert [dollars(it) for it in estimates] == [0] * 10 + [cw("alarms", "standard")] * 2


def test_a_dashboard_has_the_same_price_in_every_region():
    for region in ("us-east-1", EU):
        assert amounts_by_name(estimate_of(DASHBOARD, {}, region=region)) == {"Dashboard": 3}


def test_a_metric_stream_bills_updates():
    it = estimate_of(STREAM, {}, usage={"monthly_metric_updates": 2_000_000})
    assert amounts_by_name(it) == {"Metric updates": 2_000 * cw("metrics", "metric-stream")}


def test_a_canary_is_billed_for_its_scheduled_runs():
    it = estimate_of(CANARY, {"schedule": {"expression": "rate(5 minutes)"}})
    assert amounts_by_name(it) == {"Canary runs": 8_760 * cw("synthetics", "canary-run")}
    assert dollars(estimate_of(CANARY, {}, usage={"monthly_runs": 100})) == 100 * cw(
        "synthetics", "canary-run"
    )
    odd = estimate_of(CANARY, {"schedule": {"expression": "often"}})
    assert odd.reason == "value unknown until deploy: schedule.expression 'often' cannot be read"


@pytest.mark.parametrize("region", [US, EU])
def test_a_log_group_bills_what_comes_in_what_stays_and_what_is_queried(region):
    usage = {"monthly_ingested_gb": 200, "storage_gb": 90, "monthly_scanned_gb": 1_000}
    assert amounts_by_name(estimate_of(LOG_GROUP, {}, region=region, usage=usage)) == {
        "Log data ingested, STANDARD": 200 * cw("logs", "ingest-standard", region),
        "Log data stored": 90 * cw("logs", "storage", region),
        "Log data queried": 1_000 * cw("logs", "insights-query", region),
    }


def test_the_class_of_a_log_group_decides_the_ingestion_rate():
    usage = {"monthly_ingested_gb": 100, **NOTHING_MORE}
    rare = estimate_of(LOG_GROUP, {"logGroupClass": "INFREQUENT_ACCESS"}, usage=usage)
    assert dollars(rare) == 100 * cw("logs", "ingest-infrequent-access")
    vended = estimate_of(LOG_GROUP, {"logGroupClass": "DELIVERY"}, usage=usage)
    assert vended.reason == "no price in this region: AmazonCloudWatch logs ingest-delivery in us-east-1"


def test_retention_decides_what_is_stored_compressed():
    usage = {"monthly_ingested_gb": 100}
    year = estimate_of(LOG_GROUP, {"retentionInDays": 365}, usage=usage)
    assert amounts_by_name(year)["Log data stored"] == 100 * 12 * D("0.15") * cw("logs", "storage")
    month = estimate_of(LOG_GROUP, {"retentionInDays": 30}, usage=usage)
    assert dollars(month) < dollars(year)
    for_ever = estimate_of(LOG_GROUP, {}, usage=usage)
    assert amounts_by_name(for_ever)["Log data stored"] == amounts_by_name(year)["Log data stored"]
    assert for_ever.after.high > year.after.high
    assert for_ever.notes == ("its log events never expire: storage grows; a year of data is expected",)


def test_log_allowances_cover_ingestion_and_storage():
    it = estimate_of(LOG_GROUP, {}, usage={"monthly_ingested_gb": 8, "storage_gb": 6}, free_tier=True)
    assert dollars(it) == 3 * cw("logs", "ingest-standard") + cw("logs", "storage")


def test_flow_logs_bill_vended_rates_by_destination():
    usage = {"monthly_ingested_gb": 11_240}
    to_logs = estimate_of(FLOW_LOG, {"trafficType": "ALL"}, usage=usage)
    assert dollars(to_logs) == 10_240 * cw("logs", "vended-to-cloudwatch") + 1_000 * cw(
        "logs", "vended-to-cloudwatch", tier=10_240
    )
    inputs = {"logDestinationType": "s3", "destinationOptions": {"fileFormat": "parquet"}}
    to_bucket = estimate_of(FLOW_LOG, inputs, usage={"monthly_ingested_gb": 10})
    assert dollars(to_bucket) == 10 * (cw("logs", "vended-to-s3") + cw("logs", "parquet-conversion"))
    to_firehose = estimate_of(FLOW_LOG, {"logDestinationType": "kinesis-data-firehose"})
    assert to_firehose.reason.startswith("no price in this region: AmazonCloudWatch logs vended-to-firehose")
