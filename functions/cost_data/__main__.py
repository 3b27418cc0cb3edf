"""`python -m functions.cost_data`: import billing files, collect from AWS, serve metrics, print totals."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path

from functions.cost_data.records import CostDataError, Unavailable
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store
from functions.shared.command_line import Parser, day_option

PROGRAM = "functions.cost_data"


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from functions.cost_data.importing import import_files

    store = Store(options.database_url)
    store.create_schema()
    deliveries, rounded = import_files(store, options.files, datetime.now(UTC), settings.memory_limit)
    for delivery in deliveries:
        print(
            f"{delivery.provider} {delivery.billing_account}: billing period "
            f"{delivery.billing_period:%Y-%m}, days {delivery.first_day} to {delivery.last_day}"
        )
    if rounded:
        print(f"{rounded} amounts have more than 28 decimals; they are rounded to 28", file=sys.stderr)
    return 0


def _collect(options: argparse.Namespace, settings: Settings) -> int:
    from functions.cost_data.collect import collect
    from functions.cost_data.sources.aws import Aws

    now = datetime.combine(options.at, time(12), UTC) if options.at else datetime.now(UTC)
    store = Store(options.database_url)
    store.create_schema()
    outcome = collect(store, Aws(settings.regions), settings, now)
    for line in outcome.done:
        print(line)
    for line in outcome.failed:
        print(f"{PROGRAM}: {line}", file=sys.stderr)
    return 0 if outcome.costs_stored else 1


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    from functions.cost_data.app import serve

    serve(options.database_url, options.port, settings)
    return 0


def _totals(options: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001
    from functions.cost_data.totals import month_totals, parse_month

    print(json.dumps(month_totals(Store(options.database_url), parse_month(options.month)), indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description="What is spent: cost data and its metrics.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    database = Parser(add_help=False)
    database.add_argument("--database-url", required=True, metavar="URL", help="connection URL of PostgreSQL")

    command = commands.add_parser("import", parents=[database], help="store FOCUS or CUR 2.0 files")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV, gzipped CSV or Parquet")
    command.set_defaults(run=_import)

    command = commands.add_parser("collect", parents=[database], help="read what is due from AWS")
    command.add_argument(
        "--at", type=day_option, metavar="DATE", help="the day that counts as today (YYYY-MM-DD)"
    )
    command.set_defaults(run=_collect)

    command = commands.add_parser("serve", parents=[database], help="serve /metrics/cost for development")
    command.add_argument("--port", type=int, required=True, metavar="P")
    command.set_defaults(run=_serve)

    command = commands.add_parser("totals", parents=[database], help="print the costs of a month as JSON")
    command.add_argument("--month", required=True, metavar="YYYY-MM")
    command.set_defaults(run=_totals)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns 0; 1 if costs could not be collected; 2 on an error, with one line of why."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options, Settings.from_environment(os.environ))
    except (CostDataError, Unavailable) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{PROGRAM}: {where}{error.strerror}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
