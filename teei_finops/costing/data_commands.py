"""`teei-finops usage-from` and `teei-finops prices`: usage of an account, and what the price book holds."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.command_files import day, read_plans, write_output


def _configure_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("region", metavar="REGION", help="a Region such as eu-west-1, or global")


def _configure_refresh(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--region", required=True, metavar="REGION", help="the Region to update, such as eu-west-1"
    )
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
        help="write the rows to FILE, for review --prices (default: the built-in price book)",
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


def _list(_: argparse.Namespace) -> int:
    from teei_finops.costing.prices.contents import all_regions_table

    write_output(all_regions_table(), None)
    return 0


def _show(options: argparse.Namespace) -> int:
    from teei_finops.costing.prices.contents import region_table

    write_output(region_table(options.region), None)
    return 0


def _refresh(options: argparse.Namespace) -> int:
    from teei_finops.costing.prices.refresh import refresh

    print(refresh(options.region, options.service, options.output), file=sys.stderr)
    return 0


def _usage_from(options: argparse.Namespace) -> int:
    from teei_finops.costing.usage.from_aws import usage_from

    at = options.at or datetime.now(UTC).date()
    plans = read_plans(options.preview)
    write_output(
        usage_from(options.source, plans, at=at, days=options.days, region=options.region), options.output
    )
    return 0


PRICES = Command(
    name="prices",
    summary="list the Regions of the price book with their services, dates and gaps",
    run=_list,
    example="teei-finops prices",
    commands=(
        Command(
            name="show",
            summary="list the services of a Region, and what has no price there",
            configure=_configure_show,
            run=_show,
            example="teei-finops prices show eu-west-1",
        ),
        Command(
            name="refresh",
            summary="update the prices of a Region from the AWS Price List (needs AWS credentials)",
            configure=_configure_refresh,
            run=_refresh,
            example="teei-finops prices refresh --region eu-west-1 --service AmazonEC2",
        ),
    ),
)
USAGE_FROM = Command(
    name="usage-from",
    summary="write usage.yaml from the usage of a deployed stack (needs AWS credentials)",
    configure=_configure_usage_from,
    run=_usage_from,
    example="teei-finops usage-from cloudwatch preview.json --output usage.yaml",
)
