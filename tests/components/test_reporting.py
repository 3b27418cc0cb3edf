"""The reviews on AWS: when they run, what the function may do, where the files go, and the alarms."""

import json
import re

import pytest

from components.settings import SettingsError, parse
from functions.advisor import lambda_handler as advisor_handler
from functions.advisor.settings import Settings as AdvisorSettings
from functions.reports import lambda_handler
from functions.reports.schedule import KINDS
from functions.reports.settings import Settings
from tests.components.recorded import record, record_config
from tests.components.stack_config import ABSENT, STACKS, config

NAME = BUCKET = "teei-prod-us-east-1-reports"


def part():
    return record("prod").part("reporting")


def one(type_, name):
    (inputs,) = [item.inputs for item in part().of(type_) if item.name == name]
    return inputs


def function(role="reviews"):
    return one("lambda/function:Function", f"reporting-{role}-function")


def allowed(role):
    """The actions that the code of a function may take, with their resources."""
    policy = json.loads(one("iam/rolePolicy:RolePolicy", f"reporting-{role}-permissions")["policy"])
    common = ("ec2:CreateNetworkInterface", "logs:CreateLogStream", "xray:PutTraceSegments")
    return {
        action: statement["Resource"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and statement["Action"][0] not in common
        for action in statement["Action"]
    }


def test_only_the_stack_with_the_cost_data_has_reviews():
    assert {stack for stack in STACKS if record(stack).part("reporting").resources} == {"prod"}
    with pytest.raises(SettingsError, match=r"reporting: .* only the stack with cost_data") as error:
        parse(config("prod", {"cost_data": ABSENT}))
    assert "\n" not in str(error.value)


def test_recommendations_are_made_on_mondays_a_draft_on_the_2nd_and_the_final_review_on_the_15th():
    rules = {
        item.inputs["name"].removeprefix(f"{NAME}-"): item.inputs["scheduleExpression"]
        for item in part().of("cloudwatch/eventRule:EventRule")
    }
    assert rules == {
        "monthly": "cron(0 18 2,15 * ? *)",
        "quarterly": "cron(30 18 2,15 1,4,7,10 ? *)",
        "check": "cron(0 6 * * ? *)",
        "recommendations": "cron(0 7 ? * MON *)",
    }
    targets = {
        json.loads(item.inputs["input"])["task"]: item.inputs["arn"].split(":")[-2]
        for item in part().of("cloudwatch/eventTarget:EventTarget")
    }
    reviews, advisor = f"{NAME}-reviews", f"{NAME}-advisor"
    assert targets == dict.fromkeys((*KINDS, "check"), reviews) | {"recommendations": advisor}


def test_a_failed_run_is_repeated_once():
    policies = [item.inputs["retryPolicy"] for item in part().of("cloudwatch/eventTarget:EventTarget")]
    assert policies == [{"maximumRetryAttempts": 1, "maximumEventAgeInSeconds": 3600}] * 4
    timeouts = [item.inputs["timeout"] for item in part().of("lambda/function:Function")]
    assert max(timeouts) < 3600


def test_the_handlers_exist_and_read_the_settings_that_are_declared():
    for role, handlers in (("reviews", lambda_handler), ("advisor", advisor_handler)):
        module, _, name = function(role)["handler"].rpartition(".")
        assert (module, callable(getattr(handlers, name))) == (handlers.__name__, True)
    # The address of the database is known only once it exists.
    settings = Settings.from_environment({**function()["environment"]["variables"], "DATABASE_HOST": "db"})
    assert (settings.report_bucket, settings.database_name) == (BUCKET, "ai_budget")
    assert settings.report_recipients == ("finops@teei.io", "eng-lead@teei.io")
    assert settings.executive_recipients == ("cfo@teei.io", "cto@teei.io", "finops@teei.io")
    assert (settings.link_hours, settings.plan_discount_percent) == (12, 27)
    advisor = AdvisorSettings.from_environment(function("advisor")["environment"]["variables"])
    assert (advisor.report_bucket, advisor.prometheus_url) == (BUCKET, "")
    assert advisor.recipients == ("finops@teei.io", "eng-lead@teei.io")
    assert advisor.regions == ("us-east-1", "eu-central-1")


def test_the_advisor_gets_the_prometheus_of_the_cluster_where_it_is_set():
    url = "https://prometheus.prod.teei.io"
    changed = record_config("prod", config("prod", {"reporting.prometheus_url": url})).part("reporting")
    (inputs,) = [item.inputs for item in changed.of("lambda/function:Function") if "advisor" in item.name]
    assert inputs["environment"]["variables"]["PROMETHEUS_URL"] == url


def test_the_functions_may_use_their_bucket_sender_and_role_in_the_database_only():
    arn = f"arn:aws:mock:::{BUCKET}"
    for role, user in (("reviews", "reports"), ("advisor", "cost_data")):
        actions = allowed(role)
        assert actions.pop("rds-db:connect")[0].endswith(f"/{user}")
        delivery = {name: actions.pop(name) for name in list(actions) if actions[name] != ["*"]}
        assert delivery == {
            "s3:ListBucket": [arn],
            "s3:GetObject": [f"{arn}/*"],
            "s3:PutObject": [f"{arn}/*"],
            "ses:SendEmail": [
                "arn:aws:ses:us-east-1:123456789012:identity/finops@teei.io",
                "arn:aws:ses:us-east-1:123456789012:identity/teei.io",
            ],
        }
        assert bool(actions) == (role == "advisor")
        assert all(re.match(r"[a-z0-9-]+:(Describe|Get|List)", action) for action in actions)


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


def test_an_alarm_fires_when_the_advisor_fails_and_none_on_the_days_without_recommendations():
    alarms = {
        item.inputs["dimensions"]["FunctionName"]: item.inputs
        for item in part().of("cloudwatch/metricAlarm:MetricAlarm")
        if item.inputs.get("metricName") == "Errors"
    }
    assert alarms[f"{NAME}-advisor"]["dimensions"]["Resource"] == f"{NAME}-advisor:live"
    assert alarms[f"{NAME}-advisor"]["alarmDescription"] == "See docs/runbook.md#recommendations-errors"
    assert len(part().of("cloudwatch/metricAlarm:MetricAlarm")) == 3


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
