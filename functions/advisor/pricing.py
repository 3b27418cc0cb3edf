"""What a change saves, by the same estimates as the cost review's: list prices of the price book."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from teei_finops.costing.amounts import HOURS
from teei_finops.costing.estimate import PlanEstimator
from teei_finops.costing.estimators.pods import CPU_WEIGHT, REFERENCE_NODE, REFERENCE_WEIGHT
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.pricing import Pricing

DEFAULT_REGION = "us-east-1"
LINUX = ("AmazonEC2", "instance-linux-shared")


@dataclass(frozen=True)
class UnitPrices:
    """US dollars a month for one requested core and one requested GiB; `basis` says of which nodes."""

    core: Decimal
    gib: Decimal
    basis: str

    def of(self, cores: float, memory_bytes: float) -> Decimal:
        return self.core * Decimal(str(cores)) + self.gib * Decimal(str(memory_bytes)) / 1024**3


class Prices:
    """List prices on a day, which decides on extended support."""

    def __init__(self, day: date) -> None:
        self.day = day
        self._book = list_prices()

    def monthly(self, token: str, region: str, inputs: Mapping[str, Any]) -> Decimal | None:
        """US dollars a month of a resource, as `saving` counts it."""
        return self.saving(token, region, inputs, None)

    def saving(
        self, token: str, region: str, before: Mapping[str, Any], after: Mapping[str, Any] | None
    ) -> Decimal | None:
        """US dollars a month that a change of a Pulumi type's inputs saves; `after` is None for a deletion.

        Charges that depend on unknown usage are left out. None where a price is not known.
        """
        urn = f"urn:pulumi:account::advisor::{token}::resource"

        def state(inputs: Mapping[str, Any]) -> dict[str, Any]:
            return {
                "urn": urn,
                "type": token,
                "custom": True,
                "id": "id",
                "inputs": {**inputs, "region": region},
            }

        step: dict[str, Any] = {"op": "delete", "urn": urn, "oldState": state(before)}
        if after is not None:
            step |= {"op": "update", "newState": state(after)}
        plan = read_plan(json.dumps({"steps": [step]}, default=str), name="account")
        pricing = Pricing(self._book, self.day, fallback_region=region)
        estimate = PlanEstimator(plan, pricing).estimate(plan.resources[0])
        if estimate.state == "unpriced" or estimate.unpriced_lines:
            return None

        def known(lines: Any) -> Decimal:
            return sum((line.amount.expected for line in lines if not line.assumed), Decimal(0))

        return known(estimate.before_lines) - known(estimate.after_lines)

    def hourly_month(self, region: str, service: str, family: str, key: str) -> Decimal | None:
        """US dollars of an hourly price in a month of 730 hours."""
        unit = self.unit(region, service, family, key)
        return unit * HOURS if unit is not None else None

    def unit(self, region: str, service: str, family: str, key: str) -> Decimal | None:
        """US dollars for one unit in the first tier."""
        rate = self._book.find(region, service, family, key)
        return rate.tiers[0].usd if rate else None

    def instance_hour(self, region: str, instance_type: str) -> Decimal | None:
        """US dollars an hour of a Linux instance on demand."""
        return self.unit(region, *LINUX, instance_type)

    def instance_month(self, region: str, instance_type: str) -> Decimal | None:
        """US dollars a month of a Linux instance on demand."""
        return self.hourly_month(region, *LINUX, instance_type)

    def reference_units(self, region: str) -> UnitPrices | None:
        """What a core and a GiB cost on the reference node of the cost review."""
        return self._units(region, REFERENCE_NODE, REFERENCE_WEIGHT)

    def units_of(self, region: str, instance_type: str, cores: float, gib: float) -> UnitPrices | None:
        """What a core and a GiB cost on a node with that capacity; None without a price of its type."""
        return self._units(region, instance_type, Decimal(str(cores)) * CPU_WEIGHT + Decimal(str(gib)))

    def _units(self, region: str, instance_type: str, weight: Decimal) -> UnitPrices | None:
        price = self.instance_month(region, instance_type)
        if price is None or not weight:
            return None
        return UnitPrices(
            price * CPU_WEIGHT / weight, price / weight, f"{instance_type} on demand in {region}"
        )
