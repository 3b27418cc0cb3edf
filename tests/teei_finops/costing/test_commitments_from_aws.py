"""`teei-finops usage commitments`: the answers of AWS become a section of `budgets.yaml`."""

from datetime import date
from decimal import Decimal

from botocore.stub import ANY

from teei_finops.costing.budgets.budgets_file import read_budgets
from teei_finops.costing.budgets.commitments_from_aws import commitments_of_account
from teei_finops.costing.prices.price_book import list_prices

DAY = date(2026, 11, 24)
PERIOD = {"Start": "2026-10-01", "End": "2026-11-01"}


def reservation(**attributes: str) -> dict:
    known = {
        "InstanceType": "db.m5.large", "NumberOfInstances": "2", "Region": "us-east-1",
        "SubscriptionType": "Partial Upfront", "StartDateTime": "2025-06-30T10:00:00.000Z",
        "EndDateTime": "2028-06-30T10:00:00.000Z",
    }  # fmt: skip
    return {
        "Key": "SUBSCRIPTION_ID",
        "Value": "1",
        "Attributes": known | attributes,
        "Utilization": {"PurchasedHours": "1488", "TotalAmortizedFee": "148.8"},
    }


def test_the_commitments_of_an_account_are_a_section_of_the_budgets_file(answers, tmp_path):
    arn = "arn:aws:savingsplans::123456789012:savingsplan/1"
    utilization = {
        "SavingsPlanArn": arn,
        "Utilization": {"TotalCommitment": "100", "UsedCommitment": "73"},
        "Savings": {"NetSavings": "27", "OnDemandCostEquivalent": "100"},
    }
    answers("ce").add_response(
        "get_savings_plans_utilization_details",
        {"SavingsPlansUtilizationDetails": [utilization], "TimePeriod": PERIOD},
        {"TimePeriod": PERIOD},
    )
    plan = {
        "savingsPlanArn": arn, "savingsPlanType": "Compute", "paymentOption": "No Upfront",
        "commitment": "2.5", "termDurationInSeconds": 31536000, "end": "2027-03-01T00:00:00.000Z",
    }  # fmt: skip
    second = plan | {
        "savingsPlanArn": "other", "savingsPlanType": "EC2Instance", "ec2InstanceFamily": "m5",
        "region": "eu-central-1", "termDurationInSeconds": 94608000,
    }  # fmt: skip
    savings_plans = answers("savingsplans")
    savings_plans.add_response(
        "describe_savings_plans", {"savingsPlans": [plan], "nextToken": "more"}, {"states": ["active"]}
    )
    savings_plans.add_response(
        "describe_savings_plans", {"savingsPlans": [second]}, {"states": ["active"], "nextToken": "more"}
    )
    for number in range(5):
        groups = [reservation()] if number == 1 else []
        answers("ce").add_response(
            "get_reservation_utilization",
            {"UtilizationsByTime": [{"TimePeriod": PERIOD, "Groups": groups}]},
            {"TimePeriod": PERIOD, "GroupBy": ANY, "Filter": ANY},
        )
    file = tmp_path / "budgets.yaml"
    file.write_text("version: 1\n" + commitments_of_account(DAY))
    compute, ec2, reserved = read_budgets(file, list_prices()).commitments
    assert (compute.kind, compute.usd_per_hour, compute.discount_percent) == (
        "compute-savings-plan", Decimal("2.5"), 27,
    )  # fmt: skip
    assert (compute.term, compute.payment, compute.until) == ("1-year", "no-upfront", date(2027, 3, 1))
    assert (ec2.name, ec2.term, ec2.discount_percent) == (
        "ec2 instance savings plan m5 eu-central-1", "3-years", 0,
    )  # fmt: skip
    assert (reserved.service, reserved.instance, reserved.count) == ("AmazonRDS", "db.m5.large", 2)
    assert (reserved.usd_per_hour, reserved.term, reserved.until) == (
        Decimal("0.1"), "3-years", date(2028, 6, 30),
    )  # fmt: skip
