"""The Lambda functions of the cost data."""

import json

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from moto import mock_aws

from functions.cost_data import lambda_handler
from functions.cost_data.records import CostDataError
from functions.cost_data.settings import Settings
from functions.cost_data.totals import month_totals, parse_month
from tests.functions.cost_data.recorded_aws import RecordedAws, costs
from tests.functions.cost_data.support import SAMPLE, put

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres


@pytest.fixture
def configured(database, monkeypatch):
    """Points the functions to the database of the test."""
    monkeypatch.setattr(lambda_handler, "database_url", lambda _: database)
    return database


def test_the_metrics_function_answers_the_load_balancer(store, configured, monkeypatch):
    assert configured
    put(store, SAMPLE)
    response = lambda_handler.metrics({"httpMethod": "GET", "path": "/metrics/cost"}, None)
    assert (response["statusCode"], response["statusDescription"]) == (200, "200 OK")
    assert "aws_cost_monthly_usd{" in response["body"]
    monkeypatch.setattr(lambda_handler, "database_url", lambda _: "postgresql://127.0.0.1:1/none")
    response = lambda_handler.metrics({"httpMethod": "GET", "path": "/metrics/cost"}, None)
    assert response["statusCode"] == 503
    assert "aws_cost" not in response["body"]


def test_the_collect_function_stores_costs(store, configured, monkeypatch):
    def october(Filter, **_):
        return costs({("Amazon S3", "us-east-1"): ("1", "1")} if "Dimensions" in Filter else {}, "2026-10-05")

    assert configured
    answers = {"ce__get_cost_and_usage": october}
    monkeypatch.setattr(lambda_handler, "Aws", lambda _: RecordedAws(**answers))
    result = lambda_handler.collect({}, None)
    assert any(line.startswith("cost-explorer-usage: ") for line in result["done"])
    assert month_totals(store, parse_month("2026-10"))["by_service"] == {"Amazon S3": "1"}


def test_the_collect_function_fails_if_costs_cannot_be_read(configured, monkeypatch):
    assert configured
    monkeypatch.setattr(lambda_handler, "Aws", lambda _: RecordedAws())
    with pytest.raises(CostDataError, match="cost-explorer-usage: ce get_cost_and_usage: AccessDenied"):
        lambda_handler.collect({}, None)


def test_the_connection_url_has_the_user_and_the_escaped_password_of_the_secret(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    parameters.clear_caches()
    with mock_aws():
        secret = boto3.client("secretsmanager").create_secret(
            Name="database", SecretString=json.dumps({"username": "cost", "password": "p@ss/word:1"})
        )
        settings = Settings(
            database_secret_arn=secret["ARN"], database_host="db.internal", database_name="budget"
        )
        assert lambda_handler.database_url(settings) == (
            "postgresql://cost:p%40ss%2Fword%3A1@db.internal:5432/budget?sslmode=require"
        )
