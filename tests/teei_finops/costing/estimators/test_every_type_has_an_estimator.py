"""Every billed type has an estimator, and each of its usage keys changes its cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zlib import crc32

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import PlanEstimator, estimators
from teei_finops.costing.prices.price_book import PriceBook, Rate, Tier, list_prices
from teei_finops.costing.prices.simple_charges import simple_charges
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.resource_types import class_of, known_types
from teei_finops.costing.usage.profile import UsageProfile
from tests.teei_finops.costing.estimators.estimate_helpers import AT, plan, resource
from tests.teei_finops.costing.estimators.sweep_inputs import VARIANTS
from tests.teei_finops.costing.estimators.sweep_resources import Variant

BILLED = sorted(token for token, type_class in known_types().items() if type_class.name != "free")
USAGE = {
    "operating_system": "windows",
    "spot_price_usd_per_hour": Decimal("0.0123"),
    "spot_discount_percent": Decimal(40),
}
AMOUNT = Decimal("123456.5")
# One subscription of the whole organisation, and resources that are not in the plan.
NEVER_PRICED = {
    "aws:shield/protection:Protection",
    "aws:cloudformation/stack:Stack",
    "aws:cloudcontrol/resource:Resource",
    # Their settings that bill have no price.
    "aws:accessanalyzer/analyzer:Analyzer",
    "aws:ecs/capacityProvider:CapacityProvider",
}


class EveryPrice(PriceBook):
    """A book in which every dimension has a price, and each a different one."""

    def find(self, region: str | None, service: str, family: str, key: str) -> Rate | None:
        usd = Decimal(1 + crc32(f"{service} {family} {key}".encode()) % 997) / 100
        rate = PRICES.find(region, service, family, key)
        unit, per = (rate.unit, rate.per) if rate else ("unit", Decimal(1))
        return Rate(region or "global", service, family, key, unit, per, (Tier(Decimal(0), usd, "", ""),))


PRICES = list_prices()
BOOK = EveryPrice({})


def estimate(token: str, variant: Variant, usage: dict[str, Any]) -> tuple[str, Range, str]:
    values = {
        key: value if isinstance(value, str) else Range.of(Decimal(value))
        for key, value in {**variant.usage, **usage}.items()
    }
    the_plan = plan(resource(token, variant.inputs), *variant.related)
    estimator = PlanEstimator(the_plan, Pricing(BOOK, AT, UsageProfile(resources={"it": values})))
    result = estimator.estimate(the_plan.resources[0])
    return result.state, result.after, result.reason


def variants(token: str) -> list[Variant]:
    return VARIANTS.get(token, [Variant()])


def test_every_type_that_is_not_free_has_an_estimator():
    assert [token for token in BILLED if token not in estimators() and token not in simple_charges()] == []


def test_every_type_can_be_priced_when_everything_has_a_price():
    unpriced = []
    for token in set(BILLED) - NEVER_PRICED:
        for variant in variants(token):
            state, _, reason = estimate(token, variant, {})
            if state not in ("priced", "usage"):
                unpriced.append((token, variant.inputs, reason))
    assert unpriced == []


def test_every_usage_key_of_a_type_changes_its_cost():
    without_effect = []
    for token in BILLED:
        amounts = [estimate(token, variant, {})[1] for variant in variants(token)]
        for key in sorted(known_types()[token].usage_keys):
            usage = {key: USAGE.get(key, AMOUNT)}
            if [estimate(token, variant, usage)[1] for variant in variants(token)] == amounts:
                without_effect.append((token, key))
    assert without_effect == []


def test_every_estimator_is_of_a_type_with_a_class():
    assert [
        token for token in estimators() if not token.startswith("kubernetes:") and class_of(token) is None
    ] == []
