"""The cost of a change in one line, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from teei_finops.review.render import money, view
from teei_finops.review.report_schema import AmountRange, Report

NAMED = 3  # of the resources without a price


def headline(report: Report) -> str:
    """`+$12.00 a month (+3.1 %)`; where resources have no price, the sum of the others and which these are.

    The percentage is left out where the total before the change misses something.
    """
    change = report["change"]["expected"]
    unpriced, partly = view.unpriced_resources(report), view.partly_priced_resources(report)
    if unpriced or partly:
        after = money.dollars(report["after"]["expected"])
        problems = [_not_priced(unpriced)] if unpriced else []
        problems += [_partly_priced(partly)] if partly else []
        return f"at least {after} a month ({money.signed(change)}); {'; '.join(problems)}"
    is_whole = report["totals_of"] == "stack"
    percent = money.percent(change, report["before"]["expected"]) if is_whole else ""
    return f"{money.signed(change)} a month{percent}"


def price_basis(report: Report) -> Iterator[str]:
    """What stands beside the totals: list and effective amounts, commitments, and shares of nodes."""
    if report["at_list_prices"]["after"] != report["after"]:
        listed = money.with_range(report["at_list_prices"]["after"])
        yield f"at list prices: {listed} a month after the change"
    effective = report["effective"]
    if effective:
        after, change = money.with_range(effective["after"]), money.signed_with_range(effective["change"])
        yield f"effective, with commitments: {after} a month after the change ({change})"
    for row in report["commitments"]:
        unused = Decimal(row["unused"]["high"])
        yield (
            f"{row['name']} ({row['term']}, {row['payment']}): {money.dollars(row['usd_per_month'])} a month "
            f"covers {money.with_range(row['covered'])} of on demand"
            + (f"; {money.with_range(row['unused'])} is unused" if unused else "")
        )
    yield from _shares(report)


def _shares(report: Report) -> Iterator[str]:
    """The allocation of Kubernetes workloads, which is in no total: their nodes are."""
    rows = (row.get("allocation") for row in report["resources"])
    shares = [amount for amount in rows if amount and Decimal(amount["high"])]
    if shares:
        low, expected, high = (
            str(sum(Decimal(amount[end]) for amount in shares)) for end in ("low", "expected", "high")
        )
        total = money.with_range({"low": low, "expected": expected, "high": high})
        workloads = f"{len(shares)} workload{'s' if len(shares) != 1 else ''}"
        yield f"share of the nodes of {workloads}: {total} a month, in no total"


def at_least(amount: AmountRange, unpriced: int) -> str:
    """A total with its range, which misses `unpriced` resources."""
    return f"at least {money.with_range(amount)}" if unpriced else money.with_range(amount)


def missing(report: Report, side: str, stack: str | None = None) -> int:
    """How many resources a total lacks in whole or in part; `side` is `before` or `after`."""
    absent = {"before": "create", "after": "delete"}[side]
    rows = (*view.unpriced_resources(report), *view.partly_priced_resources(report))
    return sum(row["op"] != absent and stack in (None, row["stack"]) for row in rows)


def _partly_priced(partly: list[view.ResourceRow]) -> str:
    named = [
        f"{row['name']}: {line.partition(':')[0]}" for row in partly for line in row.get("unpriced_lines", ())
    ]
    more = len(named) - NAMED
    which = ", ".join(named[:NAMED]) + (f" and {more} more" if more > 0 else "")
    verb = "resource is" if len(partly) == 1 else "resources are"
    return f"{len(partly)} {verb} priced in part (without {which})"


def _not_priced(unpriced: list[view.ResourceRow]) -> str:
    named = [f"{row['name']}: {row.get('reason', '').partition(':')[0]}" for row in unpriced[:NAMED]]
    more = len(unpriced) - len(named)
    which = ", ".join(named) + (f" and {more} more" if more else "")
    verb = "resource is" if len(unpriced) == 1 else "resources are"
    return f"{len(unpriced)} {verb} not priced ({which})"
