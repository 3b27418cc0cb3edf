"""The options of every command that prices a preview."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, date, datetime
from pathlib import Path

from teei_finops.costing.budgets.budgets_file import Budgets, read_budgets
from teei_finops.costing.command_files import day
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.prices.price_book import list_prices, read_overrides
from teei_finops.costing.regions import check_region
from teei_finops.costing.usage.profile import NO_USAGE, read_usage

PREVIEW_HELP = (
    "a file with the output of `pulumi preview --json` or `pulumi stack export`, one for each stack;"
    " - is standard input"
)


def add_pricing_options(parser: argparse.ArgumentParser) -> None:
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
        help="budgets.yaml: budgets, waivers, coverage, discounts and commitments (default: budgets of the"
        " stack config)",
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


def cost_options(
    *,
    usage: Path | None = None,
    prices: Path | None = None,
    budgets: Path | None = None,
    free_tier: bool = False,
    region: str | None = None,
    at: date | None = None,
    **_: object,
) -> CostOptions:
    """From the values of the options; others are ignored.

    Raises `UserError` for a file or a Region that cannot be used.
    """
    book = list_prices()
    if prices:
        book = book.with_overrides(read_overrides(prices, book))
    return CostOptions(
        at=at or datetime.now(UTC).date(),
        book=book,
        usage=read_usage(usage) if usage else NO_USAGE,
        budgets=read_budgets(budgets, book) if budgets else Budgets(),
        region=check_region(region, "--region") if region else None,
        default_region=_region_of_environment(),
        free_tier=free_tier,
    )


def _region_of_environment() -> str | None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(name):
            return check_region(os.environ[name], name)
    return None
