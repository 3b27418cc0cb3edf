"""`teei-finops review FILE…` and `teei-finops sandbox review`."""

from __future__ import annotations

import argparse
import gc
from datetime import UTC, datetime
from pathlib import Path

from teei_finops.costing.budgets.budgets_file import Budgets
from teei_finops.costing.command_files import day, read_plans, write_output
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.prices.price_book import list_prices, read_overrides
from teei_finops.costing.usage.profile import NO_USAGE, read_usage
from teei_finops.review.review import FORMATS, exit_code, render, review


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds `review`."""
    parser = commands.add_parser("review", help="what a `pulumi preview --json` costs")
    parser.set_defaults(run=_review)
    parser.add_argument("preview", nargs="+", help="a file, or - for standard input")
    parser.add_argument("--usage", type=Path, help="usage.yaml: requests, GB and hours")
    parser.add_argument("--prices", type=Path, help="CSV of prices to add or override")
    parser.add_argument("--budgets", type=Path, help="budgets.yaml: budgets, waivers, coverage, discounts")
    parser.add_argument("--free-tier", action="store_true", help="use up the always-free allowances once")
    parser.add_argument("--region", help="Region of resources that name none")
    parser.add_argument("--at", type=day, help="day of the review, such as 2026-12-31; default: today (UTC)")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", type=Path, help="write to this file; default: standard output")
    parser.add_argument("--explain", metavar="URN", help="show how the amounts of one resource come about")


def add_sandbox_parser(commands: argparse._SubParsersAction) -> None:
    """Adds `sandbox review`."""
    parser = commands.add_parser("review", help="plan stacks in temporary state and write the review")
    parser.set_defaults(run=_sandbox_review)
    parser.add_argument("--stack", action="append", default=[])
    parser.add_argument(
        "--base",
        metavar="REF",
        help="show the change against a git reference, or against ./FOLDER with the files before it",
    )


def _review(options: argparse.Namespace) -> int:
    gc.disable()  # a preview is one large tree that lives until the end
    book = list_prices()
    if options.prices:
        book = book.with_overrides(read_overrides(options.prices, book))
    if options.budgets:
        from teei_finops.costing.budgets.budgets_file import read_budgets

        budgets = read_budgets(options.budgets, book)
    else:
        budgets = Budgets()
    chosen = CostOptions(
        at=options.at or datetime.now(UTC).date(),
        book=book,
        usage=read_usage(options.usage) if options.usage else NO_USAGE,
        budgets=budgets,
        region=options.region,
        free_tier=options.free_tier,
    )
    document = review(read_plans(options.preview), chosen)
    if options.explain:
        from teei_finops.review.explain import explain

        text = explain(document, options.explain)
    else:
        text = render(document, options.format)
    write_output(text, options.output)
    return exit_code(document)


def _sandbox_review(options: argparse.Namespace) -> int:
    from teei_finops.review.run import review as review_stacks

    return review_stacks(options.stack, options.base, options.directory)
