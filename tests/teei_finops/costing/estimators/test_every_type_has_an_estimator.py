"""Every type that costs money has an estimator, and every usage key it may state changes its cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest

from teei_finops.costing.amounts import Range
from teei_finops.costing.estimate import PlanEstimator, estimators
from teei_finops.costing.prices.price_book import PriceBook, Rate, Tier, list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.resource_types import class_of, known_types
from teei_finops.costing.usage.profile import UsageProfile
from tests.teei_finops.costing.estimators.bills import AT, plan, resource
from tests.teei_finops.costing.estimators.sweep_inputs import VARIANTS, Variant

BILLED = sorted(token for token, kind in known_types().items() if kind.name in ("priced", "usage"))
KEYS = [(token, key) for token in BILLED for key in sorted(known_types()[token].usage_keys)]
STATED = {"operating_system": "windows", "spot_price_usd_per_hour": Decimal("0.0123")}
AMOUNT = Decimal("123456.5")


class EveryPrice(PriceBook):
    """A book in which everything has a price, and another one than everything else."""

    def find(self, region: str | None, service: str, family: str, key: str) -> Rate | None:
        usd = Decimal(1 + crc32(f"{service} {family} {key}".encode()) % 997) / 100
        rate = list_prices().find(region, service, family, key)
        unit, per = (rate.unit, rate.per) if rate else ("unit", Decimal(1))
        return Rate(region or "global", service, family, key, unit, per, (Tier(Decimal(0), usd, "", ""),))


BOOK = EveryPrice({})
NEVER_PRICED = {
    "aws:shield/protection:Protection"
}  # its subscription is the organisation's, whatever is made


def estimate(token: str, variant: Variant, usage: dict[str, Any]) -> tuple[str, Range, str]:
    stated = {
        key: value if isinstance(value, str) else Range.of(Decimal(value))
        for key, value in {**variant.usage, **usage}.items()
    }
    the_plan = plan(resource(token, variant.inputs), *variant.others)
    estimator = PlanEstimator(the_plan, Pricing(BOOK, AT, UsageProfile(resources={"it": stated})))
    found = estimator.estimate(the_plan.resources[0])
    return found.state, found.after, found.reason


@pytest.mark.parametrize("token", BILLED)
def test_every_type_that_is_not_free_has_an_estimator(token: str):
    assert token in estimators()


@pytest.mark.parametrize("token", sorted(set(BILLED) - NEVER_PRICED))
def test_every_type_can_be_priced_when_everything_has_a_price(token: str):
    for variant in VARIANTS.get(token, [Variant()]):
        state, _, reason = estimate(token, variant, {})
        assert state in ("priced", "usage"), f"{variant.inputs}: {reason}"


@pytest.mark.parametrize(("token", "key"), KEYS)
def test_every_usage_key_of_a_type_changes_its_cost(token: str, key: str):
    changed = [
        estimate(token, variant, {key: STATED.get(key, AMOUNT)})[1] != estimate(token, variant, {})[1]
        for variant in VARIANTS.get(token, [Variant()])
    ]
    assert any(changed)


def test_no_estimator_is_of_a_type_without_a_class():
    assert [
        token for token in estimators() if not token.startswith("kubernetes:") and class_of(token) is None
    ] == []
