"""The Lambda function: what is due, the files in the bucket, the mail, and reports that did not appear."""

from datetime import UTC, date, datetime, timedelta

import boto3
import psycopg
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends

from functions.cost_data.store import Store as CostStore
from functions.reports.delivery import ReportBucket
from functions.reports.lambda_handler import check, deliver_review, handler
from functions.reports.records import ReportError, State
from functions.reports.schedule import Expected, due_period, expected_reviews, recommendations_since
from functions.reports.settings import Settings
from functions.reports.store import Store
from tests.functions.ai_budget.support import fresh_database
from tests.functions.reports.support import DRAFT, FINAL, store_account

pytest_plugins = ("tests.functions.ai_budget.support", "tests.functions.reports.support")
RETENTION = '{"stack": "prod", "at": "2026-11-01T06:00:00+00:00", "compliant": true, "differences": []}'
RECOMMENDATIONS = "recommendations/cost-recommendations-20261116.csv"
SETTINGS = Settings(
    database_host="unused",
    report_bucket="reports",
    report_recipients=("finops@teei.io", "eng-lead@teei.io"),
    executive_recipients=("cfo@teei.io",),
)


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="reports")
        boto3.client("sesv2").create_email_identity(EmailIdentity="finops@teei.io")
        yield ReportBucket("reports")


def as_role(url, role):
    """The URL of the same database as another user."""
    return url.replace("//postgres:@", f"//{role}@")


def put(key, body=b"x"):
    boto3.client("s3").put_object(Bucket="reports", Key=key, Body=body)


def keys():
    answer = boto3.client("s3").list_objects_v2(Bucket="reports")
    return {entry["Key"] for entry in answer.get("Contents", [])}


@pytest.mark.parametrize(
    ("today", "month", "quarter"),
    [
        (date(2026, 11, 2), date(2026, 10, 1), date(2026, 7, 1)),
        (date(2027, 1, 15), date(2026, 12, 1), date(2026, 10, 1)),
    ],
)
def test_the_period_that_ended_last_is_due(today, month, quarter):
    assert (due_period("monthly", today), due_period("quarterly", today)) == (month, quarter)


def test_a_draft_must_be_there_after_the_2nd_and_the_final_review_after_the_15th():
    assert expected_reviews(date(2026, 11, 2)) == []
    assert expected_reviews(date(2026, 11, 3)) == [Expected("monthly", "2026-10", State.DRAFT)]
    assert expected_reviews(date(2026, 11, 16)) == [Expected("monthly", "2026-10", State.FINAL)]
    assert expected_reviews(date(2027, 1, 31))[1:] == [Expected("quarterly", "2026Q4", State.FINAL)]


def test_recommendations_of_the_last_monday_must_be_there_from_tuesday_on():
    monday = date(2026, 11, 23)
    assert recommendations_since(monday) == monday - timedelta(days=7)
    assert {recommendations_since(monday + timedelta(days=n)) for n in range(1, 8)} == {monday}


@pytest.mark.postgres
def test_a_review_is_put_into_the_bucket_and_mailed_with_links_that_end(server, bucket):
    url = fresh_database(server)
    store_account(url, DRAFT)
    put("retention/prod.json", RETENTION.encode())
    answer = deliver_review("monthly", Store(url), bucket, SETTINGS, DRAFT)
    assert answer["state"] == "draft"
    folder = "reviews/monthly/2026-10/draft/"
    assert {f"{folder}monthly-2026-10{ending}" for ending in (".pptx", ".html", ".xlsx", ".json")} <= keys()
    (mail,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert mail.destinations["ToAddresses"] == ["finops@teei.io", "eng-lead@teei.io"]
    assert mail.subject == "Cloud cost review, October 2026 (draft)"
    assert "Storage health: 4.0 TB are stored in S3; retention is as declared." in mail.body
    assert f"{folder}monthly-2026-10.pptx?" in mail.body
    assert "X-Amz-Expires=43200" in mail.body
    assert bucket.has(Expected("monthly", "2026-10", State.DRAFT))
    assert not bucket.has(Expected("monthly", "2026-10", State.FINAL))


@pytest.mark.postgres
def test_the_role_of_the_function_can_read_all_that_a_review_needs_and_change_no_cost(server, bucket):
    url = fresh_database(server)
    CostStore(as_role(url, "cost_data")).create_schema()
    store_account(url, FINAL)
    answer = deliver_review("quarterly", Store(as_role(url, "reports")), bucket, SETTINGS, FINAL)
    assert answer["state"] == "final"
    for statement in ("DELETE FROM cost_data.daily_costs", "UPDATE ai_token_budgets SET tier = 'x'"):
        with psycopg.connect(as_role(url, "reports")) as connection:
            connection.execute("SELECT count(*) FROM cost_data.daily_costs, ai_token_budgets")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_a_report_that_did_not_appear_is_an_error_that_names_it(bucket):
    put(RECOMMENDATIONS)
    stored = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["reports"].keys[RECOMMENDATIONS]
    stored.last_modified = datetime(2026, 11, 16, 7, tzinfo=UTC)
    tuesday = datetime(2026, 11, 17, 6, tzinfo=UTC)
    with pytest.raises(ReportError, match=r"the final monthly review of 2026-10$"):
        check(bucket, tuesday)
    put("reviews/monthly/2026-10/final/monthly-2026-10.pptx")
    assert check(bucket, tuesday) == {"found": 2}
    put("recommendations/status.json")  # is no report
    with pytest.raises(ReportError, match="the recommendations of 2026-11-23"):
        check(bucket, tuesday + timedelta(days=7))


@pytest.mark.usefixtures("bucket")
def test_an_unknown_task_and_a_missing_setting_are_named(monkeypatch):
    monkeypatch.setenv("DATABASE_HOST", "db")
    with pytest.raises(ReportError, match="REPORT_BUCKET: Field required"):
        handler({"task": "check"}, None)
    monkeypatch.setenv("REPORT_BUCKET", "reports")
    with pytest.raises(ReportError, match="task 'yearly': not one of monthly, quarterly, check"):
        handler({"task": "yearly"}, None)
