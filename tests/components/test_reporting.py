"""The reviews on AWS: when they run, what the function may do, where the files go, and the alarms."""

import json

import pytest

from components.settings import SettingsError, parse
from functions.reports import lambda_handler
from functions.reports.schedule import KINDS
from functions.reports.settings import Settings
from tests.components.recorded import record
from tests.components.stack_config import ABSENT, STACKS, config

NAME = BUCKET = "teei-prod-us-east-1-reports"


def part():
    return record("prod").part("reporting")


def one(type_, name):
    (inputs,) = [item.inputs for item in part().of(type_) if item.name == name]
    return inputs


def function():
    return part().one("lambda/function:Function").inputs


def test_only_the_stack_with_the_cost_data_has_reviews():
    assert {stack for stack in STACKS if record(stack).part("reporting").resources} == {"prod"}
    with pytest.raises(SettingsError, match=r"reporting: .* only the stack with cost_data") as error:
        parse(config("prod", {"cost_data": ABSENT}))
    assert "\n" not in str(error.value)


def test_a_draft_is_made_on_the_2nd_the_final_review_on_the_15th_and_each_day_has_a_check():
    rules = {
        item.inputs["name"].removeprefix(f"{NAME}-"): item.inputs["scheduleExpression"]
        for item in part().of("cloudwatch/eventRule:EventRule")
    }
    assert rules == {
        "monthly": "cron(0 18 2,15 * ? *)",
        "quarterly": "cron(30 18 2,15 1,4,7,10 ? *)",
        "check": "cron(0 6 * * ? *)",
    }
    inputs = {
        json.loads(item.inputs["input"])["task"] for item in part().of("cloudwatch/eventTarget:EventTarget")
    }
    assert inputs == {*KINDS, "check"} == set(rules)


def test_a_failed_run_is_repeated_once():
    (events,) = [
        item.inputs
        for item in part().of("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
        if item.inputs.get("qualifier") == "live"
    ]
    assert events["maximumRetryAttempts"] == 1
    policies = [item.inputs["retryPolicy"] for item in part().of("cloudwatch/eventTarget:EventTarget")]
    assert [policy["maximumRetryAttempts"] for policy in policies] == [1, 1, 1]


def test_the_handler_exists_and_reads_the_settings_that_are_declared():
    module, _, name = function()["handler"].rpartition(".")
    assert (module, callable(getattr(lambda_handler, name))) == (lambda_handler.__name__, True)
    # The address of the database is known only once it exists.
    settings = Settings.from_environment({**function()["environment"]["variables"], "DATABASE_HOST": "db"})
    assert (settings.report_bucket, settings.database_name) == (BUCKET, "ai_budget")
    assert settings.report_recipients == ("finops@teei.io", "eng-lead@teei.io")
    assert settings.executive_recipients == ("cfo@teei.io", "cto@teei.io", "finops@teei.io")
    assert (settings.link_hours, settings.plan_discount_percent) == (12, 27)


def test_the_function_may_use_its_bucket_its_sender_and_its_role_in_the_database_only():
    policy = json.loads(one("iam/rolePolicy:RolePolicy", "reporting-reviews-permissions")["policy"])
    allowed = {
        action: statement["Resource"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        if action.split(":")[0] in ("s3", "ses", "rds-db", "sqs", "secretsmanager", "lambda", "iam")
    }
    arn = f"arn:aws:mock:::{BUCKET}"
    login = allowed.pop("rds-db:connect")
    assert login[0].endswith("/reports")
    assert allowed == {
        "s3:ListBucket": [arn],
        "s3:GetObject": [f"{arn}/*"],
        "s3:PutObject": [f"{arn}/*"],
        "ses:SendEmail": [
            "arn:aws:ses:us-east-1:123456789012:identity/finops@teei.io",
            "arn:aws:ses:us-east-1:123456789012:identity/teei.io",
        ],
    }


def test_the_bucket_is_private_encrypted_and_has_a_lifecycle():
    access = one("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "reporting-storage-public-access")
    assert all(value is True for key, value in access.items() if key != "bucket")
    encryption = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = one(encryption, "reporting-storage-encryption")["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"
    lifecycle = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    (rule,) = one(lifecycle, "reporting-storage-lifecycle")["rules"]
    assert (rule["expiration"]["days"], rule["noncurrentVersionExpiration"]["noncurrentDays"]) == (1100, 30)
    assert one("s3/bucket:Bucket", "reporting-storage-bucket")["tags"]["data-class"] == "confidential"


def test_an_alarm_fires_when_a_run_fails_and_when_no_check_of_a_day_succeeded():
    runs = {"FunctionName": f"{NAME}-reviews", "Resource": f"{NAME}-reviews:live"}
    errors = one("cloudwatch/metricAlarm:MetricAlarm", "reporting-alarms-errors")
    assert (errors["dimensions"], errors["metricName"]) == (runs, "Errors")
    assert errors["alarmDescription"] == "See docs/runbook.md#reports-errors"
    missed = one("cloudwatch/metricAlarm:MetricAlarm", "reporting-alarms-missed")
    assert (missed["threshold"], missed["treatMissingData"]) == (1, "breaching")
    assert missed["alarmDescription"] == "See docs/runbook.md#reports-missed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reporting.name": "Reports"}, "reporting.name"),
        ({"reporting.executive_recipients": []}, "reporting.executive_recipients"),
        ({"reporting.link_hours": 168}, "reporting.link_hours"),
        ({"reporting.plan_discount_percent": 0.27}, "reporting.plan_discount_percent"),
    ],
)
def test_wrong_settings_are_one_line_that_names_the_key(changes, message):
    with pytest.raises(SettingsError, match=message) as error:
        parse(config("prod", changes))
    assert "\n" not in str(error.value)
