"""`teei-finops prices`: what the price book holds, and prices from the AWS Price List."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.command_files import write_output


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
