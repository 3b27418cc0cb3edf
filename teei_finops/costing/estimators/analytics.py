"""Glue, Athena, Managed Prometheus and Grafana, Bedrock provisioned throughput."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated
from teei_finops.costing.estimators.schedules import monthly_runs

# DPUs of a worker type, and what a job has when the program names neither; Glue developer guide, 2026-10.
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
def glue_job(r: Subject) -> None:
    """DPU-hours; without a statement, the job's DPUs for half an hour a day."""
    command = r.text("command.name", "glueetl")
    dpu_hours = r.stated("monthly_dpu_hours")
    if dpu_hours is None:
        dpu_hours = JOB_HOURS * _dpus(r, command)
    key = "job-flex" if r.text("executionClass", "STANDARD") == "FLEX" else "job"
    if command == "glueray":
        key = "ray-job"
    r.charge(f"DPU-hours, {key}", "AWSGlue", "etl", key, dpu_hours)


def _dpus(r: Subject, command: str) -> Decimal:
    if r.has("maxCapacity"):
        return r.number("maxCapacity")
    if r.has("numberOfWorkers"):
        return r.number("numberOfWorkers") * WORKER_DPUS.get(r.text("workerType", "G.1X"), Decimal(1))
    return SHELL_DPUS if command == "pythonshell" else SPARK_DPUS


@estimates("aws:glue/crawler:Crawler")
def glue_crawler(r: Subject) -> None:
    """DPU-hours; without a statement, two DPUs for each run that its schedule gives, or one run a day."""
    dpu_hours = r.stated("monthly_dpu_hours")
    if dpu_hours is None:
        runs = monthly_runs(r.text("schedule", "")) or Decimal(30)
        dpu_hours = CRAWL_HOURS * CRAWL_DPUS * runs
    r.charge("Crawler DPU-hours", "AWSGlue", "catalog", "crawler", dpu_hours)


@estimates("aws:glue/catalogDatabase:CatalogDatabase")
def glue_catalog(r: Subject) -> None:
    """List price; the first million objects and requests of an account are not in the allowances on file."""
    stored = r.usage("stored_objects", 100, 1_000, 100_000)
    r.charge("Objects stored", "AWSGlue", "catalog", "object-storage", stored)
    requests = r.usage("monthly_requests", 0, 100_000, 1_000_000)
    r.charge("Requests", "AWSGlue", "catalog", "requests", requests)


@estimates("aws:athena/workgroup:Workgroup")
def athena_workgroup(r: Subject) -> None:
    """Data scanned by SQL; DPU-hours of a Spark workgroup, or of provisioned capacity when stated."""
    if r.text("state", "ENABLED") == "DISABLED":
        return
    spark = "spark" in r.text("configuration.engineVersion.selectedEngineVersion", "").lower()
    hours = r.stated("monthly_dpu_hours")
    if spark:
        hours = hours or r.usage("monthly_dpu_hours", 0, 10, 100)
        r.charge("Spark DPU-hours", "AmazonAthena", "spark", "dpu", hours)
        charge_stated(r, "monthly_scanned_tb", "Data scanned", "AmazonAthena", "sql", "data-scanned")
        return
    scanned = r.usage("monthly_scanned_tb", 0, Decimal("0.1"), 1)
    r.charge("Data scanned", "AmazonAthena", "sql", "data-scanned", scanned)
    if hours is not None:
        r.charge("Provisioned DPU-hours", "AmazonAthena", "provisioned", "dpu", hours)


@estimates("aws:amp/workspace:Workspace")
def prometheus_workspace(r: Subject) -> None:
    """Samples ingested, stored and queried; no source in the price book names a Region for them."""
    service = "AmazonPrometheus"
    charge_stated(r, "storage_gb", "Metric storage", service, "workspace", "storage")
    charge_stated(r, "monthly_query_samples", "Samples queried", service, "workspace", "samples-queried")
    samples = r.usage("monthly_samples", 0, 100_000_000, 1_000_000_000)
    r.charge("Samples ingested", service, "workspace", "samples-ingested", samples)


@estimates("aws:grafana/workspace:Workspace")
def grafana_workspace(r: Subject) -> None:
    editors = r.usage("active_editors", 1, 1, 5)
    r.charge("Active editors", "AmazonGrafana", "users", "editor", editors)
    viewers = r.usage("active_viewers", 0, 5, 20)
    r.charge("Active viewers", "AmazonGrafana", "users", "viewer", viewers)


@estimates("aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput")
def provisioned_model(r: Subject) -> None:
    """Model units by the hour; no model has a price on file."""
    model = r.text("modelArn").rpartition("/")[2]
    commitment = r.text("commitmentDuration", "none")
    hours = r.hours() * r.number("modelUnits")
    r.charge(f"Model units, {model}", "AmazonBedrock", f"provisioned-{commitment.lower()}", model, hours)
