"""How the amounts of one resource come about, line by line."""

from __future__ import annotations

from typing import Any

from teei_finops.costing.yaml_file import SettingError, near


def explain(document: dict[str, Any], urn: str) -> str:
    """Quantity × unit × rate of every line, tier by tier, with the price row's source and date.

    Raises `SettingError` when the review has no row for `urn`.
    """
    row = next((each for each in document["resources"] if each["urn"] == urn), None)
    if row is None:
        urns = [each["urn"] for each in document["resources"]]
        raise SettingError(f"--explain: no resource {urn} in the review{near(urn, urns)}")
    lines = [
        urn,
        f"{row['type']} in {row['region'] or 'no Region'}: {row['op']}, {row['state']}",
    ]
    if row["state"] == "unpriced":
        return "\n".join([*lines, f"unpriced: {row['reason']}", ""])
    for side in ("before", "after", "change"):
        lines.append(f"{side:<7} {_ends(row[side])} USD a month")
    if row.get("allocation"):
        lines.append(f"share of the nodes, not added: {_ends(row['allocation'])} USD a month")
    for line in [*row["lines"], *row.get("allocation_lines", ())]:
        lines.append(f"- {line['what']}{' (assumed)' if line['assumed'] else ''}")
        lines.append(
            f"    {line['quantity']} {line['unit']} × {line['rate']} USD = {_ends(line['amount'])} USD"
        )
        lines.append(f"    price of {line['as_of'] or 'no date'}: {line['source']}")
    lines += [f"note: {note}" for note in row["notes"]]
    return "\n".join([*lines, ""])


def _ends(ends: dict[str, str]) -> str:
    if ends["low"] == ends["high"]:
        return ends["expected"]
    return f"{ends['expected']} ({ends['low']} to {ends['high']})"
