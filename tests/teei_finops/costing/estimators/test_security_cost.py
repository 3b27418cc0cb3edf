"""Audit, threat detection and user pools."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    US,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
    resource,
)

DETECTOR = "aws:guardduty/detector:Detector"
ENABLER = "aws:inspector2/enabler:Enabler"
MACIE = "aws:macie2/account:Account"
POOL = "aws:cognito/userPool:UserPool"
RECORDER = "aws:cfg/recorder:Recorder"
TRAIL = "aws:cloudtrail/trail:Trail"


def test_a_trail_bills_usage_and_not_its_first_copy_of_management_events():
    usage = {
        "monthly_data_events": 4_000_000,
        "monthly_extra_management_events": 200_000,
        "monthly_insights_events": 1_000_000,
    }
    assert amounts_by_name(estimate_of(TRAIL, {}, usage=usage)) == {
        "Data events": 40 * price("AWSCloudTrail", "events", "data-events"),
        "Management events of further copies": 2
        * price("AWSCloudTrail", "events", "management-events-extra-copy"),
        "Insights": 10 * price("AWSCloudTrail", "events", "insights-analysed"),
    }
    assert dollars(estimate_of(TRAIL, {})) == 0


@pytest.mark.parametrize(
    ("inputs", "line", "key"),
    [
        (
            {"eventSelectors": [{"dataResources": [{"type": "AWS::S3::Object"}]}]},
            "Data events",
            "data-events",
        ),
        (
            {
                "advancedEventSelectors": [
                    {"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}
                ]
            },
            "Data events",
            "data-events",
        ),
        ({"insightSelectors": [{"insightType": "ApiCallRateInsight"}]}, "Insights", "insights-analysed"),
    ],
)
def test_events_that_a_trail_records_have_an_assumed_range(inputs, line, key):
    it = estimate_of(TRAIL, inputs)
    assert amounts_by_name(it) == {line: 10 * price("AWSCloudTrail", "events", key)}
    assert it.after.assumed


def test_a_recorder_bills_items_by_frequency():
    usage = {"monthly_config_items": 2_000}
    assert dollars(estimate_of(RECORDER, {}, usage=usage)) == 2_000 * price(
        "AWSConfig", "items", "continuous"
    )
    daily = {"recordingMode": {"recordingFrequency": "DAILY"}}
    assert dollars(estimate_of(RECORDER, daily, usage=usage)) == 2_000 * price(
        "AWSConfig", "items", "daily-recorded"
    )


def test_rule_evaluations_go_through_the_tiers():
    it = estimate_of("aws:cfg/rule:Rule", {}, usage={"monthly_evaluations": 150_000})
    assert dollars(it) == 100 * price("AWSConfig", "rules", "evaluations") + 50 * price(
        "AWSConfig", "rules", "evaluations", tier=100_000
    )


def test_a_detector_bills_its_sources():
    usage = {
        "monthly_management_events": 2_000_000,
        "monthly_log_gb": 600,
        "monthly_s3_data_events": 1_000_000,
    }
    it = estimate_of(DETECTOR, {"enable": True}, region=EU, usage=usage)
    assert dollars(it) == (
        2 * price("AmazonGuardDuty", "foundational", "cloudtrail-management-events", EU)
        + 500 * price("AmazonGuardDuty", "foundational", "vpc-flow-and-dns-logs", EU)
        + 100 * price("AmazonGuardDuty", "foundational", "vpc-flow-and-dns-logs", EU, tier=500)
        + price("AmazonGuardDuty", "s3-protection", "data-events", EU)
    )
    assert dollars(estimate_of(DETECTOR, {"enable": False})) == 0
    assert "S3 data events (0 to 500,000,000)" in amounts_by_name(
        estimate_of(DETECTOR, {"datasources": {"s3Logs": {"enable": True}}})
    )
    with_eks = {"datasources": {"kubernetes": {"auditLogs": {"enable": True}}}}
    assert estimate_of(DETECTOR, with_eks).reason.startswith("no price in this region: AmazonGuardDuty eks")


@pytest.mark.parametrize("region", [US, EU])
def test_security_hub_bills_checks(region):
    it = estimate_of("aws:securityhub/account:Account", {}, region=region, usage={"monthly_checks": 50_000})
    assert dollars(it) == 50_000 * price("AWSSecurityHub", "cspm", "security-checks", region)


def test_inspector_counts_the_functions_of_the_plan_and_has_no_price_for_instances():
    functions = [resource("aws:lambda/function:Function", {}, name=f"f{n}") for n in range(3)]
    it = estimate_of(ENABLER, {"resourceTypes": ["LAMBDA", "LAMBDA_CODE"]}, *functions)
    assert dollars(it) == 3 * 730 * (
        price("AmazonInspectorV2", "lambda", "standard-scanning")
        + price("AmazonInspectorV2", "lambda", "code-scanning")
    )
    assert estimate_of(ENABLER, {"resourceTypes": ["EC2"]}).reason.startswith(
        "no price in this region: AmazonInspectorV2 ec2"
    )
    assert estimate_of(ENABLER, {"resourceTypes": ["ECR"]}).reason.startswith(
        "no price in this region: AmazonInspectorV2 ecr"
    )
    assert dollars(estimate_of(ENABLER, {"resourceTypes": ["ECR"]}, usage={"monthly_images": 0})) == 0


def test_macie_bills_bucket_days_and_data_above_the_first_gb():
    it = estimate_of(MACIE, {}, usage={"average_buckets": 24, "monthly_scanned_gb": 101})
    assert dollars(it) == 730 * price("AmazonMacie", "inventory", "bucket-day") + 100 * price(
        "AmazonMacie", "sensitive-data-discovery", "data", tier=1
    )
    assert dollars(estimate_of(MACIE, {"status": "PAUSED"})) == 0


def test_a_user_pool_is_billed_by_its_plan_which_is_essentials_by_default():
    usage = {"monthly_active_users": 60_000}
    lite = estimate_of(POOL, {"userPoolTier": "LITE"}, usage=usage)
    assert dollars(lite) == 50_000 * price("AmazonCognito", "user-pool-lite", "mau") + 10_000 * price(
        "AmazonCognito", "user-pool-lite", "mau", tier=50_000
    )
    guarded = {"userPoolTier": "LITE", "userPoolAddOns": {"advancedSecurityMode": "ENFORCED"}}
    extra = dollars(estimate_of(POOL, guarded, usage={"monthly_active_users": 100}))
    assert extra == 100 * (
        price("AmazonCognito", "user-pool-lite", "mau") + price("AmazonCognito", "advanced-security", "mau")
    )
    assert dollars(estimate_of(POOL, {}, usage={"monthly_active_users": 1_000})) == 15
    above_free = estimate_of(POOL, {}, usage={"monthly_active_users": 10_100}, free_tier=True)
    assert dollars(above_free) == 100 * price("AmazonCognito", "user-pool-essentials", "mau")


def test_a_selector_of_management_events_records_no_data():
    for field in (
        {"field": "eventCategory", "equals": ["Management"]},
        {"field": "resources.type", "equals": ["Data"]},
    ):
        assert dollars(estimate_of(TRAIL, {"advancedEventSelectors": [{"fieldSelectors": [field]}]})) == 0


def test_data_events_from_usage_are_billed_with_or_without_s3_protection():
    usage = {"monthly_management_events": 0, "monthly_log_gb": 0, "monthly_s3_data_events": 2_000_000}
    for on in (True, False):
        it = estimate_of(DETECTOR, {"datasources": {"s3Logs": {"enable": on}}}, usage=usage)
        assert dollars(it) == 2 * price("AmazonGuardDuty", "s3-protection", "data-events")
    silent = {key: 0 for key in usage if key != "monthly_s3_data_events"}
    assert dollars(estimate_of(DETECTOR, {}, usage=silent)) == 0
