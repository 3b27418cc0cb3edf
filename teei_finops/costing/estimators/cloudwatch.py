"""Amazon CloudWatch: alarms, dashboards, metric streams, canaries, log groups; VPC flow logs."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import MONTH_DAYS, UNKNOWN_UNTIL_DEPLOY, ZERO, Range, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.estimators.schedules import monthly_runs
from teei_finops.costing.inputs import Inputs

SERVICE = "AmazonCloudWatch"
HIGH_RESOLUTION_S = 60  # a shorter period is billed as high resolution; CloudWatch pricing page, 2026-10
BAND_METRICS = 3  # anomaly detection: the metric, the upper and the lower band; the same page
QUERIED_METRICS = (1, 5, 100)  # metrics that a Metrics Insights query analyses, of 10,000 at most
STREAMED_UPDATES = (0, 4_380_000, 43_800_000)  # 100 metrics, 1,000 at most, once a minute
LOG_GB = (0, 5, 50)
REQUEST_METRICS = 16
# Log data is stored compressed; the AWS Pricing Calculator assumes 15 % of the data ingested (2021-09).
COMPRESSED = Range(Decimal("0.15"), Decimal("0.15"), Decimal("0.5"), assumed=True)
NEVER_EXPIRES_MONTHS = Range(Decimal(1), Decimal(12), Decimal(36), assumed=True)
FLOW_DESTINATIONS = {
    "cloud-watch-logs": "vended-to-cloudwatch",
    "s3": "vended-to-s3",
    "kinesis-data-firehose": "vended-to-firehose",
}


@estimates("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(ctx: EstimationContext) -> None:
    """Each metric of the alarm, by resolution; an anomaly detection alarm counts as three."""
    queries = ctx.items("metricQueries")
    queried = [query.part("metric") for query in queries if query.has("metric")]
    periods = [_period(metric, 300) for metric in queried] or [_period(ctx, 300)]
    metrics = max(len(queried), 1)
    expressions = [query.text("expression", "").strip() for query in queries]
    if any("ANOMALY_DETECTION_BAND" in text for text in expressions):
        metrics += BAND_METRICS - 1
    selects = sum(text.upper().startswith("SELECT") for text in expressions)
    if selects:
        analysed = ctx.months() * Range(*(Decimal(n) for n in QUERIED_METRICS), assumed=True) * selects
        ctx.charge("Metrics of Metrics Insights", SERVICE, "alarms", "metrics-insights", analysed)
        ctx.note("the number of metrics of its query is assumed")
        if not queried:
            return
    key = "high-resolution" if min(periods) < HIGH_RESOLUTION_S else "standard"
    allowance = "alarms-standard-resolution" if key == "standard" else None
    ctx.charge(f"Alarm metrics, {key}", SERVICE, "alarms", key, ctx.months() * metrics, allowance=allowance)


def _period(metric: Inputs, default: int) -> Decimal:
    return metric.number("period", default)


@estimates("aws:cloudwatch/compositeAlarm:CompositeAlarm")
def composite_alarm(ctx: EstimationContext) -> None:
    ctx.charge("Composite alarm", SERVICE, "alarms", "composite", ctx.months())


@estimates("aws:cloudwatch/dashboard:Dashboard")
def dashboard(ctx: EstimationContext) -> None:
    """List price; `aws_free_allowances.csv` does not have the three free dashboards of an account."""
    ctx.charge("Dashboard", SERVICE, "dashboards", "dashboard", 1)


@estimates("aws:cloudwatch/metricStream:MetricStream")
def metric_stream(ctx: EstimationContext) -> None:
    updates = ctx.usage("monthly_metric_updates", *STREAMED_UPDATES)
    ctx.charge("Metric updates", SERVICE, "metrics", "metric-stream", updates)


@estimates("aws:synthetics/canary:Canary")
def canary(ctx: EstimationContext) -> None:
    """Scheduled runs; its function and its bucket are billed separately."""
    runs = ctx.from_usage("monthly_runs")
    if runs is None:
        expression = ctx.text("schedule.expression")
        fires = monthly_runs(expression)
        if fires is None:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, f"schedule.expression {expression!r} cannot be read")
        runs = Range.of(fires)
    ctx.charge("Canary runs", SERVICE, "synthetics", "canary-run", runs)


@estimates("aws:cloudwatch/logGroup:LogGroup")
def log_group(ctx: EstimationContext) -> None:
    """Ingestion by log class, and compressed storage for the retention period."""
    kind = ctx.text("logGroupClass", "STANDARD")
    ingested = ctx.usage("monthly_ingested_gb", *LOG_GB)
    key = {"STANDARD": "ingest-standard", "INFREQUENT_ACCESS": "ingest-infrequent-access"}.get(
        kind, f"ingest-{kind.lower()}"
    )
    ctx.charge(f"Log data ingested, {kind}", SERVICE, "logs", key, ingested, allowance="logs-ingest")
    stored = ctx.from_usage("storage_gb")
    if stored is None:
        days = ctx.number("retentionInDays", 0)
        months = Range.of(days / MONTH_DAYS) if days > ZERO else NEVER_EXPIRES_MONTHS
        stored = ingested * months * COMPRESSED
        if days <= ZERO:
            ctx.note("its log events never expire: storage grows; a year of data is expected")
    ctx.charge("Log data stored", SERVICE, "logs", "storage", stored, allowance="logs-storage")
    charge_from_usage(ctx, "monthly_scanned_gb", "Log data queried", SERVICE, "logs", "insights-query")


@estimates("aws:ec2/flowLog:FlowLog")
def flow_log(ctx: EstimationContext) -> None:
    """Vended logs by destination; storage is billed on the log group or bucket."""
    destination = ctx.text("logDestinationType", "cloud-watch-logs")
    data = ctx.usage("monthly_ingested_gb", *LOG_GB)
    key = FLOW_DESTINATIONS.get(destination, f"vended-to-{destination}")
    ctx.charge(f"Flow logs to {destination}", SERVICE, "logs", key, data)
    if ctx.text("destinationOptions.fileFormat", "plain-text") == "parquet":
        ctx.charge("Conversion to Parquet", SERVICE, "logs", "parquet-conversion", data)


@estimates("aws:cloudwatch/internetMonitor:InternetMonitor")
def internet_monitor(ctx: EstimationContext) -> None:
    """Each monitored resource by the hour; city-networks above the first 100 from usage."""
    if ctx.text("status", "ACTIVE") == "ACTIVE":
        resources = ctx.count("resources")
        ctx.charge("Monitored resources", SERVICE, "internet-monitor", "resource", ctx.hours() * resources)


@estimates("aws:cloudwatch/logMetricFilter:LogMetricFilter")
def log_metric_filter(ctx: EstimationContext) -> None:
    """Its metric is a custom one, and one more for each combination of dimension values
    (https://aws.amazon.com/cloudwatch/pricing/, 2026-10).
    """
    metrics = ctx.from_usage("average_metrics")
    if metrics is None:
        by_dimension = ctx.part("metricTransformation").has("dimensions")
        metrics = ctx.usage("average_metrics", 1, 10, 100) if by_dimension else Range.of(1)
    charge_custom_metrics(ctx, metrics)


@estimates("aws:s3/bucketMetric:BucketMetric")
def request_metrics(ctx: EstimationContext) -> None:
    """Request metrics of a bucket are custom metrics: 16 at most, those without requests are not billed
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html, 2026-10).
    """
    charge_custom_metrics(ctx, ctx.usage("average_metrics", 1, REQUEST_METRICS, REQUEST_METRICS))


def charge_custom_metrics(ctx: EstimationContext, metrics: Range) -> None:
    ctx.charge("Custom metrics", SERVICE, "metrics", "custom-metric", metrics, allowance="metrics")
