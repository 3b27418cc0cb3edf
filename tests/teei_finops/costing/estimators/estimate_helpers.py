"""Estimates of resources that a test describes, and the list prices to compare them with.

Prices are read from the CSV file itself, so that an expectation never comes from the code under test.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from teei_finops.costing.amounts import Line, Range
from teei_finops.costing.estimate import Estimate, PlanEstimator
from teei_finops.costing.preview.plan import Plan
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.preview.values import UNKNOWN as UNKNOWN
from teei_finops.costing.prices.price_book import REGIONS, PriceBook, list_prices
from teei_finops.costing.pricing import Pricing
from teei_finops.costing.usage.profile import UsageProfile

AT = date(2026, 11, 24)
US, EU = "us-east-1", "eu-central-1"
D = Decimal


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{token}::{name}"


def resource(
    token: str,
    inputs: dict[str, Any] | None = None,
    *,
    name: str = "it",
    id: str = "",
    op: str = "create",
    outputs: dict[str, Any] | None = None,
    depends_on: dict[str, tuple[str, str]] | None = None,
    provider: str | None = None,
) -> dict[str, Any]:
    """One step of a preview; `depends_on` is the source (token, name) of an unknown input."""
    package = token.partition(":")[0]
    state: dict[str, Any] = {
        "urn": urn(token, name),
        "custom": True,
        "type": token,
        "inputs": inputs or {},
        "outputs": outputs or {},
        "provider": provider or f"{urn(f'pulumi:providers:{package}', 'default')}::id",
        "propertyDependencies": {path: [urn(*source)] for path, source in (depends_on or {}).items()},
    }
    if id:
        state["id"] = id
    step = {"op": op, "urn": state["urn"], "newState": state}
    if op in ("same", "update"):
        step["oldState"] = state
    return step


def plan(*steps: dict[str, Any], region: str = US) -> Plan:
    text = json.dumps(
        {"config": {"aws:region": region} if region else {}, "steps": list(steps), "changeSummary": {}}
    )
    return read_plan(text, name="test")


def estimates_of(
    *steps: dict[str, Any],
    region: str = US,
    usage: dict[str, dict[str, Any]] | None = None,
    free_tier: bool = False,
    book: PriceBook | None = None,
) -> list[Estimate]:
    """All resources in order; `usage` is by name, its values are numbers, (low, expected, high) or text."""
    profile = UsageProfile(
        resources={
            name: {key: _value(value) for key, value in keys.items()} for name, keys in (usage or {}).items()
        }
    )
    pricing = Pricing(book or list_prices(), AT, profile, free_tier=free_tier)
    the_plan = plan(*steps, region=region)
    estimator = PlanEstimator(the_plan, pricing)
    return [estimator.estimate(resource) for resource in the_plan.resources]


def estimate_of(
    token: str,
    inputs: dict[str, Any] | None = None,
    *related: dict[str, Any],
    region: str = US,
    usage: dict[str, Any] | None = None,
    free_tier: bool = False,
    **step: Any,
) -> Estimate:
    """Estimates one resource of a plan with `related` ones; `usage` is its own."""
    first = resource(token, inputs, **step)
    profile = {step.get("name", "it"): usage} if usage else None
    return estimates_of(first, *related, region=region, usage=profile, free_tier=free_tier)[0]


def estimate_with_prices(
    rows: dict[tuple[str, str, str], str], *steps: dict[str, Any], usage: dict[str, int] | None = None
) -> Estimate:
    """The first of `steps` in us-east-1, where `rows` adds prices that the price book does not have.

    A row is (service, family, key) and US dollars per unit of one.
    """
    overrides = {
        (US, *key): [[US, *key, "unit", usd, "0", "2026-11", "added by the test"]]
        for key, usd in rows.items()
    }
    book = list_prices().with_overrides(overrides)
    return estimates_of(*steps, usage={"it": usage} if usage else None, book=book)[0]


def after_lines(estimate: Estimate) -> tuple[Line, ...]:
    """The lines of the state after the change."""
    assert estimate.state != "unpriced", estimate.reason
    return estimate.after_lines


def lines_by_name(estimate: Estimate) -> dict[str, tuple[Decimal, Decimal]]:
    """(quantity, US dollars) that each line of `after` expects, by what it is for."""
    lines = after_lines(estimate)
    assert len({line.what for line in lines}) == len(lines)
    for line in lines:
        assert line.amount.expected == line.quantity.expected * line.rate
    assert sum(line.amount.expected for line in lines) == estimate.after.expected
    return {line.what: (line.quantity.expected, line.amount.expected) for line in lines}


def amounts_by_name(estimate: Estimate) -> dict[str, Decimal]:
    """US dollars that each line of `after` expects, by what it is for."""
    return {what: amount for what, (_, amount) in lines_by_name(estimate).items()}


def dollars(estimate: Estimate) -> Decimal:
    """The expected cost of the resource after the change."""
    assert estimate.state != "unpriced", estimate.reason
    return estimate.after.expected


def price(service: str, family: str, key: str, region: str = US, *, tier: Decimal | int | str = 0) -> Decimal:
    """US dollars per unit of the price row whose tier starts at `tier`, as in the file."""
    return _prices(region)[service, family, key][Decimal(tier)]


@cache
def _prices(region: str) -> dict[tuple[str, str, str], dict[Decimal, Decimal]]:
    prices: dict[tuple[str, str, str], dict[Decimal, Decimal]] = {}
    with (REGIONS / f"{region}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (row["service"], row["family"], row["key"])
            prices.setdefault(key, {})[Decimal(row["tier_from"])] = Decimal(row["usd"])
    return prices


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        low, expected, high = (Decimal(str(end)) for end in value)
        return Range(low, expected, high)
    return value if isinstance(value, str) else Range.of(Decimal(str(value)))


def near_cents(amount: Decimal, expected: Decimal) -> bool:
    """Whether two amounts in US dollars differ by less than a tenth of a cent."""
    return abs(amount - expected) < Decimal("0.001")
