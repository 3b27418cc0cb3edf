"""`teei-finops reconcile`: last month's bill beside what the review estimates."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.bill.focus import Bill, read_bill
from teei_finops.costing.bill.reconcile import EstimatedResource, Reconciliation, reconcile
from teei_finops.costing.command_files import read_plans, write_output
from teei_finops.costing.costs import EXACT, costs_of
from teei_finops.review.commands.pricing_options import add_pricing_options, cost_options
from teei_finops.review.render import money
from teei_finops.review.report_rows import decimal_text

MOST_RESOURCES = 10
CENT = Decimal("0.005")  # smaller differences are not listed


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--focus",
        type=Path,
        required=True,
        metavar="FILE",
        help="the bill: a FOCUS export of AWS as CSV, CSV with gzip, or Parquet (required)",
    )
    parser.add_argument(
        "preview",
        nargs="+",
        help="a file with the output of `pulumi stack export` or of `pulumi preview --json --show-sames`"
        " of the deployed stacks; - is standard input",
    )
    add_pricing_options(parser)
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="format of the result (default: table)"
    )


def _reconcile(options: argparse.Namespace) -> int:
    costs = cost_options(**vars(options))
    bill = read_bill(options.focus)
    pricing = costs.pricing()
    with localcontext(EXACT):
        estimated = [
            EstimatedResource(item.resource, item.estimate.before_lines if item.cost.priced else None)
            for plan in read_plans(options.preview)
            for item in costs_of(plan, pricing)
        ]
        result = reconcile(bill, estimated)
        text = _as_json(bill, result) if options.format == "json" else "\n".join(_table(bill, result)) + "\n"
    write_output(text, None)
    return 0


def _as_json(bill: Bill, result: Reconciliation) -> str:
    document = {
        "start": bill.start.isoformat(),
        "end": bill.end.isoformat(),
        "services": [
            {
                "service": item.service,
                "estimated": decimal_text(item.estimated),
                "billed": decimal_text(item.billed),
                "difference": decimal_text(item.billed - item.estimated),
                "parts": {name: decimal_text(amount) for name, amount in item.parts.items() if amount},
            }
            for item in result.services
        ],
        "resources": [
            {
                "name": item.name,
                "type": item.type,
                "estimated": decimal_text(item.estimated),
                "billed": decimal_text(item.billed),
            }
            for item in result.resources
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _table(bill: Bill, result: Reconciliation) -> Iterator[str]:
    yield f"{bill.start:%Y-%m-%d} to {bill.end:%Y-%m-%d}: estimated at list prices, billed amortized"
    yield ""
    rows = [("SERVICE", "ESTIMATED", "BILLED", "DIFFERENCE")]
    total = [Decimal(0), Decimal(0)]
    for item in result.services:
        rows.append(_amounts(item.service, item.estimated, item.billed))
        total = [total[0] + item.estimated, total[1] + item.billed]
    rows.append(_amounts("total", *total))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    explanations = [[], *(_parts(item.parts) for item in result.services), []]
    for row, parts in zip(rows, explanations, strict=True):
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join([row[0].ljust(widths[0]), *cells])
        yield from parts
    differing = [item for item in result.resources if abs(item.difference) >= CENT]
    if differing:
        yield ""
        yield "Resources that differ most, at list prices:"
        for item in differing[:MOST_RESOURCES]:
            yield (
                f"- {item.name} ({item.type}): {money.dollars(item.estimated)} estimated, "
                f"{money.dollars(item.billed)} billed"
            )
        if len(differing) > MOST_RESOURCES:
            yield f"- and {len(differing) - MOST_RESOURCES} more"


def _amounts(name: str, estimated: Decimal, billed: Decimal) -> tuple[str, str, str, str]:
    return name, money.dollars(estimated), money.dollars(billed), money.signed(billed - estimated)


def _parts(parts: dict[str, Decimal]) -> list[str]:
    return [f"  {money.signed(amount)} {name}" for name, amount in parts.items() if abs(amount) >= CENT]


RECONCILE = Command(
    name="reconcile",
    summary="compare a bill with the estimate, by service, with what explains the difference",
    description="Compare a bill in the FOCUS format with what the review estimates for the deployed\n"
    "resources in the same time, by service, and show what explains the difference. It needs\n"
    "pip install 'teei-finops[focus]'.",
    configure=_configure,
    run=_reconcile,
    example="teei-finops reconcile --focus bill.parquet state.json --usage usage.yaml",
)
