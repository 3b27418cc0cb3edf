"""How the cost of one resource is calculated, line by line."""

from __future__ import annotations

from teei_finops.costing.yaml_file import SettingError, near
from teei_finops.review.report_schema import AmountRange, Report


def explain(report: Report, urn: str) -> str:
    """Quantity × unit × rate of every line, tier by tier, with the source and date of its price.

    Raises `SettingError` when the report has no row for `urn`.
    """
    rows = {row["urn"]: row for row in report["resources"]}
    if urn not in rows:
        raise SettingError(f"--explain: no resource {urn} in the review{near(urn, list(rows))}")
    row = rows[urn]
    lines = [
        urn,
        f"{row['type']} in {row['region'] or 'no Region'}: {row['op']}, {row['state']}",
    ]
    if "reason" in row:
        return "\n".join([*lines, f"unpriced: {row['reason']}", ""])
    for label, amount in (("before", row["before"]), ("after", row["after"]), ("change", row["change"])):
        if amount:
            lines.append(f"{label:<7} {_with_range(amount)} USD a month")
    allocation = row.get("allocation")
    if allocation:
        lines.append(f"share of the nodes, not in the totals: {_with_range(allocation)} USD a month")
    for line in [*row["lines"], *row.get("allocation_lines", ())]:
        lines.append(f"- {line['what']}{' (assumed)' if line['assumed'] else ''}")
        lines.append(
            f"    {line['quantity']} {line['unit']} × {line['rate']} USD = {_with_range(line['amount'])} USD"
        )
        lines.append(f"    price of {line['as_of'] or 'unknown date'}: {line['source']}")
    lines += [f"note: {note}" for note in row["notes"]]
    return "\n".join([*lines, ""])


def _with_range(amount: AmountRange) -> str:
    if amount["low"] == amount["high"]:
        return amount["expected"]
    return f"{amount['expected']} ({amount['low']} to {amount['high']})"
