"""`teei-finops usage-from` and `teei-finops refresh-prices`: updates prices and usage from an AWS account."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.command_files import day, read_plans, write_output
from teei_finops.costing.regions import check_region


def _configure_refresh(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service",
        action="append",
        metavar="CODE",
        help="an AWS service code such as AmazonEC2; may be repeated (default: all services)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the CSV file to rewrite (default: the built-in price book)",
    )


def _configure_usage_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", choices=("cloudwatch", "cost-explorer"), help="where the usage is read from"
    )
    parser.add_argument(
        "preview",
        nargs="+",
        help="a file with the output of `pulumi preview --json` of a deployed stack; - is standard input",
    )
    parser.add_argument(
        "--days", type=int, default=30, metavar="N", help="days of usage to read (default: 30)"
    )
    parser.add_argument(
        "--region", metavar="REGION", help="Region of resources that have none (default: no Region)"
    )
    parser.add_argument(
        "--at",
        type=day,
        metavar="DATE",
        help="last day of the usage, such as 2026-12-31 (default: today, UTC)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to FILE (default: standard output)"
    )


def _refresh(options: argparse.Namespace) -> int:
    from teei_finops.costing.prices.refresh import refresh

    print(refresh(options.service, options.output), file=sys.stderr)
    return 0


def _usage_from(options: argparse.Namespace) -> int:
    from teei_finops.costing.usage.from_aws import usage_from

    at = options.at or datetime.now(UTC).date()
    region = check_region(options.region, "--region") if options.region else None
    plans = read_plans(options.preview)
    write_output(usage_from(options.source, plans, at=at, days=options.days, region=region), options.output)
    return 0


REFRESH_PRICES = Command(
    name="refresh-prices",
    summary="update price rows from the AWS Price List (needs AWS credentials)",
    configure=_configure_refresh,
    run=_refresh,
    example="teei-finops refresh-prices --service AmazonEC2",
)
USAGE_FROM = Command(
    name="usage-from",
    summary="write usage.yaml from the usage of a deployed stack (needs AWS credentials)",
    configure=_configure_usage_from,
    run=_usage_from,
    example="teei-finops usage-from cloudwatch preview.json --output usage.yaml",
)
