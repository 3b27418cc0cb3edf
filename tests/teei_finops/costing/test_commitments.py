"""Savings Plans and reserved instances: what they cover, in the order of AWS, and the effective amounts."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from teei_finops.costing.amounts import Line, Range
from teei_finops.costing.budgets.budgets_file import Budgets, read_budgets
from teei_finops.costing.budgets.commitments import Commitment, coverage_of, effective
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Discount
from teei_finops.costing.yaml_file import SettingError
from teei_finops.review.render import render
from tests.teei_finops.costing.estimators.estimate_helpers import price
from tests.teei_finops.costing.preview_builder import INSTANCE, QUEUE, create, preview, step
from tests.teei_finops.review.reports_of_previews import exactly, report_of
from tests.teei_finops.review.test_report_schema import problems

D = Decimal
M5 = 730 * price("AmazonEC2", "instance-linux-shared", "m5.large")
WEB = create(INSTANCE, "web", {"instanceType": "m5.large"})


def savings_plan(usd_per_hour: str, percent: int, kind: str = "compute-savings-plan", **more) -> Commitment:
    return Commitment(kind, "1-year", "no-upfront", D(usd_per_hour), D(percent), **more)


def reserved(service: str, instance: str, count: int, usd_per_hour: str, **more) -> Commitment:
    return Commitment(
        "reserved-instances", "3-years", "all-upfront", D(usd_per_hour), service=service, instance=instance,
        region="us-east-1", count=D(count), **more,
    )  # fmt: skip


def reviewed(*commitments: Commitment, steps=(WEB,), **more):
    return report_of(preview(*steps), budgets=Budgets(commitments=commitments, **more))


def line(service: str, family: str, key: str, amount: str, hours: str = "730") -> Line:
    usd, quantity = D(amount), D(hours)
    return Line(
        "x", service, Range.of(quantity), "hour", usd / quantity, Range.of(usd), "", "", family=family,
        key=key, region="us-east-1",
    )  # fmt: skip


def test_a_savings_plan_replaces_on_demand_cost_up_to_its_commitment():
    report = reviewed(savings_plan("0.03", 25))
    (row,) = report["commitments"]
    assert row["covered"] == exactly("29.2"), "0.03 / 0.75 x 730"
    assert row["unused"] == exactly("0")
    assert row["usd_per_month"] == "21.9"
    total = D(report["after"]["expected"])
    assert D(report["effective"]["after"]["expected"]) == total - D("29.2") + D("21.9")
    assert report["at_list_prices"]["after"] == report["after"]
    assert problems(report) == []


def test_a_commitment_above_the_usage_is_paid_all_the_same():
    report = reviewed(savings_plan("1", 50))
    (row,) = report["commitments"]
    assert D(row["covered"]["expected"]) == M5
    assert D(row["unused"]["expected"]) == 730 - M5 / 2
    assert D(report["effective"]["before"]["expected"]) == 730, "before the change nothing uses it"
    change = D(report["effective"]["change"]["expected"])
    assert change == D(report["change"]["expected"]) - M5, "the instance itself costs nothing more"


def test_reserved_instances_cover_hours_of_their_type():
    report = reviewed(reserved("AmazonEC2", "m5.large", 2, "0.05"))
    (row,) = report["commitments"]
    assert D(row["covered"]["expected"]) == M5
    assert D(row["unused"]["expected"]) == 730 * D("0.05")
    assert reviewed(reserved("AmazonEC2", "m5.xlarge", 1, "0.05"))["commitments"][0]["covered"] == exactly(
        "0"
    )


def test_an_instance_in_two_zones_uses_two_reservations():
    lines = [line("AmazonRDS", "postgresql-multi-az", "db.m5.large", "200")]
    (half,) = coverage_of([reserved("AmazonRDS", "db.m5.large", 1, "0.1")], lines)
    (whole,) = coverage_of([reserved("AmazonRDS", "db.m5.large", 2, "0.1")], lines)
    assert (round(half.covered.expected, 6), round(whole.covered.expected, 6)) == (100, 200)


@pytest.mark.parametrize(
    ("kind", "more", "covered"),
    [
        ("compute-savings-plan", {}, {"m5", "c5", "fargate", "lambda"}),
        ("ec2-instance-savings-plan", {"family": "m5", "region": "us-east-1"}, {"m5"}),
        ("ec2-instance-savings-plan", {"family": "m5", "region": "eu-central-1"}, set()),
        ("sagemaker-savings-plan", {}, {"sagemaker"}),
    ],
)
def test_a_savings_plan_covers_what_aws_lists_for_its_type(kind, more, covered):
    lines = {
        "m5": line("AmazonEC2", "instance-linux-shared", "m5.large", "10"),
        "c5": line("AmazonEC2", "instance-windows-shared", "c5.large", "10"),
        "ebs": line("AmazonEC2", "ebs", "gp3-storage", "10"),
        "fargate": line("AmazonECS", "fargate-x86", "vcpu", "10"),
        "disk": line("AmazonECS", "fargate", "ephemeral-storage", "10"),
        "lambda": line("AWSLambda", "x86", "gb-second", "10"),
        "requests": line("AWSLambda", "x86", "requests", "10"),
        "rds": line("AmazonRDS", "postgresql-single-az", "db.m5.large", "10"),
        "sagemaker": line("AmazonSageMaker", "endpoint", "ml.m5.large", "10"),
    }
    plan = savings_plan("1", 50, kind, **more)
    assert {name for name, item in lines.items() if plan.covers(item)} == covered
    (coverage,) = coverage_of([plan], list(lines.values()))
    assert coverage.covered.expected == 10 * len(covered)


def test_reserved_instances_apply_before_savings_plans_and_nothing_is_covered_twice():
    lines = [line("AmazonEC2", "instance-linux-shared", "m5.large", "73")]
    plans = [
        savings_plan("0.05", 0),
        savings_plan("0.02", 0, "ec2-instance-savings-plan", family="m5", region="us-east-1"),
        reserved("AmazonEC2", "m5.large", 1, "0.06"),
    ]
    covered = [(item.commitment.kind, round(item.covered.expected, 6)) for item in coverage_of(plans, lines)]
    assert covered == [
        ("reserved-instances", 73),
        ("ec2-instance-savings-plan", 0),
        ("compute-savings-plan", 0),
    ]


def test_random_commitments_cover_at_most_what_there_is_and_keep_the_order_of_the_range():
    chooser = Random(18)
    for _ in range(200):
        lines = []
        for _ in range(chooser.randint(0, 6)):
            low, expected, high = sorted(D(chooser.randint(0, 1000)) for _ in range(3))
            rate = D(chooser.randint(1, 500)) / 1000
            kind = chooser.choice(["m5.large", "c5.large", "db.m5.large"])
            service = "AmazonRDS" if kind.startswith("db.") else "AmazonEC2"
            family = chooser.choice(["instance-linux-shared", "postgresql-multi-az"])
            quantity = Range(low, expected, high)
            lines.append(
                Line("x", service, quantity, "hour", rate, quantity * rate, "", "", family=family, key=kind,
                     region="us-east-1")
            )  # fmt: skip
        plans = [
            savings_plan(str(chooser.randint(0, 50) / 100), chooser.randint(0, 72)),
            reserved("AmazonEC2", "m5.large", chooser.randint(0, 3), "0.04"),
            reserved("AmazonRDS", "db.m5.large", chooser.randint(0, 3), "0.09"),
        ]
        total = sum((item.amount for item in lines), Range.of(0))
        coverages = coverage_of(plans, lines)
        cost = sum(plan.monthly_cost for plan in plans)
        result = effective(total, coverages)
        assert result.low <= result.expected <= result.high
        for end in ("low", "expected", "high"):
            covered = sum(getattr(item.covered, end) for item in coverages)
            assert 0 <= covered <= getattr(total, end)
            assert getattr(result, end) == getattr(total, end) - covered + cost
        for item in coverages:
            assert 0 <= item.unused.low <= item.unused.expected <= item.unused.high
            assert item.unused.high <= item.commitment.monthly_cost


def test_a_commitment_counts_through_its_last_day():
    plan = savings_plan("0.03", 25, until=date(2026, 11, 24))
    assert reviewed(plan)["effective"] is not None
    ended = reviewed(savings_plan("0.03", 25, until=date(2026, 11, 23)))
    assert (ended["effective"], ended["commitments"]) == (None, [])
    assert ended["warnings"][0]["message"] == "budgets.yaml: compute savings plan ended on 2026-11-23"


def test_a_discount_changes_the_amounts_and_not_those_at_list_prices():
    same = step("same", QUEUE, "jobs", old={}, new={})
    report = reviewed(steps=[WEB, same], discounts=(Discount("AmazonEC2", D(10)),))
    listed = reviewed(steps=[WEB, same])
    assert report["at_list_prices"]["after"] == listed["after"]
    assert D(report["after"]["expected"]) < D(listed["after"]["expected"])
    assert report["effective"] is None


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_the_review_shows_list_and_effective_amounts(form):
    report = reviewed(savings_plan("1", 50), discounts=(Discount("AmazonEC2", D(10)),))
    text = " ".join(render(report, form).split())
    assert "at list prices: $" in text
    assert "effective, with commitments: $" in text
    assert "compute savings plan (1-year, no-upfront): $730.00 a month covers $" in text
    assert "is unused" in text
    assert "effective" not in render(reviewed(), form)


# The file

WHOLE = """
version: 1
commitments:
  - {type: compute-savings-plan, term: 1-year, payment: no-upfront, usd_per_hour: 2.5, discount_percent: 27}
  - {type: ec2-instance-savings-plan, term: 3-years, payment: partial-upfront, usd_per_hour: 1,
     discount_percent: 45, family: m5, region: us-east-1, until: 2027-06-30}
  - {type: reserved-instances, term: 3-years, payment: all-upfront, usd_per_hour: 0.11, service: AmazonRDS,
     instance: db.m5.large, region: us-east-1, count: 2}
"""


def read(tmp_path: Path, text: str) -> Budgets:
    path = tmp_path / "budgets.yaml"
    path.write_text(text)
    return read_budgets(path, list_prices())


def test_commitments_are_read(tmp_path):
    assert [(item.name, item.monthly_cost) for item in read(tmp_path, WHOLE).commitments] == [
        ("compute savings plan", 1825),
        ("ec2 instance savings plan m5 us-east-1", 730),
        ("2 × reserved instances db.m5.large us-east-1", D("160.60")),
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("compute-savings-plan", "compute-saving-plan", "did you mean 'compute-savings-plan'?"),
        ("term: 1-year", "term: 2-years", "must be one of 1-year, 3-years, not '2-years'"),
        ("payment: no-upfront", "payment: monthly", "payment: must be one of no-upfront"),
        (", discount_percent: 27", "", "discount_percent: is required"),
        ("discount_percent: 27", "discount_percent: 100", "a number of 0 to 99"),
        ("usd_per_hour: 2.5", "usd_per_hour: x", "usd_per_hour: must be a number"),
        ("service: AmazonRDS", "service: AmazonRSD", "did you mean 'AmazonRDS'?"),
        ("count: 2", "count: -1", "count: must be a number of 0 or more"),
        ("family: m5", "famly: m5", "did you mean 'family'?"),
        ("family: m5, ", "", "family: must be text"),
        ("region: us-east-1, until", "region: us-easst-1, until", "did you mean 'us-east-1'?"),
        ("until: 2027-06-30", "until: soon", "must be a date"),
    ],
)
def test_a_mistake_in_a_commitment_is_named_in_one_line(tmp_path, old, new, problem):
    assert old in WHOLE
    with pytest.raises(SettingError) as caught:
        read(tmp_path, WHOLE.replace(old, new, 1))
    assert problem in str(caught.value)
    assert "commitments[" in str(caught.value)
