"""How amounts are written for people. Amounts are in US dollars, Decimal or decimal strings."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from teei_finops.review.report_schema import AmountRange

CENT = Decimal("0.01")
MINUS = "−"


def dollars(amount: Decimal | str) -> str:
    """`$1,234.50`, `−$3.00`; an amount that is not zero but rounds to it is `<$0.01`, never `$0.00`."""
    value = Decimal(amount)
    rounded = value.quantize(CENT, ROUND_HALF_UP)
    sign = MINUS if value < 0 else ""
    return f"{sign}<$0.01" if value and not rounded else f"{sign}${abs(rounded):,}"


def signed(amount: Decimal | str) -> str:
    """`+$12.00`, `−$12.00`, `$0.00`."""
    return f"+{dollars(amount)}" if Decimal(amount) > 0 else dollars(amount)


def with_range(amount: AmountRange, write: Callable[[str], str] = dollars) -> str:
    """The expected amount, and its range where low and high differ: `$12.00 ($9.00 to $20.00)`."""
    if Decimal(amount["low"]) == Decimal(amount["high"]):
        return write(amount["expected"])
    return f"{write(amount['expected'])} ({write(amount['low'])} to {write(amount['high'])})"


def signed_with_range(change: AmountRange) -> str:
    """`+$12.00 (+$9.00 to +$20.00)`."""
    return with_range(change, signed)


def percent(change: str, before: str) -> str:
    """The change in percent of what was before: ` (+12.5 %)`; empty when that was 0."""
    base = Decimal(before)
    if not base:
        return ""
    share = (Decimal(change) / base * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f" ({'+' if share > 0 else ''}{str(share).replace('-', MINUS)} %)"


def limit(amount: str | None) -> str:
    """A budget's limit, which is missing where only the increase is capped."""
    return "no limit" if amount is None else dollars(amount)
