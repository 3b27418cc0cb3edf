"""What a month cost, and what the figures were read from."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from functions.cost_data.records import CostDataError, month_is_final
from functions.cost_data.store import Store
from functions.shared.command_line import parse_day


def parse_month(text: str) -> date:
    """The first day of a month written as YYYY-MM. Raises CostDataError."""
    try:
        return parse_day(f"{text}-01")
    except ValueError:
        raise CostDataError(f"--month {text}: not a month; write it as YYYY-MM") from None


def decimal_text(amount: Decimal) -> str:
    """An amount with every digit it has and without an exponent or trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def month_totals(store: Store, month: date) -> dict[str, Any]:
    """The costs of the days of a month in US dollars as decimal text; by service and Region: billed.

    `final` is whether every source was read so late that its figures no longer change. Raises CostDataError
    if nothing is stored of the month.
    """
    rows = store.fetch("month_totals", month=month)
    sources = store.fetch("month_sources", month=month)
    if not sources:
        raise CostDataError(
            f"--month {month:%Y-%m}: nothing is stored of this month; run `import` or `collect` first"
        )
    by_service: dict[str, Decimal] = defaultdict(Decimal)
    by_region: dict[str, Decimal] = defaultdict(Decimal)
    for region, service, billed, _ in rows:
        by_service[service] += billed
        by_region[region] += billed
    return {
        "month": f"{month:%Y-%m}",
        "billed": decimal_text(sum((row[2] for row in rows), Decimal())),
        "effective": decimal_text(sum((row[3] for row in rows), Decimal())),
        "by_service": {name: decimal_text(amount) for name, amount in sorted(by_service.items())},
        "by_region": {name: decimal_text(amount) for name, amount in sorted(by_region.items())},
        "final": all(month_is_final(month, max(row[5], row[6])) for row in sources),
        "sources": [
            {
                "kind": kind,
                "source": source,
                "origin": origin,
                "fingerprint": fingerprint,
                "read_at": f"{read_at:%Y-%m-%dT%H:%M:%SZ}",
                "confirmed_at": f"{confirmed_at:%Y-%m-%dT%H:%M:%SZ}",
                "first_day": first.isoformat(),
                "last_day": last.isoformat(),
                "charges": int(charges),
                "billed": decimal_text(billed),
                "effective": decimal_text(effective),
            }
            for _, kind, source, origin, fingerprint, read_at, confirmed_at, first, last, charges, billed,
            effective in sources
        ],
    }  # fmt: skip
