"""How amounts, ranges and names are written for people. Amounts come as decimal strings in US dollars."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

Ends = Mapping[str, str]

CENT = Decimal("0.01")
MINUS = "−"


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def dollars(amount: Decimal | str) -> str:
    """`$1,234.50`, `−$3.00`; an amount that is not zero but rounds to it is `<$0.01`, never `$0.00`."""
    value = Decimal(amount)
    if value and not rounded(value):
        return f"{MINUS if value < 0 else ''}<$0.01"
    return f"{MINUS if value < 0 else ''}${abs(rounded(value)):,}"


def signed(amount: Decimal | str) -> str:
    """`+$12.00`, `−$12.00`, `$0.00`."""
    return f"+{dollars(amount)}" if Decimal(amount) > 0 else dollars(amount)


def spread(ends: Ends, write=dollars) -> str:
    """The expected amount, and its range where the ends differ: `$12.00 ($9.00 to $20.00)`."""
    if Decimal(ends["low"]) == Decimal(ends["high"]):
        return write(ends["expected"])
    return f"{write(ends['expected'])} ({write(ends['low'])} to {write(ends['high'])})"


def percent(change: str, before: str) -> str:
    """The change relative to what there was: ` (+12.5 %)`; nothing when there was nothing."""
    base = Decimal(before)
    if not base:
        return ""
    share = (Decimal(change) / base * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f" ({'+' if share > 0 else ''}{str(share).replace('-', MINUS)} %)"


def limit(amount: str | None) -> str:
    """A budget's limit, which may be missing where only the increase is capped."""
    return "no limit" if amount is None else dollars(amount)
