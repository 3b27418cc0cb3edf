"""`teei-finops refresh-prices`: updates prices from an AWS account."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from teei_finops.command import Command


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


def _refresh(options: argparse.Namespace) -> int:
    from teei_finops.costing.prices.refresh import refresh

    print(refresh(options.service, options.output), file=sys.stderr)
    return 0


REFRESH_PRICES = Command(
    name="refresh-prices",
    summary="update price rows from the AWS Price List (needs AWS credentials)",
    configure=_configure_refresh,
    run=_refresh,
    example="teei-finops refresh-prices --service AmazonEC2",
)
