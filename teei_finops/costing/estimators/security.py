"""Audit and threat detection: CloudTrail, Config, GuardDuty, Security Hub, Inspector, Macie; Cognito."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated
from teei_finops.costing.estimators.functions import FUNCTION

MONTH_DAYS = HOURS / 24
EVENTS = (0, 1_000_000, 10_000_000)


@estimates("aws:cloudtrail/trail:Trail")
def trail(r: Subject) -> None:
    """Data events and Insights where the trail records them; the first copy of management events is free."""
    data = r.stated("monthly_data_events")
    if data is None and _records_data(r):
        data = r.usage("monthly_data_events", *EVENTS)
    if data is not None:
        r.charge("Data events", "AWSCloudTrail", "events", "data-events", data)
    charge_stated(
        r,
        "monthly_extra_management_events",
        "Management events of further copies",
        "AWSCloudTrail",
        "events",
        "management-events-extra-copy",
    )
    insights = r.stated("monthly_insights_events")
    if insights is None and r.count("insightSelectors"):
        insights = r.usage("monthly_insights_events", *EVENTS)
    if insights is not None:
        r.charge("Insights", "AWSCloudTrail", "events", "insights-analysed", insights)
    r.note("taken to be the account's first trail, whose management events are free")


def _records_data(r: Subject) -> bool:
    if any(selector.count("dataResources") for selector in r.items("eventSelectors")):
        return True
    return any(
        field.text("field", "") == "eventCategory" and "Data" in field.texts("equals")
        for selector in r.items("advancedEventSelectors")
        for field in selector.items("fieldSelectors")
    )


@estimates("aws:cfg/recorder:Recorder")
def config_recorder(r: Subject) -> None:
    daily = r.text("recordingMode.recordingFrequency", "CONTINUOUS") == "DAILY"
    items = r.usage("monthly_config_items", 100, 1_000, 10_000)
    key = "daily-recorded" if daily else "continuous"
    r.charge(f"Configuration items, {key}", "AWSConfig", "items", key, items)


@estimates("aws:cfg/rule:Rule")
def config_rule(r: Subject) -> None:
    evaluations = r.usage("monthly_evaluations", 10, 1_000, 10_000)
    r.charge("Rule evaluations", "AWSConfig", "rules", "evaluations", evaluations)


@estimates("aws:guardduty/detector:Detector")
def guardduty_detector(r: Subject) -> None:
    """Foundational sources, and S3 protection where the detector turns it on or the profile states it."""
    if not r.flag("enable", True):
        return
    service = "AmazonGuardDuty"
    management = r.usage("monthly_management_events", *EVENTS)
    r.charge("Management events", service, "foundational", "cloudtrail-management-events", management)
    logs = r.usage("monthly_log_gb", 1, 10, 100)
    r.charge("Flow and DNS logs", service, "foundational", "vpc-flow-and-dns-logs", logs)
    s3 = r.stated("monthly_s3_data_events")
    if s3 is None and r.flag("datasources.s3Logs.enable"):
        s3 = r.usage("monthly_s3_data_events", *EVENTS)
    if s3 is not None:
        r.charge("S3 data events", service, "s3-protection", "data-events", s3)
    if r.flag("datasources.kubernetes.auditLogs.enable"):
        r.charge("EKS audit logs", service, "eks-protection", "audit-logs", 1)
    if r.flag("datasources.malwareProtection.scanEc2InstanceWithFindings.ebsVolumes.enable"):
        r.note("malware scans of EBS volumes happen after a finding only: none counted")


@estimates("aws:securityhub/account:Account")
def security_hub(r: Subject) -> None:
    checks = r.usage("monthly_checks", 1_000, 10_000, 100_000)
    r.charge("Security checks", "AWSSecurityHub", "cspm", "security-checks", checks)


@estimates("aws:inspector2/enabler:Enabler")
def inspector(r: Subject) -> None:
    """By what it scans; Lambda functions are those of the plan."""
    service = "AmazonInspectorV2"
    kinds = [kind.upper() for kind in r.texts("resourceTypes")]
    instances, images = r.stated("average_instances"), r.stated("monthly_images")
    if "EC2" in kinds or instances is not None:
        scanned = instances or r.usage("average_instances", 1, 10, 100)
        r.charge("Instances scanned", service, "ec2", "instance-month", scanned)
    if "ECR" in kinds or images is not None:
        scanned = images or r.usage("monthly_images", 1, 100, 1_000)
        r.charge("Container images scanned", service, "ecr", "image", scanned)
    for kind, key in (("LAMBDA", "standard-scanning"), ("LAMBDA_CODE", "code-scanning")):
        if kind in kinds:
            functions = Decimal(len(r.all(FUNCTION)))
            r.note(f"{functions} Lambda functions of this plan are counted")
            r.charge(f"Functions scanned, {key}", service, "lambda", key, functions * HOURS)


@estimates("aws:macie2/account:Account")
def macie(r: Subject) -> None:
    """Buckets watched by the day; data scanned by jobs when it is stated."""
    if r.text("status", "ENABLED") == "PAUSED":
        return
    buckets = r.usage("average_buckets", 1, 10, 100)
    r.charge("Buckets watched", "AmazonMacie", "inventory", "bucket-day", buckets * MONTH_DAYS)
    charge_stated(r, "monthly_scanned_gb", "Data scanned", "AmazonMacie", "sensitive-data-discovery", "data")


@estimates("aws:cognito/userPool:UserPool")
def user_pool(r: Subject) -> None:
    """Monthly active users by feature plan; a new pool is on Essentials (Cognito guide, 2024-11).

    Only the Lite plan has prices on file. List price: the free users are not in the allowances on file.
    """
    tier = r.text("userPoolTier", "ESSENTIALS").lower()
    users = r.usage("monthly_active_users", 100, 1_000, 10_000)
    r.charge(f"Monthly active users, {tier}", "AmazonCognito", f"user-pool-{tier}", "mau", users)
    if tier == "lite" and r.text("userPoolAddOns.advancedSecurityMode", "OFF") != "OFF":
        r.charge("Advanced security", "AmazonCognito", "advanced-security", "mau", users)
