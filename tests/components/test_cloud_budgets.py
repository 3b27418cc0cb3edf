"""The budgets of the account: limits, filters, thresholds and recipients."""

import re
from decimal import Decimal

import pytest

from components import settings
from teei_finops.cost_explorer import SERVICES, TAG_FILTER, USAGE_TYPE_GROUPS
from tests.components.recorded import record
from tests.components.stack_config import ABSENT, config

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
    return {
        resource.inputs["name"]: resource.inputs for resource in record("prod").of("budgets/budget:Budget")
    }


def filters(budget):
    return {cost_filter["name"]: cost_filter["values"] for cost_filter in budget.get("costFilters", [])}


def test_the_limits_are_those_of_the_guide_and_its_categories_add_up_to_the_total():
    limits = {name: Decimal(budget["limitAmount"]) for name, budget in budgets().items()}
    assert {name: limits[name] for name in CATEGORIES} == CATEGORIES
    assert limits["cloud-total"] == sum(CATEGORIES.values()) == 100_000
    assert limits["ai-tokens"] == 10_000
    assert sum(limits[f"region-{region}"] for region in REGIONS) == limits["cloud-total"]
    assert len(limits) == len(CATEGORIES) + len(REGIONS) + 2


def test_every_budget_is_monthly_and_in_dollars():
    for budget in budgets().values():
        assert (budget["budgetType"], budget["timeUnit"], budget["limitUnit"]) == ("COST", "MONTHLY", "USD")


def test_no_budget_counts_credits_or_refunds():
    for budget in budgets().values():
        assert budget["costTypes"] == {"includeCredit": False, "includeRefund": False}


def test_every_name_in_a_filter_is_one_that_cost_explorer_has():
    names = {"Service": SERVICES, "UsageTypeGroup": USAGE_TYPE_GROUPS, "Region": REGIONS}
    for budget in budgets().values():
        for name, values in filters(budget).items():
            assert set(values) <= set(names[name])


def test_a_filter_by_a_tag_has_the_form_of_aws_budgets():
    changes = {"budgets.cloud-s3.services": ABSENT, "budgets.cloud-s3.tag": {"key": "team", "value": "data"}}
    budget = settings.parse(config("prod", changes)).budgets["cloud-s3"]
    assert budget.cost_filter() == ("TagKeyValue", ["user:team$data"])
    assert re.fullmatch(TAG_FILTER, "user:team$data")


def test_the_total_has_no_filter_and_every_other_budget_has_one():
    by_budget = {name: filters(budget) for name, budget in budgets().items()}
    assert by_budget.pop("cloud-total") == {}
    assert all(len(cost_filters) == 1 for cost_filters in by_budget.values())


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_a_budget(region):
    assert filters(budgets()[f"region-{region}"]) == {"Region": [region]}


def test_the_categories_use_the_names_of_cost_explorer_and_count_nothing_twice():
    by_budget = {name: filters(budgets()[name]) for name in CATEGORIES}
    assert "Amazon Elastic Container Service for Kubernetes" in by_budget["cloud-eks"]["Service"]
    assert by_budget["cloud-rds"] == {"Service": ["Amazon Relational Database Service"]}
    assert by_budget["cloud-s3"] == {"Service": ["Amazon Simple Storage Service"]}
    assert by_budget["cloud-load-balancers"] == {"Service": ["Amazon Elastic Load Balancing"]}
    assert by_budget["cloud-cloudwatch"] == {"Service": ["AmazonCloudWatch"]}
    assert "EC2: Data Transfer - Internet (Out)" in by_budget["cloud-data-transfer"]["UsageTypeGroup"]
    services = [service for cost_filters in by_budget.values() for service in cost_filters.get("Service", [])]
    assert len(set(services)) == len(services)


def test_the_ai_budget_counts_bedrock_and_the_models_that_aws_bills_as_separate_services():
    services = filters(budgets()["ai-tokens"])["Service"]
    assert "Amazon Bedrock" in services
    # The default model of the AI budget, claude-3-5-sonnet-20241022.
    assert "Claude 3.5 Sonnet v2 (Amazon Bedrock Edition)" in services
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
def test_every_budget_notifies_the_guides_recipients_by_email_and_sns(kind, percent, addresses):
    for budget in budgets().values():
        assert len(budget["notifications"]) == 5
        (notification,) = [
            candidate
            for candidate in budget["notifications"]
            if (candidate["notificationType"], candidate["threshold"]) == (kind, percent)
        ]
        assert set(notification["subscriberEmailAddresses"]) == addresses
        assert notification["subscriberSnsTopicArns"] == ["arn:aws:mock:::finops-cost-alerts"]
        assert (notification["comparisonOperator"], notification["thresholdType"]) == (
            "GREATER_THAN",
            "PERCENTAGE",
        )


def test_anomalies_are_emailed_daily_and_published_immediately():
    subscriptions = {
        resource.inputs["frequency"]: resource.inputs
        for resource in record("prod").of("costexplorer/anomalySubscription:AnomalySubscription")
    }
    assert [subscriber["type"] for subscriber in subscriptions["DAILY"]["subscribers"]] == ["EMAIL"]
    assert [subscriber["type"] for subscriber in subscriptions["IMMEDIATE"]["subscribers"]] == ["SNS"]
    monitor = record("prod").one("costexplorer/anomalyMonitor:AnomalyMonitor").inputs
    assert (monitor["monitorType"], monitor["monitorDimension"]) == ("DIMENSIONAL", "SERVICE")


def test_the_six_tags_are_activated_for_cost_allocation():
    keys = {
        resource.inputs["tagKey"]
        for resource in record("prod").of("costexplorer/costAllocationTag:CostAllocationTag")
    }
    assert keys == {"team", "service", "environment", "cost-center", "budget", "data-class"}


@pytest.mark.parametrize("stack", ["prod-eu", "staging"])
def test_only_prod_holds_account_wide_resources(stack):
    account_wide = [
        resource
        for resource in record(stack).resources
        if resource.type.startswith(("aws:budgets", "aws:costexplorer"))
    ]
    assert account_wide == []
