"""What RDS and Aurora instances have in common: extended support, insights, CPU credits, public addresses."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimation_context import EstimationContext, Inputs
from teei_finops.costing.estimators.support_windows import support_of
from teei_finops.costing.estimators.vcpus import vcpus
from teei_finops.costing.preview.values import is_unknown

RDS = "AmazonRDS"
FREE_INSIGHTS_DAYS = 7  # Performance Insights keeps 7 days free; RDS pricing page, 2026-10
# Families of the price file by engine; what has none there is unpriced under its own name.
FAMILIES = {"postgres": "postgresql", "aurora": "aurora-mysql"}


def engine_family(engine: str) -> str:
    return FAMILIES.get(engine, engine)


def inherited(
    ctx: EstimationContext, owner: EstimationContext | None, path: str, default: str | None = None
) -> str:
    """The text at `path`; where the program leaves it to the cluster or the source, theirs."""
    if owner is not None and (not ctx.has(path) or is_unknown(ctx.raw.get(path))):
        return owner.text(path) if default is None else owner.text(path, default)
    return ctx.text(path) if default is None else ctx.text(path, default)


def charge_extended_support(
    ctx: EstimationContext,
    engine: str,
    version: str,
    disabled: bool,
    quantity: Range,
    *,
    serverless: bool = False,
) -> None:
    """vCPU-hours (ACU-hours when serverless) of a version past its standard support.

    Year 3 costs more than years 1 and 2. It is on unless the engine's life cycle says it is disabled, and
    MariaDB has none (RDS Extended Support, RDS user guide, 2026-10). The vCPUs of a standby count, too
    (aws-samples/rds-extended-support-cost-estimator, read 2026-11-24).
    """
    if disabled or engine == "mariadb":
        return
    support = support_of(ctx, RDS, engine, version)
    if not support.extended:
        return
    key = "year-3" if support.year >= 3 else "year-1-2"
    prefix = "aurora-serverless-v2-" if serverless else ""
    ctx.charge(f"Extended support, {key.replace('-', ' ')}", RDS, "extended-support", prefix + key, quantity)


def lifecycle_disabled(values: Inputs) -> bool:
    setting = values.text("engineLifecycleSupport", "open-source-rds-extended-support")
    return setting.endswith("-disabled")


def charge_insights(ctx: EstimationContext, kind: str, hours: Range, mode: str, copies: int = 1) -> None:
    """Performance Insights beyond the free days, and Database Insights in advanced mode, by vCPU.

    The advanced mode includes the retention.
    """
    if mode == "advanced":
        ctx.charge("Database Insights", RDS, "database-insights", "advanced", hours * (vcpus(kind) * copies))
    elif ctx.flag("performanceInsightsEnabled"):
        days = ctx.number("performanceInsightsRetentionPeriod", FREE_INSIGHTS_DAYS)
        if days > FREE_INSIGHTS_DAYS:
            months = hours * (vcpus(kind) * copies) / HOURS
            ctx.charge("Performance Insights", RDS, "performance-insights", f"retention-{days}-days", months)


def charge_database_credits(ctx: EstimationContext, kind: str, engine: str) -> None:
    """Surplus CPU credits of a burstable class that the usage profile states."""
    credits = ctx.from_usage("monthly_surplus_cpu_credit_hours")
    family = kind.removeprefix("db.").partition(".")[0]
    if credits is None or family not in ("t2", "t3", "t4g"):
        return
    if engine.startswith("aurora"):
        keys = ["aurora-t3"] if family == "t3" else [f"aurora-{family}"]
    else:
        keys = [f"{engine}-t3-t4g", f"{engine}-{family}"]
    key = next((key for key in keys if ctx.has_rate(RDS, "cpu-credits", key)), keys[-1])
    ctx.charge("Surplus CPU credits", RDS, "cpu-credits", key, credits)


def charge_public_address(ctx: EstimationContext, hours: Range) -> None:
    if ctx.flag("publiclyAccessible"):
        ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours)


def backup_above_free(ctx: EstimationContext, size: Range) -> Range:
    """GB of backups above the free amount, the size of the database: none expected, as much again at most."""
    return ctx.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), size.high)
