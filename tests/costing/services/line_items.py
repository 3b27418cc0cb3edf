"""What each line of an estimate says, for tests that check quantities as well as amounts."""

from __future__ import annotations

from decimal import Decimal

from costing.estimate import Estimate
from costing.model import Line


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
