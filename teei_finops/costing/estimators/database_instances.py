"""Charges that RDS and Aurora instances share: extended support, insights, CPU credits, public addresses."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.support_windows import support_of
from teei_finops.costing.inputs import Inputs
from teei_finops.costing.preview.values import is_unknown

RDS = "AmazonRDS"
FREE_INSIGHTS_DAYS = 7  # Performance Insights keeps 7 days free; RDS pricing page, 2026-10
# The size from which RDS stripes a gp3 volume, by engine; SQL Server's are never striped. IOPS and MiB/s that
# a volume includes (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html, 2026-10).
STRIPED_GB: dict[str, int | None] = {"oracle": 200, "sqlserver": None}
DEFAULT_STRIPED_GB = 400
GP3_BASELINE, GP3_STRIPED = (3_000, 125), (12_000, 500)
# Price families by engine; another engine is unpriced under its own name.
FAMILIES = {"postgres": "postgresql", "aurora": "aurora-mysql"}


def engine_family(engine: str) -> str:
    return FAMILIES.get(engine, engine)


def inherited(
    ctx: EstimationContext, owner: EstimationContext | None, path: str, default: str | None = None
) -> str:
    """The text at `path`; where it is not set, that of the cluster or the source."""
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
    ctx.charge_option(
        f"Extended support, {key.replace('-', ' ')}", RDS, "extended-support", prefix + key, quantity
    )


def lifecycle_disabled(values: Inputs) -> bool:
    setting = values.text("engineLifecycleSupport", "open-source-rds-extended-support")
    return setting.endswith("-disabled")


def charge_insights(ctx: EstimationContext, quantity: Range, mode: str, unit: str = "vcpu") -> None:
    """Performance Insights beyond the free days, and Database Insights in advanced mode, which includes it.

    `quantity` is in vCPU-hours, or in ACU-hours with the unit `acu`: serverless instances are billed by
    capacity unit (https://aws.amazon.com/rds/performance-insights/pricing/, 2026-10).
    """
    suffix = "-acu" if unit == "acu" else ""
    if mode == "advanced":
        ctx.charge("Database Insights", RDS, "database-insights", f"advanced{suffix}", quantity)
    elif ctx.flag("performanceInsightsEnabled"):
        days = ctx.number("performanceInsightsRetentionPeriod", FREE_INSIGHTS_DAYS)
        if days > FREE_INSIGHTS_DAYS:
            key = f"retention-{days}-days{suffix}"
            ctx.charge("Performance Insights", RDS, "performance-insights", key, quantity / HOURS)


def charge_gp3(ctx: EstimationContext, volume: Inputs, engine: str, size: Decimal, family: str) -> None:
    """IOPS and throughput of a gp3 volume of `size` GB above what it includes; `family` is of the price book.

    Striped volumes include more. Below that size only SQL Server takes more than the baseline: AWS refuses it
    for the other engines, which is noted.
    """
    smallest = STRIPED_GB.get(engine.partition("-")[0], DEFAULT_STRIPED_GB)
    striped = smallest is not None and size >= smallest
    included_iops, included_mibps = GP3_STRIPED if striped else GP3_BASELINE
    iops = max(volume.number("iops", 0) - included_iops, Decimal(0))
    speed = max(volume.number("storageThroughput", 0) - included_mibps, Decimal(0))
    if not striped and smallest is not None:
        if iops or speed:
            ctx.note(
                f"AWS refuses IOPS and throughput above the baseline on gp3 below {smallest} GB: {engine}"
            )
        return
    ctx.charge(f"gp3 IOPS above {included_iops:,}", RDS, family, "gp3-iops", iops, included=0)
    ctx.charge(f"gp3 throughput above {included_mibps} MiB/s", RDS, family, "gp3-throughput", speed)


def charge_database_credits(ctx: EstimationContext, kind: str, engine: str) -> None:
    """Surplus CPU credits of a burstable class, from usage."""
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
    """The public IPv4 address of an instance that is publicly accessible."""
    if ctx.flag("publiclyAccessible"):
        ctx.charge("Public IPv4 address", "AmazonVPC", "public-ipv4", "in-use", hours)


def backup_above_free(ctx: EstimationContext, size: Range) -> Range:
    """GB of backups above the free amount (the database's size): none expected, as much again at most."""
    return ctx.usage("additional_backup_storage_gb", Decimal(0), Decimal(0), size.high)
