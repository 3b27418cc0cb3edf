"""The Lambda function: the report in the bucket, the mail, and an error when a source did not answer."""

import json

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from functions.advisor.__main__ import main
from functions.advisor.account.examine import RULES
from functions.advisor.errors import AdvisorError, SourceError

REGION = "us-east-1"
RULE = "log-group-has-retention"


@pytest.fixture
def bucket(monkeypatch):
    """A bucket for reports, a sender that SES knows, and a log group that keeps everything."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION,
        "REPORT_BUCKET": "reports", "RECOMMENDATION_RECIPIENTS": "lead@teei.io, ops@teei.io",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    # One rule is enough here, and takes a tenth of the time of all.
    monkeypatch.setattr("functions.advisor.account.examine.RULES", {RULE: RULES[RULE]})
    with mock_aws():
        boto3.client("s3", REGION).create_bucket(Bucket="reports")
        boto3.client("sesv2", REGION).create_email_identity(EmailIdentity="finops@teei.io")
        boto3.client("logs", REGION).create_log_group(logGroupName="/app")
        yield boto3.client("s3", REGION)


def handle():
    from functions.advisor.lambda_handler import handler

    return handler({}, None)


def sent():
    return ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages


def test_the_report_is_in_the_bucket_in_every_format_and_its_top_is_mailed(bucket):
    result = handle()
    assert {key.rpartition(".")[2] for key in result["keys"].values()} == {"csv", "json", "md", "html"}
    assert all(key.startswith("recommendations/cost-recommendations-2") for key in result["keys"].values())
    report = json.loads(bucket.get_object(Bucket="reports", Key=result["keys"]["json"])["Body"].read())
    (finding,) = report["findings"]
    assert (finding["rule"], finding["monthly_saving_list_usd"], finding["status"]) == (RULE, "0.00", "new")
    (mail,) = sent()
    assert set(mail.destinations["ToAddresses"]) == {"lead@teei.io", "ops@teei.io"}
    assert "1. arn:aws:logs:us-east-1:123456789012:log-group:/app" in mail.body
    assert f"https://reports.s3.amazonaws.com/{result['keys']['html']}?" in mail.body


def test_without_a_database_the_bucket_keeps_the_statuses(bucket):
    handle()
    handle()
    (record,) = json.loads(
        bucket.get_object(Bucket="reports", Key="recommendations/status.json")["Body"].read()
    )
    assert (record["rule"], record["status"]) == (RULE, "new")


def test_a_source_that_does_not_answer_is_an_error_after_the_report_was_delivered(bucket, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_URL", "http://127.0.0.1:1")
    with pytest.raises(SourceError, match=r"Prometheus: http://127\.0\.0\.1:1/: .*refused"):
        handle()
    assert "Prometheus: http://127.0.0.1:1/" in sent()[0].body
    assert bucket.list_objects_v2(Bucket="reports", Prefix="recommendations/cost-")["KeyCount"] == 4


def test_a_resource_of_a_stack_is_managed_by_the_urn_that_the_bucket_has_for_it(bucket, tmp_path, capsys):
    arn, urn = "arn:aws:logs:us-east-1:123456789012:log-group:/app", "urn:pulumi:prod::finops::aws:x::app"
    export = tmp_path / "stack.json"
    resource = {"urn": urn, "type": "aws:x", "custom": True, "id": "/app", "outputs": {"arn": arn}}
    export.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    assert main(["urns", str(export)]) == 0
    bucket.put_object(Bucket="reports", Key="stacks/prod.json", Body=capsys.readouterr().out)
    report = json.loads(bucket.get_object(Bucket="reports", Key=handle()["keys"]["json"])["Body"].read())
    (finding,) = report["findings"]
    assert (finding["resource"], finding["managed_by"]) == (arn, urn)
    assert finding["change"].endswith("run pulumi up -s prod")


def test_an_object_of_a_stack_that_is_none_is_an_error_after_the_report_was_delivered(bucket):
    bucket.put_object(Bucket="reports", Key="stacks/prod.json", Body=b"[]")
    with pytest.raises(SourceError, match=r"s3://reports/stacks/prod\.json: not written by"):
        handle()
    assert "s3://reports/stacks/prod.json" in sent()[0].body
    assert bucket.list_objects_v2(Bucket="reports", Prefix="recommendations/cost-")["KeyCount"] == 4


@pytest.mark.usefixtures("bucket")
def test_without_a_bucket_nothing_is_examined(monkeypatch):
    monkeypatch.delenv("REPORT_BUCKET")
    with pytest.raises(AdvisorError, match="REPORT_BUCKET: not set"):
        handle()
