"""Audit and threat detection: CloudTrail, Config, GuardDuty, Security Hub, Inspector, Macie."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, MONTH_DAYS
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.estimators.lambda_functions import FUNCTION

EVENTS = (0, 1_000_000, 10_000_000)


@estimates("aws:cloudtrail/trail:Trail")
def trail(ctx: EstimationContext) -> None:
    """Data events and Insights where the trail records them; the first copy of management events is free."""
    data = ctx.from_usage("monthly_data_events")
    if data is None and _records_data(ctx):
        data = ctx.usage("monthly_data_events", *EVENTS)
    if data is not None:
        ctx.charge("Data events", "AWSCloudTrail", "events", "data-events", data)
    charge_from_usage(
        ctx,
        "monthly_extra_management_events",
        "Management events of further copies",
        "AWSCloudTrail",
        "events",
        "management-events-extra-copy",
    )
    insights = ctx.from_usage("monthly_insights_events")
    if insights is None and ctx.count("insightSelectors"):
        insights = ctx.usage("monthly_insights_events", *EVENTS)
    if insights is not None:
        ctx.charge("Insights", "AWSCloudTrail", "events", "insights-analysed", insights)
    ctx.note("assumed to be the account's first trail, whose management events are free")


def _records_data(ctx: EstimationContext) -> bool:
    if any(selector.count("dataResources") for selector in ctx.items("eventSelectors")):
        return True
    return any(
        field.text("field", "") == "eventCategory" and "Data" in field.texts("equals")
        for selector in ctx.items("advancedEventSelectors")
        for field in selector.items("fieldSelectors")
    )


@estimates("aws:cfg/recorder:Recorder")
def config_recorder(ctx: EstimationContext) -> None:
    daily = ctx.text("recordingMode.recordingFrequency", "CONTINUOUS") == "DAILY"
    items = ctx.usage("monthly_config_items", 100, 1_000, 10_000)
    key = "daily-recorded" if daily else "continuous"
    ctx.charge(f"Configuration items, {key}", "AWSConfig", "items", key, items)


@estimates("aws:cfg/rule:Rule")
def config_rule(ctx: EstimationContext) -> None:
    evaluations = ctx.usage("monthly_evaluations", 10, 1_000, 10_000)
    ctx.charge("Rule evaluations", "AWSConfig", "rules", "evaluations", evaluations)


@estimates("aws:guardduty/detector:Detector")
def guardduty_detector(ctx: EstimationContext) -> None:
    """Foundational sources, and S3 protection where the detector turns it on or the profile sets it."""
    if not ctx.flag("enable", True):
        return
    service = "AmazonGuardDuty"
    management = ctx.usage("monthly_management_events", *EVENTS)
    ctx.charge("Management events", service, "foundational", "cloudtrail-management-events", management)
    logs = ctx.usage("monthly_log_gb", 1, 10, 100)
    ctx.charge("Flow and DNS logs", service, "foundational", "vpc-flow-and-dns-logs", logs)
    s3 = ctx.from_usage("monthly_s3_data_events")
    if s3 is None and ctx.flag("datasources.s3Logs.enable"):
        s3 = ctx.usage("monthly_s3_data_events", *EVENTS)
    if s3 is not None:
        ctx.charge("S3 data events", service, "s3-protection", "data-events", s3)
    if ctx.flag("datasources.kubernetes.auditLogs.enable"):
        ctx.charge("EKS audit logs", service, "eks-protection", "audit-logs", 1)
    if ctx.flag("datasources.malwareProtection.scanEc2InstanceWithFindings.ebsVolumes.enable"):
        ctx.note("malware scans of EBS volumes follow a finding: none counted")


@estimates("aws:securityhub/account:Account")
def security_hub(ctx: EstimationContext) -> None:
    checks = ctx.usage("monthly_checks", 1_000, 10_000, 100_000)
    ctx.charge("Security checks", "AWSSecurityHub", "cspm", "security-checks", checks)


@estimates("aws:inspector2/enabler:Enabler")
def inspector(ctx: EstimationContext) -> None:
    """By what it scans; Lambda functions are those of the plan."""
    service = "AmazonInspectorV2"
    kinds = [kind.upper() for kind in ctx.texts("resourceTypes")]
    instances, images = ctx.from_usage("average_instances"), ctx.from_usage("monthly_images")
    if "EC2" in kinds or instances is not None:
        scanned = instances or ctx.usage("average_instances", 1, 10, 100)
        ctx.charge("Instances scanned", service, "ec2", "instance-month", scanned)
    if "ECR" in kinds or images is not None:
        scanned = images or ctx.usage("monthly_images", 1, 100, 1_000)
        ctx.charge("Container images scanned", service, "ecr", "image", scanned)
    for kind, key in (("LAMBDA", "standard-scanning"), ("LAMBDA_CODE", "code-scanning")):
        if kind in kinds:
            functions = Decimal(len(ctx.all(FUNCTION)))
            ctx.note(f"{functions} Lambda functions of this plan are counted")
            ctx.charge(f"Functions scanned, {key}", service, "lambda", key, functions * HOURS)


@estimates("aws:macie2/account:Account")
def macie(ctx: EstimationContext) -> None:
    """Buckets watched by the day; data scanned by jobs when the profile sets it."""
    if ctx.text("status", "ENABLED") == "PAUSED":
        return
    buckets = ctx.usage("average_buckets", 1, 10, 100)
    ctx.charge("Buckets watched", "AmazonMacie", "inventory", "bucket-day", buckets * MONTH_DAYS)
    charge_from_usage(
        ctx, "monthly_scanned_gb", "Data scanned", "AmazonMacie", "sensitive-data-discovery", "data"
    )
