"""The budgets of the account: limits, filters, thresholds and who hears of them."""

from decimal import Decimal

import pytest

from tests.components.recorded import record

CATEGORIES = {
    "cloud-eks": 45_000,
    "cloud-rds": 20_000,
    "cloud-s3": 10_000,
    "cloud-data-transfer": 10_000,
    "cloud-load-balancers": 8_000,
    "cloud-cloudwatch": 5_000,
    "cloud-other": 2_000,
}
REGIONS = ("us-east-1", "eu-central-1")


def budgets():
    return {each.inputs["name"]: each.inputs for each in record("prod").of("budgets/budget:Budget")}


def filters(budget):
    return {each["name"]: each["values"] for each in budget.get("costFilters", [])}


def test_the_limits_are_the_guides_and_its_categories_add_up_to_the_total():
    limits = {name: Decimal(budget["limitAmount"]) for name, budget in budgets().items()}
    assert {name: limits[name] for name in CATEGORIES} == CATEGORIES
    assert limits["cloud-total"] == sum(CATEGORIES.values()) == 100_000
    assert limits["ai-tokens"] == 10_000
    assert sum(limits[f"region-{region}"] for region in REGIONS) == limits["cloud-total"]
    assert len(limits) == len(CATEGORIES) + len(REGIONS) + 2


def test_every_budget_is_monthly_and_in_dollars():
    for budget in budgets().values():
        assert (budget["budgetType"], budget["timeUnit"], budget["limitUnit"]) == ("COST", "MONTHLY", "USD")


def test_the_total_has_no_filter_and_every_other_budget_has_one():
    found = {name: filters(budget) for name, budget in budgets().items()}
    assert found.pop("cloud-total") == {}
    assert all(len(each) == 1 for each in found.values())


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_has_a_budget_of_its_own(region):
    assert filters(budgets()[f"region-{region}"]) == {"Region": [region]}


def test_the_categories_count_what_cost_explorer_calls_them_and_nothing_twice():
    found = {name: filters(budgets()[name]) for name in CATEGORIES}
    assert "Amazon Elastic Container Service for Kubernetes" in found["cloud-eks"]["Service"]
    assert found["cloud-rds"] == {"Service": ["Amazon Relational Database Service"]}
    assert found["cloud-s3"] == {"Service": ["Amazon Simple Storage Service"]}
    assert found["cloud-load-balancers"] == {"Service": ["Amazon Elastic Load Balancing"]}
    assert found["cloud-cloudwatch"] == {"Service": ["AmazonCloudWatch"]}
    assert "EC2: Data Transfer - Internet (Out)" in found["cloud-data-transfer"]["UsageTypeGroup"]
    services = [service for each in found.values() for service in each.get("Service", [])]
    assert len(set(services)) == len(services)


def test_the_ai_budget_counts_bedrock_and_the_models_that_aws_bills_as_services_of_their_own():
    services = filters(budgets()["ai-tokens"])["Service"]
    assert "Amazon Bedrock" in services
    assert any(service.endswith("(Amazon Bedrock Edition)") for service in services)


@pytest.mark.parametrize(
    ("kind", "percent", "addresses"),
    [
        ("ACTUAL", 70, {"finops@teei.io"}),
        ("ACTUAL", 80, {"eng-lead@teei.io"}),
        ("ACTUAL", 100, {"cfo@teei.io", "cto@teei.io"}),
        ("FORECASTED", 100, {"eng-lead@teei.io", "cfo@teei.io", "cto@teei.io"}),
        ("ACTUAL", 101, {"executives@teei.io"}),
    ],
)
def test_every_budget_tells_the_guides_recipients_by_mail_and_sns(kind, percent, addresses):
    for budget in budgets().values():
        assert len(budget["notifications"]) == 5
        (found,) = [
            each
            for each in budget["notifications"]
            if (each["notificationType"], each["threshold"]) == (kind, percent)
        ]
        assert set(found["subscriberEmailAddresses"]) == addresses
        assert found["subscriberSnsTopicArns"] == ["arn:aws:mock:::finops-cost-alerts"]
        assert (found["comparisonOperator"], found["thresholdType"]) == ("GREATER_THAN", "PERCENTAGE")


def test_anomalies_are_mailed_daily_and_published_at_once():
    found = {
        each.inputs["frequency"]: each.inputs
        for each in record("prod").of("costexplorer/anomalySubscription:AnomalySubscription")
    }
    assert [each["type"] for each in found["DAILY"]["subscribers"]] == ["EMAIL"]
    assert [each["type"] for each in found["IMMEDIATE"]["subscribers"]] == ["SNS"]
    monitor = record("prod").one("costexplorer/anomalyMonitor:AnomalyMonitor").inputs
    assert (monitor["monitorType"], monitor["monitorDimension"]) == ("DIMENSIONAL", "SERVICE")


def test_the_six_tags_are_activated_for_cost_allocation():
    keys = {
        each.inputs["tagKey"]
        for each in record("prod").of("costexplorer/costAllocationTag:CostAllocationTag")
    }
    assert keys == {"team", "service", "environment", "cost-center", "budget", "data-class"}


@pytest.mark.parametrize("stack", ["prod-eu", "staging"])
def test_only_prod_holds_account_wide_resources(stack):
    account_wide = [
        each for each in record(stack).resources if each.type.startswith(("aws:budgets", "aws:costexplorer"))
    ]
    assert account_wide == []
