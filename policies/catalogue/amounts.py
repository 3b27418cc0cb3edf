"""Works out the amounts of the examples in the catalogue, from the price book of the cost review."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from policies.catalogue.entries import Example
from teei_finops.costing.amounts import Range
from teei_finops.costing.costs import EXACT, CostOptions, costs_of
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.usage.profile import UsageProfile

REGION = "us-east-1"
DAY = date(2026, 11, 28)  # of the support windows
_URN = "urn:pulumi:example::example::{}::example"


@dataclass(frozen=True)
class Amounts:
    """US dollars a month at list price: of the example, and after the fix; None where that deletes it."""

    before: Decimal
    after: Decimal | None


def amounts_of(example: Example) -> Amounts:
    """Raises `ValueError` where the price book has no price for the example."""
    before = _monthly_usd(example.type, example.inputs, example.usage)
    if example.fixed is None and example.fixed_usage is None:
        return Amounts(before, None)
    inputs = {**example.inputs, **(example.fixed or {})}
    usage = example.usage if example.fixed_usage is None else example.fixed_usage
    return Amounts(before, _monthly_usd(example.type, inputs, usage))


def _monthly_usd(token: str, inputs: Mapping[str, Any], usage: Mapping[str, int]) -> Decimal:
    urn = _URN.format(token)
    state = {"urn": urn, "type": token, "custom": True, "inputs": inputs}
    plan = read_plan(json.dumps({"steps": [{"op": "create", "urn": urn, "newState": state}]}), name="example")
    book = list_prices()
    values = {key: Range.of(Decimal(quantity)) for key, quantity in usage.items()}
    options = CostOptions(DAY, book, UsageProfile(resources={urn: values}), region=REGION)
    with localcontext(EXACT):
        (priced,) = costs_of(plan, options.pricing())
    if priced.estimate.state == "unpriced":
        raise ValueError(f"{token}: {priced.estimate.reason}")
    return priced.estimate.after.expected
