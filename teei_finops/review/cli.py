"""The commands `teei-finops review` and `teei-finops sandbox review`."""

from __future__ import annotations

import argparse
import gc
import os
from datetime import UTC, datetime
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.budgets.budgets_file import Budgets, read_budgets
from teei_finops.costing.budgets.gate import FAIL, INCOMPLETE, UNPRICED
from teei_finops.costing.command_files import day, read_plans, write_output
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.prices.price_book import list_prices, read_overrides
from teei_finops.costing.regions import check_region
from teei_finops.costing.usage.profile import NO_USAGE, read_usage
from teei_finops.review.explain import explain
from teei_finops.review.render import FORMATS, render
from teei_finops.review.report import build_report


def _configure_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "preview",
        nargs="+",
        help="a file with the output of `pulumi preview --json`, one for each stack; - is standard input",
    )
    parser.add_argument(
        "--usage",
        type=Path,
        metavar="FILE",
        help="usage.yaml: monthly requests, GB and hours (default: conservative ranges, marked as assumed)",
    )
    parser.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help="CSV file of prices to add or replace (default: the built-in price book)",
    )
    parser.add_argument(
        "--budgets",
        type=Path,
        metavar="FILE",
        help="budgets.yaml: budgets, waivers, coverage and discounts (default: budgets of the stack config)",
    )
    parser.add_argument(
        "--free-tier",
        action="store_true",
        help="subtract each always-free allowance once (default: not subtracted)",
    )
    parser.add_argument(
        "--region",
        metavar="REGION",
        help="Region of resources whose Region is not known (default: they are unpriced; those of default"
        " providers have the Region of AWS_REGION or AWS_DEFAULT_REGION)",
    )
    parser.add_argument(
        "--at",
        type=day,
        metavar="DATE",
        help="date of the review, such as 2026-12-31: decides on waivers, discounts and support windows"
        " (default: today, UTC)",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="table",
        help="format of the review (default: table)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to FILE (default: standard output)"
    )
    parser.add_argument(
        "--explain",
        metavar="URN",
        help="show how the cost of one resource is calculated, instead of the review",
    )


def _configure_sandbox_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        metavar="NAME",
        help="a stack to review; may be repeated (default: every stack with a Pulumi.<stack>.yaml)",
    )
    parser.add_argument(
        "--base",
        metavar="REF",
        help="show the change against a git reference, or against ./FOLDER with the files before the change"
        " (default: every resource is new)",
    )


def _review(options: argparse.Namespace) -> int:
    gc.disable()  # a preview is one large tree that is kept until the end
    book = list_prices()
    if options.prices:
        book = book.with_overrides(read_overrides(options.prices, book))
    cost_options = CostOptions(
        at=options.at or datetime.now(UTC).date(),
        book=book,
        usage=read_usage(options.usage) if options.usage else NO_USAGE,
        budgets=read_budgets(options.budgets, book) if options.budgets else Budgets(),
        region=check_region(options.region, "--region") if options.region else None,
        default_region=_region_of_environment(),
        free_tier=options.free_tier,
    )
    report = build_report(read_plans(options.preview), cost_options)
    text = explain(report, options.explain) if options.explain else render(report, options.format)
    write_output(text, options.output)
    return 1 if report["verdict"] in (FAIL, INCOMPLETE, UNPRICED) else 0


def _region_of_environment() -> str | None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(name):
            return check_region(os.environ[name], name)
    return None


def _sandbox_review(options: argparse.Namespace) -> int:
    # Imported here: a review of a file does not need the sandbox and its libraries.
    from teei_finops.review.stack_review import review_stacks

    return review_stacks(options.stack, options.base, options.directory)


REVIEW = Command(
    name="review",
    summary="show what a Pulumi preview costs, for any Pulumi program",
    configure=_configure_review,
    run=_review,
    example="pulumi preview --json --show-sames > preview.json && teei-finops review preview.json",
    exit_codes="0 on success, 1 when a budget blocks the change, when no resource that can bill has a price\n"
    "  or when the preview failed, 2 on an error",
)
SANDBOX_REVIEW = Command(
    name="review",
    summary="preview stacks in temporary state and write the cost review to build/review/",
    configure=_configure_sandbox_review,
    run=_sandbox_review,
    example="teei-finops sandbox review --stack staging --base main",
    exit_codes="0 on success, 1 when a mandatory policy or a budget blocks the change, 2 on an error",
)
