"""`teei-finops usage-from` and `teei-finops refresh-prices`: updates prices and usage from an AWS account."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from teei_finops.costing.command_files import day, read_plans, write_output


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Adds both commands."""
    refresh = commands.add_parser("refresh-prices", help="rewrite price rows from the AWS Price List")
    refresh.set_defaults(run=_refresh)
    refresh.add_argument("--service", action="append", help="a service code, repeatable; default: all")
    refresh.add_argument("--output", type=Path, help="the CSV to rewrite; default: the price book")
    usage = commands.add_parser("usage-from", help="write usage.yaml from real data")
    usage.set_defaults(run=_usage_from)
    usage.add_argument("source", choices=("cloudwatch", "cost-explorer"))
    usage.add_argument("preview", nargs="+", help="the preview of a deployed stack, or - for standard input")
    usage.add_argument("--days", type=int, default=30, help="how far to look back")
    usage.add_argument("--region", help="Region of resources that have none")
    usage.add_argument("--at", type=day, help="the day to look back from; default: today (UTC)")
    usage.add_argument("--output", type=Path, help="write to this file; default: standard output")


def _refresh(options: argparse.Namespace) -> int:
    from teei_finops.costing.prices.refresh import refresh

    print(refresh(options.service, options.output), file=sys.stderr)
    return 0


def _usage_from(options: argparse.Namespace) -> int:
    from teei_finops.costing.usage.from_aws import usage_from

    at = options.at or datetime.now(UTC).date()
    plans = read_plans(options.preview)
    write_output(
        usage_from(options.source, plans, at=at, days=options.days, region=options.region), options.output
    )
    return 0
