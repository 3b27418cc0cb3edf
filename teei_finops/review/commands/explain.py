"""`teei-finops explain`: how the cost of one resource is calculated, line by line."""

from __future__ import annotations

import argparse

from teei_finops.command import Command
from teei_finops.costing.command_files import write_output
from teei_finops.costing.yaml_file import SettingError, near
from teei_finops.review.commands.pricing_options import PREVIEW_HELP, add_pricing_options, cost_options
from teei_finops.review.documents import report_of_files
from teei_finops.review.report_schema import AmountRange, Report, ResourceRow


def explain(report: Report, name: str) -> str:
    """Quantity × unit × rate of every line, tier by tier, with the source and date of its price.

    `name` is a URN, or a name that only one resource has. Raises `SettingError` for another one.
    """
    row = _find(report, name)
    lines = [
        row["urn"],
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


def _find(report: Report, name: str) -> ResourceRow:
    rows = report["resources"]
    matching = [row for row in rows if row["urn"] == name] or [row for row in rows if row["name"] == name]
    if len(matching) == 1:
        return matching[0]
    if matching:
        urns = ", ".join(row["urn"] for row in matching)
        raise SettingError(f"explain: {len(matching)} resources are named {name}; give the URN: {urns}")
    names = [row["urn" if name.startswith("urn:") else "name"] for row in rows]
    raise SettingError(f"explain: no resource {name} in the review{near(name, names)}")


def _with_range(amount: AmountRange) -> str:
    if amount["low"] == amount["high"]:
        return amount["expected"]
    return f"{amount['expected']} ({amount['low']} to {amount['high']})"


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the name of the resource, or its URN where several have that name")
    parser.add_argument("preview", nargs="+", help=f"{PREVIEW_HELP}; or the JSON document of a review")
    add_pricing_options(parser)


def _explain(options: argparse.Namespace) -> int:
    report = report_of_files(options.preview, cost_options(**vars(options)))
    write_output(explain(report, options.name), None)
    return 0


EXPLAIN = Command(
    name="explain",
    summary="show how the cost of one resource is calculated",
    configure=_configure,
    run=_explain,
    example="teei-finops explain my-database preview.json",
)
