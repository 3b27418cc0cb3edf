"""Glue, Athena, Managed Prometheus and Grafana, Bedrock provisioned throughput."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.estimators.schedules import monthly_runs

# DPUs of a worker type, and the defaults of a job; Glue developer guide, 2026-10.
WORKER_DPUS = {
    "Standard": Decimal(1),
    "G.025X": Decimal("0.25"),
    "G.1X": Decimal(1),
    "G.2X": Decimal(2),
    "G.4X": Decimal(4),
    "G.8X": Decimal(8),
    "G.12X": Decimal(12),
    "G.16X": Decimal(16),
    "Z.2X": Decimal(2),
}
SPARK_DPUS, SHELL_DPUS = Decimal(10), Decimal("0.0625")
JOB_HOURS = Range(Decimal(0), Decimal(15), Decimal(150), assumed=True)  # half an hour a day, five at most
CRAWL_DPUS = 2
CRAWL_HOURS = Range(Decimal(10) / 60, Decimal(10) / 60, Decimal(1), assumed=True)  # 10 minutes are the least


@estimates("aws:glue/job:Job")
def glue_job(ctx: EstimationContext) -> None:
    """DPU-hours; without usage, the job's DPUs for half an hour a day."""
    command = ctx.text("command.name", "glueetl")
    dpu_hours = ctx.from_usage("monthly_dpu_hours")
    if dpu_hours is None:
        dpu_hours = JOB_HOURS * _dpus(ctx, command)
    key = "job-flex" if ctx.text("executionClass", "STANDARD") == "FLEX" else "job"
    if command == "glueray":
        key = "ray-job"
    ctx.charge(f"DPU-hours, {key}", "AWSGlue", "etl", key, dpu_hours)


def _dpus(ctx: EstimationContext, command: str) -> Decimal:
    if ctx.has("maxCapacity"):
        return ctx.number("maxCapacity")
    if ctx.has("numberOfWorkers"):
        return ctx.number("numberOfWorkers") * WORKER_DPUS.get(ctx.text("workerType", "G.1X"), Decimal(1))
    return SHELL_DPUS if command == "pythonshell" else SPARK_DPUS


@estimates("aws:glue/devEndpoint:DevEndpoint")
def glue_endpoint(ctx: EstimationContext) -> None:
    """Its DPUs while it exists; five nodes when their number is not set
    (https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-dev-endpoint.html, 2026-10).
    """
    if ctx.has("numberOfWorkers"):
        worker = ctx.text("workerType", "G.1X")
        nodes = ctx.number("numberOfWorkers") * WORKER_DPUS.get(worker, Decimal(1))
    else:
        nodes = ctx.number("numberOfNodes", 5)
    ctx.charge("Endpoint DPU-hours", "AWSGlue", "etl", "development-endpoint", ctx.hours() * nodes)


@estimates("aws:glue/crawler:Crawler")
def glue_crawler(ctx: EstimationContext) -> None:
    """DPU-hours; without usage, two DPUs for each scheduled run, or for one run a day."""
    dpu_hours = ctx.from_usage("monthly_dpu_hours")
    if dpu_hours is None:
        runs = monthly_runs(ctx.text("schedule", "")) or Decimal(30)
        dpu_hours = CRAWL_HOURS * CRAWL_DPUS * runs
    ctx.charge("Crawler DPU-hours", "AWSGlue", "catalog", "crawler", dpu_hours)


@estimates("aws:glue/catalogDatabase:CatalogDatabase")
def glue_catalog(ctx: EstimationContext) -> None:
    """List price; an account's free million objects and requests are not in `aws_free_allowances.csv`."""
    stored = ctx.usage("stored_objects", 100, 1_000, 100_000)
    ctx.charge("Objects stored", "AWSGlue", "catalog", "object-storage", stored)
    requests = ctx.usage("monthly_requests", 0, 100_000, 1_000_000)
    ctx.charge("Requests", "AWSGlue", "catalog", "requests", requests)


@estimates("aws:athena/workgroup:Workgroup")
def athena_workgroup(ctx: EstimationContext) -> None:
    """Data scanned by SQL; DPU-hours of a Spark workgroup, or of provisioned capacity from usage."""
    if ctx.text("state", "ENABLED") == "DISABLED":
        return
    spark = "spark" in ctx.text("configuration.engineVersion.selectedEngineVersion", "").lower()
    hours = ctx.from_usage("monthly_dpu_hours")
    if spark:
        hours = hours or ctx.usage("monthly_dpu_hours", 0, 10, 100)
        ctx.charge("Spark DPU-hours", "AmazonAthena", "spark", "dpu", hours)
        charge_from_usage(ctx, "monthly_scanned_tb", "Data scanned", "AmazonAthena", "sql", "data-scanned")
        return
    scanned = ctx.usage("monthly_scanned_tb", 0, Decimal("0.1"), 1)
    ctx.charge("Data scanned", "AmazonAthena", "sql", "data-scanned", scanned)
    if hours is not None:
        ctx.charge("Provisioned DPU-hours", "AmazonAthena", "provisioned", "dpu", hours)


@estimates("aws:athena/capacityReservation:CapacityReservation")
def athena_capacity(ctx: EstimationContext) -> None:
    """Its DPUs by the hour while the reservation exists, used or not."""
    hours = ctx.hours() * ctx.number("targetDpus")
    ctx.charge("Reserved DPU-hours", "AmazonAthena", "provisioned", "dpu", hours)


@estimates("aws:amp/workspace:Workspace")
def prometheus_workspace(ctx: EstimationContext) -> None:
    """Samples ingested, stored and queried; the price book has no price for them."""
    service = "AmazonPrometheus"
    charge_from_usage(ctx, "storage_gb", "Metric storage", service, "workspace", "storage")
    charge_from_usage(
        ctx, "monthly_query_samples", "Samples queried", service, "workspace", "samples-queried"
    )
    samples = ctx.usage("monthly_samples", 0, 100_000_000, 1_000_000_000)
    ctx.charge("Samples ingested", service, "workspace", "samples-ingested", samples)


@estimates("aws:grafana/workspace:Workspace")
def grafana_workspace(ctx: EstimationContext) -> None:
    editors = ctx.usage("active_editors", 1, 1, 5)
    ctx.charge("Active editors", "AmazonGrafana", "users", "editor", editors)
    viewers = ctx.usage("active_viewers", 0, 5, 20)
    ctx.charge("Active viewers", "AmazonGrafana", "users", "viewer", viewers)


@estimates("aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput")
def provisioned_model(ctx: EstimationContext) -> None:
    """Model units by the hour; the price book has no model's price."""
    model = ctx.text("modelArn").rpartition("/")[2]
    commitment = ctx.text("commitmentDuration", "none")
    hours = ctx.hours() * ctx.number("modelUnits")
    ctx.charge(f"Model units, {model}", "AmazonBedrock", f"provisioned-{commitment.lower()}", model, hours)
