"""The Lambda functions of the cost data."""

import gzip
import json
from base64 import b64decode

import boto3
import pytest
from psycopg.conninfo import conninfo_to_dict

from functions.cost_data import lambda_handler
from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import CERTIFICATES
from functions.cost_data.store import Store
from functions.cost_data.totals import month_totals, parse_month
from tests.functions.cost_data.recorded_aws import RecordedAws, costs
from tests.functions.cost_data.support import SAMPLE, put

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres


@pytest.fixture
def configured(cost_database, monkeypatch):
    """Points the functions to the database of the test."""
    monkeypatch.setattr(lambda_handler, "database_url", lambda _: cost_database)
    lambda_handler._page.cache_clear()
    yield cost_database
    lambda_handler._page.cache_clear()


def test_the_metrics_function_answers_the_load_balancer(store, configured, monkeypatch):
    assert configured
    put(store, SAMPLE)
    response = lambda_handler.metrics({"httpMethod": "GET", "path": "/metrics/cost"}, None)
    assert (response["statusCode"], response["statusDescription"]) == (200, "200 OK")
    assert "aws_cost_monthly_usd{" in response["body"]
    monkeypatch.setattr(lambda_handler, "database_url", lambda _: "postgresql://127.0.0.1:1/none")
    lambda_handler._page.cache_clear()
    response = lambda_handler.metrics({"httpMethod": "GET", "path": "/metrics/cost"}, None)
    assert response["statusCode"] == 503
    assert "aws_cost" not in response["body"]


def test_the_metrics_function_compresses_for_a_client_that_accepts_it(store, configured):
    assert configured
    put(store, SAMPLE)
    request = {"httpMethod": "GET", "path": "/metrics/cost"}
    plain = lambda_handler.metrics(request, None)
    response = lambda_handler.metrics({**request, "headers": {"accept-encoding": "gzip"}}, None)
    assert response["isBase64Encoded"] is True
    assert response["headers"]["Content-Encoding"] == "gzip"
    costs = [line for line in plain["body"].splitlines() if line.startswith("aws_cost_monthly")]
    assert costs
    assert set(costs) <= set(gzip.decompress(b64decode(response["body"])).decode().splitlines())
    assert plain["isBase64Encoded"] is False
    assert "Content-Encoding" not in plain["headers"]
    assert len(json.dumps(response)) < len(json.dumps(plain)) / 4


def test_the_migration_creates_the_schema_and_reads_nothing(cost_database, configured, monkeypatch):
    assert configured
    monkeypatch.setattr(lambda_handler, "Aws", RecordedAws)
    assert lambda_handler.collect({"task": "migrate"}, None) == {}
    assert Store(cost_database).fetch("last_read", kind="budgets", origin=None) == []


def test_the_collect_function_stores_costs(store, configured, monkeypatch):
    def october(Filter, **_):
        return costs({("Amazon S3", "us-east-1"): ("1", "1")} if "Dimensions" in Filter else {}, "2026-10-05")

    assert configured
    answers = {"ce__get_cost_and_usage": october}
    monkeypatch.setattr(lambda_handler, "Aws", lambda _: RecordedAws(**answers))
    result = lambda_handler.collect({}, None)
    assert any(line.startswith("cost-explorer-usage: ") for line in result["done"])
    assert month_totals(store, parse_month("2026-10"))["by_service"] == {"Amazon S3": "1"}


def test_the_collect_function_fails_if_costs_cannot_be_read(store, configured, monkeypatch):
    assert store
    assert configured
    monkeypatch.setattr(lambda_handler, "Aws", lambda _: RecordedAws())
    with pytest.raises(CostDataError, match="cost-explorer-usage: ce get_cost_and_usage: AccessDenied"):
        lambda_handler.collect({}, None)


def test_every_connection_has_a_new_password_that_iam_signs_and_verifies_the_server(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    url = lambda_handler.database_url(Settings(database_host="db.internal", database_name="ai_budget"))
    connection = conninfo_to_dict(url())
    password = str(connection.pop("password"))
    assert password.startswith("db.internal:5432/?Action=connect&DBUser=cost_data&")
    assert connection == {
        "host": "db.internal", "port": "5432", "dbname": "ai_budget", "user": "cost_data",
        "sslmode": "verify-full", "sslrootcert": str(CERTIFICATES),
    }  # fmt: skip
    assert CERTIFICATES.is_file()


def test_without_credentials_the_metrics_function_answers_503(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    lambda_handler._page.cache_clear()
    response = lambda_handler.metrics({"httpMethod": "GET", "path": "/metrics/cost"}, None)
    lambda_handler._page.cache_clear()
    assert (response["statusCode"], response["body"]) == (
        503,
        "rds generate_db_auth_token: Unable to locate credentials\n",
    )
