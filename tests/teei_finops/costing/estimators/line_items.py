"""What each line of an estimate says, for tests that check quantities as well as amounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from teei_finops.costing.amounts import Line, Range
from teei_finops.costing.estimate import Estimate, PlanEstimator
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.usage.profile import UsageProfile
from tests.teei_finops.costing.estimators.bills import AT, US, plan


def line_items(estimate: Estimate) -> tuple[Line, ...]:
    """The lines of the state after the change."""
    assert estimate.state != "unpriced", estimate.reason
    return estimate.after_lines


def lines(estimate: Estimate) -> dict[str, tuple[Decimal, Decimal]]:
    """(quantity, US dollars) that each line expects, by what it is for."""
    found = {line.what: (line.quantity.expected, line.amount.expected) for line in line_items(estimate)}
    assert len(found) == len(line_items(estimate))
    assert sum(amount for _, amount in found.values()) == estimate.after.expected
    return found


def bill_with(
    rows: dict[tuple[str, str, str], str], *steps: dict[str, Any], usage: dict[str, int] | None = None
) -> Estimate:
    """The first of `steps` in us-east-1, where `rows` brings the prices that are on nobody's list.

    A row is (service, family, key) and US dollars per unit of one.
    """
    overrides = {
        (US, *wanted): [[US, *wanted, "unit", usd, "0", "2026-11", "brought by the test"]]
        for wanted, usd in rows.items()
    }
    profile = UsageProfile(resources={"it": {key: Range.of(value) for key, value in (usage or {}).items()}})
    the_plan = plan(*steps)
    pricing = Pricing(list_prices().with_overrides(overrides), AT, profile)
    return PlanEstimator(the_plan, pricing).estimate(the_plan.resources[0])
