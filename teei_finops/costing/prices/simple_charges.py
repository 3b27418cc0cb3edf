"""Charges that are a quantity times one price, from `simple_charges.csv`, so that they need no code.

Columns: `type`; `when`, an input and the values with which the charge applies (`scalingMode=|STANDARD`,
with the empty value for an input that is not set); `what`, the name of the line; `service`, `family` and
`key` of the price book; `quantity`; and `low`, `expected` and `high` of a quantity that usage does not
state. A quantity is `hours` or `months` that the resource exists, `one`, `none` for settings with which
nothing is billed, or a usage key. A usage key without a range is billed only where usage states it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from teei_finops.costing.prices.price_book import FOLDER

HOURS, MONTHS, ONE, NONE = "hours", "months", "one", "none"


@dataclass(frozen=True, slots=True)
class SimpleCharge:
    """`assumed` is the range of a usage key, low to high in base units; None without one."""

    path: str
    values: frozenset[str]
    what: str
    service: str
    family: str
    key: str
    quantity: str
    assumed: tuple[Decimal, Decimal, Decimal] | None

    @property
    def usage_keys(self) -> frozenset[str]:
        """The usage keys that change it."""
        if self.quantity in (HOURS, MONTHS):
            return frozenset({"monthly_hours"})
        return frozenset() if self.quantity in (ONE, NONE) else frozenset({self.quantity})


@cache
def simple_charges() -> dict[str, tuple[SimpleCharge, ...]]:
    """By type token."""
    charges: dict[str, list[SimpleCharge]] = {}
    with (FOLDER / "simple_charges.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path, _, values = row["when"].partition("=")
            assumed = (
                (Decimal(row["low"]), Decimal(row["expected"]), Decimal(row["high"])) if row["low"] else None
            )
            charges.setdefault(row["type"], []).append(
                SimpleCharge(
                    path,
                    frozenset(values.split("|")),
                    row["what"],
                    row["service"],
                    row["family"],
                    row["key"],
                    row["quantity"],
                    assumed,
                )
            )
    return {token: tuple(of_type) for token, of_type in charges.items()}
