"""Every price that an estimator asks for is on file in a Region, or is a gap that is known by name."""

from __future__ import annotations

import csv
from decimal import Decimal
from fnmatch import fnmatchcase

import pytest

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import PlanEstimator
from teei_finops.costing.prices.price_book import FOLDER, PriceBook, Rate, Tier, list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.resource_types import known_types
from teei_finops.costing.usage.profile import UsageProfile
from tests.teei_finops.costing.estimators.bills import AT, EU, US, plan, resource
from tests.teei_finops.costing.estimators.sweep_inputs import VARIANTS, Variant

# Inputs that ask for what nobody lists, beside those of the sweep.
RARE = [
    ("aws:cloudfront/distribution:Distribution", {"origins": [{"originShield": {"enabled": True}}]}),
    ("aws:cloudwatch/logGroup:LogGroup", {"logGroupClass": "DELIVERY"}),
    (
        "aws:codebuild/project:Project",
        {"environment": {"type": "LINUX_LAMBDA", "computeType": "BUILD_LAMBDA_1GB"}},
    ),
    (
        "aws:codebuild/project:Project",
        {"environment": {"type": "LINUX_GPU_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL"}},
    ),
    ("aws:cognito/userPool:UserPool", {"userPoolTier": "PLUS"}),
    ("aws:ec2/flowLog:FlowLog", {"logDestinationType": "kinesis-data-firehose"}),
    ("aws:guardduty/detector:Detector", {"datasources": {"kubernetes": {"auditLogs": {"enable": True}}}}),
    ("aws:lambda/function:Function", {"capacityProviderConfig": {}, "durableConfig": {}}),
    (
        "aws:lambda/function:Function",
        {"runtime": "python3.13", "snapStart": {"applyOn": "PublishedVersions"}},
    ),
    ("aws:sns/topicSubscription:TopicSubscription", {"topic": "t", "protocol": "sms"}),
    (
        "aws:wafv2/webAcl:WebAcl",
        {
            "scope": "REGIONAL",
            "rules": [
                {"statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesAntiDDoSRuleSet"}}}
            ],
        },
    ),
]


class AskedFor(PriceBook):
    """Notes what it is asked for, and has a price for everything."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: set[tuple[str, str, str]] = set()

    def find(self, region: str | None, service: str, family: str, key: str) -> Rate | None:
        self.asked.add((service, family, key))
        tiers = (Tier(Decimal(0), Decimal(1), "", ""),)
        return Rate(region or "global", service, family, key, "unit", Decimal(1), tiers)


def asked_for() -> set[tuple[str, str, str]]:
    """What the estimators ask for under the inputs of the sweep, with nothing and with everything stated."""
    book = AskedFor()
    for token, kind in known_types().items():
        if kind.name == "free":
            continue
        everything = dict.fromkeys(kind.usage_keys - {"operating_system"}, Range.of(7))
        for variant in VARIANTS.get(token, [Variant()]):
            for stated in ({}, everything):
                the_plan = plan(resource(token, variant.inputs), *variant.others)
                pricing = Pricing(book, AT, UsageProfile(resources={"it": stated}))
                PlanEstimator(the_plan, pricing).estimate(the_plan.resources[0])
    for token, inputs in RARE:
        the_plan = plan(resource(token, inputs))
        PlanEstimator(the_plan, Pricing(book, AT)).estimate(the_plan.resources[0])
    return book.asked


@pytest.fixture(scope="module")
def missing() -> set[tuple[str, str, str]]:
    prices = list_prices()
    return {wanted for wanted in asked_for() if not any(prices.find(region, *wanted) for region in (US, EU))}


@pytest.fixture(scope="module")
def gaps() -> set[tuple[str, str, str]]:
    with (FOLDER / "known_gaps.csv").open(newline="", encoding="utf-8") as file:
        return {
            (gap["service"], gap["family"], gap["key"])
            for gap in csv.DictReader(file)
            if gap["region"] == "*"
        }


def matches(wanted: tuple[str, str, str], gap: tuple[str, str, str]) -> bool:
    return all(fnmatchcase(value, pattern) for value, pattern in zip(wanted, gap, strict=True))


def test_a_price_that_no_region_has_is_a_known_gap(missing, gaps):
    assert {wanted for wanted in missing if not any(matches(wanted, gap) for gap in gaps)} == set()


def test_a_known_gap_is_asked_for_and_open(missing, gaps):
    assert {gap for gap in gaps if not any(matches(wanted, gap) for wanted in missing)} == set()
