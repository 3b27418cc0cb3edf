"""What the collector reads, stores and spends, on a real PostgreSQL with recorded answers of AWS."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from functions.cost_data.collect import collect
from functions.cost_data.metrics import Page
from functions.cost_data.settings import Settings
from functions.cost_data.sources.aws import AwsError
from functions.cost_data.totals import month_totals, parse_month
from tests.functions.cost_data.recorded_aws import RecordedAws, costs, forecast, usd
from tests.functions.cost_data.support import at, sql

pytest_plugins = ("tests.functions.cost_data.support",)
pytestmark = pytest.mark.postgres
EC2, S3 = "Amazon Elastic Compute Cloud - Compute", "Amazon Simple Storage Service"


def is_usage(filter_):
    return "Dimensions" in filter_


def usage_and_credit(Filter, TimePeriod, **_):
    day = TimePeriod["Start"]
    if is_usage(Filter):
        return costs({(EC2, "eu-central-1"): ("10.123456789", "9"), (S3, "NoRegion"): ("0.5", "0.5")}, day)
    return costs({(EC2, "Credit"): ("-2", "-2"), ("Tax", "Tax"): ("1", "1")}, day)


def commitments():
    ends = datetime(2027, 1, 20, tzinfo=UTC)
    return {
        "savingsplans__describe_savings_plans": {
            "savingsPlans": [
                {"savingsPlanId": "sp-1", "savingsPlanType": "Compute", "end": "2027-01-10T00:00:00.000Z"}
            ]
        },
        "ec2__describe_reserved_instances": {
            "ReservedInstances": [
                {"ReservedInstancesId": "ri-1", "InstanceType": "m5.large", "End": ends, "State": "active"},
                {"ReservedInstancesId": "ri-2", "InstanceType": "m5.large", "End": ends, "State": "retired"},
            ]
        },
        "rds__describe_reserved_db_instances": {
            "ReservedDBInstances": [
                {
                    "ReservedDBInstanceId": "db-1", "DBInstanceClass": "db.r6g.large", "State": "active",
                    "StartTime": ends - timedelta(days=365), "Duration": 365 * 86_400,
                }
            ]
        },
        "elasticache__describe_reserved_cache_nodes": {"ReservedCacheNodes": []},
        "opensearch__describe_reserved_instances": {"ReservedInstances": []},
        "redshift__describe_reserved_nodes": {"ReservedNodes": []},
        "ce__get_savings_plans_coverage": {
            "SavingsPlansCoverages": [
                {"Coverage": {"SpendCoveredBySavingsPlans": "60", "TotalCost": "80", "OnDemandCost": "20"}}
            ]
        },
        "ce__get_savings_plans_utilization": {"Total": {"Utilization": {"UtilizationPercentage": "97.5"}}},
        "ce__get_reservation_coverage": {
            "CoveragesByTime": [], "Total": {"CoverageHours": {"CoverageHoursPercentage": "40"}},
        },
        "ce__get_reservation_utilization": {
            "UtilizationsByTime": [], "Total": {"UtilizationPercentage": "88"},
        },
    }  # fmt: skip


def budget(name, limit, **fields):
    return {
        "BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": usd(limit),
        "CalculatedSpend": {"ActualSpend": usd("400"), "ForecastedSpend": usd("900")},
    } | fields  # fmt: skip


def account(**answers):
    """An account where everything answers."""
    return RecordedAws(
        **{
            "ce__get_cost_and_usage": usage_and_credit,
            "ce__get_cost_forecast": forecast("2026-11-24", "100", "80", "130"),
            "budgets__describe_budgets": {
                "Budgets": [
                    budget("total", "1000"),
                    budget("s3", "5000", CostFilters={"Service": ["Amazon Simple Storage Service"]}),
                    budget("yearly", "12000", TimeUnit="ANNUALLY"),
                ]
            },
            "budgets__describe_notifications_for_budget": {
                "Notifications": [
                    {"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
                    for kind in ("ACTUAL", "FORECASTED")
                ]
            },
            "budgets__describe_subscribers_for_notification": {
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "finops@teei.io"}]
            },
            "cloudwatch__list_metrics": {
                "Metrics": [
                    {
                        "Namespace": "AWS/S3", "MetricName": "BucketSizeBytes",
                        "Dimensions": [
                            {"Name": "BucketName", "Value": "exports"},
                            {"Name": "StorageType", "Value": "StandardStorage"},
                        ],
                    }
                ]
            },
            "cloudwatch__get_metric_data": {
                "MetricDataResults": [
                    {"Id": "m0", "Timestamps": [at("2026-11-23 00:00"), at("2026-11-22 00:00")],
                     "Values": [2e12, 1e12]}
                ]
            },
            **commitments(),
            **answers,
        }
    )  # fmt: skip


NOW = at("2026-11-24 06:00")


def test_one_run_stores_costs_forecast_budgets_commitments_and_bucket_sizes(store, cost_database):
    outcome = collect(store, account(), Settings(), NOW)
    assert (outcome.failed, outcome.costs_stored) == ([], True)
    totals = month_totals(store, parse_month("2026-10"))
    assert totals["billed"] == "9.623456789"
    assert totals["effective"] == "8.5"
    assert totals["by_region"] == {"eu-central-1": "10.123456789", "global": "-0.5"}
    assert totals["final"] is True
    assert sql(cost_database, "SELECT * FROM cost_data.forecasts") == [
        (date(2026, 11, 1), Decimal(100), Decimal(80), Decimal(130))
    ]
    text = Page(store, Settings()).text(NOW).decode()
    for line in (
        'aws_budget_monthly_limit_usd{budget="total"} 1000.0',
        'aws_budget_subscribers{budget="s3"} 1.0',
        'aws_commitment_coverage_ratio{kind="savings-plan"} 0.75',
        'aws_commitment_utilization_ratio{kind="reservation"} 0.88',
        'aws_commitment_expiry_days{id="sp-1",kind="savings-plan",product="Compute"} 46.75',
        'aws_commitment_expiry_days{id="db-1",kind="reservation",product="db.r6g.large"} 56.75',
        'aws_s3_bucket_bytes{bucket="exports",storage_class="StandardStorage"} 2e+12',
        "aws_cost_forecast_usd 100.0",
        "aws_cost_explorer_requests 7.0",
        'aws_cost_data_age_seconds{kind="cost-explorer-usage"} 0.0',
    ):
        assert line in text
    assert "ri-2" not in text
    assert "yearly" not in text


def test_reading_again_replaces_charges_and_forgets_a_credit_that_aws_took_back(store):
    collect(store, account(), Settings(), at("2026-11-05 06:00"))
    later = at("2026-11-12 06:00")

    def without_credit(Filter, TimePeriod, **_):
        return costs({(EC2, "eu-central-1"): ("3", "3")} if is_usage(Filter) else {}, TimePeriod["Start"])

    collect(store, account(ce__get_cost_and_usage=without_credit), Settings(), later)
    assert month_totals(store, parse_month("2026-10"))["billed"] == "3"


def test_a_month_of_two_runs_a_day_needs_at_most_60_cost_explorer_requests(store, cost_database):
    year, number = 2026, 10
    aws = account()
    for day in range(1, monthrange(year, number)[1] + 1):
        for hour in (6, 18):
            outcome = collect(store, aws, Settings(), datetime(year, number, day, hour, tzinfo=UTC))
            assert outcome.failed == []
    assert aws.cost_explorer_requests() <= 60
    counted = sql(cost_database, "SELECT requests FROM cost_data.cost_explorer_requests")
    assert counted == [(aws.cost_explorer_requests(),)]
    assert aws.calls["ce get_cost_and_usage"] >= monthrange(year, number)[1] + 4


def test_an_account_with_two_pages_an_answer_keeps_to_60_and_reads_usage_to_the_end_of_the_month(store):
    def two_pages(TimePeriod, NextPageToken="", **_):
        return costs(
            {(EC2, NextPageToken or "first"): ("1", "1")}, TimePeriod["Start"], "" if NextPageToken else "p2"
        )

    aws = account(ce__get_cost_and_usage=two_pages)
    for day in range(1, 32):
        collect(store, aws, Settings(), datetime(2026, 10, day, 6, tzinfo=UTC))
    assert aws.cost_explorer_requests() == 60
    assert month_totals(store, parse_month("2026-10"))["billed"].isdigit()


def test_at_the_limit_no_request_is_sent_and_the_failure_is_recorded(store, cost_database):
    aws = account()
    outcome = collect(store, aws, Settings(request_limit=0), NOW)
    assert aws.cost_explorer_requests() == 0
    assert outcome.costs_stored is False
    assert "raise COST_DATA_REQUEST_LIMIT" in outcome.failed[0]
    failures = sql(cost_database, "SELECT kind FROM cost_data.reads WHERE error IS NOT NULL ORDER BY 1")
    assert ("cost-explorer-usage",) in failures
    assert (
        'aws_cost_read_failures{kind="cost-explorer-usage"} 1.0' in Page(store, Settings()).text(NOW).decode()
    )


def test_a_page_that_fails_stores_nothing_of_its_answer(store, cost_database):
    def second_page_fails(TimePeriod, NextPageToken="", **_):
        if NextPageToken:
            raise AwsError("ce get_cost_and_usage: Throttling")
        return costs({(EC2, "eu-central-1"): ("1", "1")}, TimePeriod["Start"], "p2")

    outcome = collect(store, account(ce__get_cost_and_usage=second_page_fails), Settings(), NOW)
    assert outcome.costs_stored is False
    assert sql(cost_database, "SELECT count(*) FROM cost_data.daily_costs") == [(0,)]
    assert sql(cost_database, "SELECT requests FROM cost_data.cost_explorer_requests")[0][0] >= 4


def test_sources_that_are_denied_do_not_stop_the_others(store):
    outcome = collect(store, RecordedAws(ce__get_cost_and_usage=usage_and_credit), Settings(), NOW)
    assert outcome.costs_stored is True
    assert [line.split(":")[0] for line in outcome.failed] == [
        "budgets", "bucket-sizes", "forecast", "commitments",
    ]  # fmt: skip
    assert month_totals(store, parse_month("2026-10"))["billed"] == "9.623456789"


def test_costs_in_another_currency_are_refused(store, cost_database):
    def euros(TimePeriod, **_):
        answer = costs({(EC2, "eu-central-1"): ("1", "1")}, TimePeriod["Start"])
        answer["ResultsByTime"][0]["Groups"][0]["Metrics"]["UnblendedCost"]["Unit"] = "EUR"
        return answer

    outcome = collect(store, account(ce__get_cost_and_usage=euros), Settings(), NOW)
    assert "answers in EUR; only USD can be stored" in outcome.failed[0]
    assert sql(cost_database, "SELECT count(*) FROM cost_data.daily_costs") == [(0,)]


def test_an_account_without_commitments_spends_no_request_on_them(store):
    none = {
        "savingsplans__describe_savings_plans": {"savingsPlans": []},
        "ec2__describe_reserved_instances": {"ReservedInstances": []},
        "rds__describe_reserved_db_instances": {"ReservedDBInstances": []},
    }
    aws = account(**none)
    assert collect(store, aws, Settings(), NOW).failed == []
    assert not any("coverage" in name or "utilization" in name for name in aws.calls)


def test_ai_spend_per_model_and_active_tenants_come_from_the_usage_log(store, cost_database):
    collect(store, account(), Settings(), NOW)  # without the log nothing fails
    sql(
        cost_database,
        "CREATE TABLE ai_token_usage (tenant_id text, model text, report_type text, prompt_tokens bigint, "
        "completion_tokens bigint, cost_usd numeric, timestamp timestamptz)",
    )
    for tenant, model, cost, when in (
        ("a", "claude-sonnet-4-5", "0.000000000001", "2026-11-01 00:00Z"),
        ("b", "claude-sonnet-4-5", "2", "2026-11-24 05:00Z"),
        ("b", "claude-haiku-4-5", "1", "2026-11-30 23:59Z"),
        ("c", "claude-haiku-4-5", "8", "2026-10-31 23:59Z"),
    ):
        row = (tenant, model, "r", 10, 5, cost, when)
        sql(cost_database, "INSERT INTO ai_token_usage VALUES (%s, %s, %s, %s, %s, %s, %s)", *row)
    collect(store, account(), Settings(), NOW)
    assert sql(cost_database, "SELECT model, cost_usd, input_tokens FROM cost_data.ai_costs ORDER BY 1") == [
        ("claude-haiku-4-5", 1, 10), ("claude-sonnet-4-5", Decimal("2.000000000001"), 20),
    ]  # fmt: skip
    assert sql(cost_database, "SELECT month::text, tenants FROM cost_data.active_tenants") == [
        ("2026-11-01", 2)
    ]
    collect(store, account(), Settings(), at("2026-12-01 06:00"))
    text = Page(store, Settings()).text(at("2026-12-01 06:00")).decode()
    assert 'ai_active_tenants{month="2026-11"} 2.0' in text
    assert 'ai_active_tenants{month="current"} 0.0' in text
