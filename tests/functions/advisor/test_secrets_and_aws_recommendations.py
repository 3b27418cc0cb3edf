"""Unused secrets, and the recommendations of AWS itself, from recorded answers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from functions.advisor.account.aws_recommendations import hub_recommendations, optimizer_recommendations
from functions.advisor.account.unused_secrets import unused_secrets
from functions.advisor.findings import Risk
from functions.advisor.report import Examination
from tests.functions.advisor.test_sources import VOLUME, account, finding, lines
from tests.functions.cost_data.recorded_aws import RecordedAws


@pytest.mark.parametrize(
    ("primary", "command"),
    [
        ({}, "delete-secret --region us-east-1 --secret-id old --recovery-window-in-days 30"),
        (
            {"PrimaryRegion": "us-east-1"},
            "delete-secret --region us-east-1 --secret-id old --recovery-window-in-days 30",
        ),
        (
            {"PrimaryRegion": "eu-central-1"},
            "remove-regions-from-replication --region eu-central-1 --secret-id old "
            "--remove-replica-regions us-east-1",
        ),
    ],
)
def test_a_replica_is_removed_in_the_region_of_its_primary(primary, command):
    secret = {
        "ARN": "arn:aws:secretsmanager:us-east-1:111111111111:secret:old-AbCdEf", "Name": "old",
        "CreatedDate": datetime(2025, 1, 1, tzinfo=UTC),
    } | primary  # fmt: skip
    aws = RecordedAws(secretsmanager__list_secrets={"SecretList": [secret]})
    (unused,) = unused_secrets(account(aws))
    assert unused.change == f"verify before deleting: aws secretsmanager {command}"


HUB = {
    "recommendationId": "1", "resourceArn": VOLUME, "resourceId": "vol-0123abcd", "actionType": "Upgrade",
    "currentResourceType": "EbsVolume", "currentResourceSummary": "gp2/500 GB",
    "recommendedResourceSummary": "gp3/500 GB", "estimatedMonthlySavings": 7.5, "estimatedMonthlyCost": 50.0,
    "implementationEffort": "VeryLow", "source": "ComputeOptimizer",
    "tags": [{"key": "team", "value": "data"}],
}  # fmt: skip


def test_a_resource_that_aws_and_a_rule_found_has_one_line(tmp_path):
    purchase = {
        "recommendationId": "2",
        "actionType": "PurchaseSavingsPlans",
        "estimatedMonthlySavings": 900.0,
    }
    aws = RecordedAws(cost_optimization_hub__x={})
    aws.answers = {"cost-optimization-hub list_recommendations": {"items": [HUB, purchase]}}
    (recommended,) = hub_recommendations(account(aws))
    assert (recommended.saving_list, recommended.risk, recommended.owner) == (
        Decimal("7.5"),
        Risk.LOW,
        "data",
    )
    (line,) = lines(tmp_path, Examination([finding("gp2-volume"), recommended]))
    assert line.rule == "gp2-volume"
    assert (
        "AWS agrees: Cost Optimization Hub (ComputeOptimizer): gp2/500 GB, costs $50.00 a month"
        in line.evidence
    )


@pytest.mark.parametrize(
    "unknown", [{"currencyCode": "CNY"}, {"estimatedMonthlyCost": None, "estimatedMonthlySavings": None}]
)
def test_a_recommendation_without_amounts_in_us_dollars_is_not_priced(unknown):
    item = {key: value for key, value in (HUB | unknown).items() if value is not None}
    aws = RecordedAws()
    aws.answers = {"cost-optimization-hub list_recommendations": {"items": [item]}}
    (recommended,) = hub_recommendations(account(aws))
    assert recommended.saving_list is None
    assert recommended.evidence == "Cost Optimization Hub (ComputeOptimizer): gp2/500 GB"


def test_without_the_hub_compute_optimizer_is_read_page_by_page():
    option = {
        "rank": 1, "instanceType": "m7g.large",
        "savingsOpportunity": {"estimatedMonthlySavings": {"currency": "USD", "value": 12.5}},
    }  # fmt: skip
    instance = {
        "instanceArn": "arn:aws:ec2:us-east-1:111111111111:instance/i-1", "currentInstanceType": "m5.xlarge",
        "lookBackPeriodInDays": 14.0, "recommendationOptions": [option],
    }  # fmt: skip

    def instances(nextToken=""):
        return {
            "instanceRecommendations": [instance] * (not nextToken),
            **({} if nextToken else {"nextToken": "2"}),
        }

    aws = RecordedAws()
    aws.answers = {
        "compute-optimizer get_ec2_instance_recommendations": instances,
        "compute-optimizer get_ebs_volume_recommendations": {},
        "compute-optimizer get_lambda_function_recommendations": {},
        "compute-optimizer get_rds_database_recommendations": {},
    }
    (recommended,) = optimizer_recommendations(account(aws))
    assert (recommended.saving_list, recommended.change) == (Decimal("12.5"), "change it to m7g.large")
    assert aws.calls["compute-optimizer get_ec2_instance_recommendations"] == 2
