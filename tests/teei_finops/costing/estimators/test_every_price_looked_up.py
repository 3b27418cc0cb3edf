"""Every price that an estimator looks up is in the price book for some Region, or is a known gap."""

from __future__ import annotations

import csv
from decimal import Decimal
from fnmatch import fnmatchcase

import pytest

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import PlanEstimator
from teei_finops.costing.prices.price_book import FOLDER, PriceBook, Rate, Tier, list_prices, regions
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.resource_types import known_types
from teei_finops.costing.usage.profile import UsageProfile
from tests.teei_finops.costing.estimators.estimate_helpers import AT, plan, resource
from tests.teei_finops.costing.estimators.sweep_inputs import VARIANTS
from tests.teei_finops.costing.estimators.sweep_resources import Variant

# Inputs, besides those of the sweep, that look up prices which no source lists.
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


class RecordingBook(PriceBook):
    """Has a price for everything and records what is looked up."""

    def __init__(self) -> None:
        super().__init__({})
        self.lookups: set[tuple[str, str, str]] = set()

    def find(self, region: str | None, service: str, family: str, key: str) -> Rate | None:
        self.lookups.add((service, family, key))
        tiers = (Tier(Decimal(0), Decimal(1), "", ""),)
        return Rate(region or "global", service, family, key, "unit", Decimal(1), tiers)


def looked_up() -> set[tuple[str, str, str]]:
    """What the estimators look up under the inputs of the sweep, without usage and with every usage key."""
    book = RecordingBook()
    for token, type_class in known_types().items():
        if type_class.name == "free":
            continue
        everything = dict.fromkeys(type_class.usage_keys - {"operating_system"}, Range.of(7))
        for variant in VARIANTS.get(token, [Variant()]):
            for usage in ({}, everything):
                the_plan = plan(resource(token, variant.inputs), *variant.related)
                pricing = Pricing(book, AT, UsageProfile(resources={"it": usage}))
                PlanEstimator(the_plan, pricing).estimate(the_plan.resources[0])
    for token, inputs in RARE:
        the_plan = plan(resource(token, inputs))
        PlanEstimator(the_plan, Pricing(book, AT)).estimate(the_plan.resources[0])
    return book.lookups


@pytest.fixture(scope="module")
def missing() -> set[tuple[str, str, str]]:
    prices = list_prices()
    return {
        price_key
        for price_key in looked_up()
        if not any(prices.find(region, *price_key) for region in regions())
    }


@pytest.fixture(scope="module")
def gaps() -> set[tuple[str, str, str]]:
    with (FOLDER / "known_gaps.csv").open(newline="", encoding="utf-8") as file:
        return {
            (gap["service"], gap["family"], gap["key"])
            for gap in csv.DictReader(file)
            if gap["regions"] == "*"
        }


def matches(price_key: tuple[str, str, str], gap: tuple[str, str, str]) -> bool:
    return all(fnmatchcase(value, pattern) for value, pattern in zip(price_key, gap, strict=True))


def test_a_price_that_no_region_has_is_a_known_gap(missing, gaps):
    assert {price_key for price_key in missing if not any(matches(price_key, gap) for gap in gaps)} == set()


def test_a_known_gap_is_looked_up_and_open(missing, gaps):
    assert {gap for gap in gaps if not any(matches(price_key, gap) for price_key in missing)} == set()
