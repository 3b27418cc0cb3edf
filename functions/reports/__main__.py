"""`python -m functions.reports`: the monthly and the quarterly review as files, from stored costs."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path

from functions.cost_data.records import Unavailable
from functions.reports.records import ReportError
from functions.shared.command_line import Parser, day_option

PROGRAM = "functions.reports"


def _percent(text: str) -> Decimal:
    try:
        percent = Decimal(text)
    except InvalidOperation:
        percent = Decimal(-1)
    if not (percent.is_finite() and 0 < percent < 100):
        raise argparse.ArgumentTypeError(f"{text}: not a percentage above 0 and below 100")
    return percent


def _parser() -> Parser:
    parser = Parser(prog=PROGRAM, description=__doc__)
    common = Parser(add_help=False)
    common.add_argument("--database-url", required=True, metavar="URL", help="PostgreSQL with the cost data")
    common.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="where the files are written"
    )
    common.add_argument(
        "--at",
        type=day_option,
        metavar="DATE",
        help="the day of the review (default: today); decides draft or final",
    )
    common.add_argument(
        "--recommendations", type=Path, metavar="FILE",
        help="the CSV of scripts/finops/cost-recommendations.sh (default: what the advisor stored)",
    )  # fmt: skip
    common.add_argument(
        "--retention", type=Path, action="append", default=[], metavar="FILE",
        help="the JSON of scripts/infra/storage-retention.sh verify --json, once for each stack",
    )  # fmt: skip
    common.add_argument(
        "--plan-discount-percent", type=_percent, default=Decimal(27), metavar="N",
        help="the discount of a Savings Plan that could be bought (default: 27)",
    )  # fmt: skip
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command = commands.add_parser("monthly", parents=[common], help="the monthly review")
    command.add_argument("--month", metavar="YYYY-MM", help="default: the month before the day of the review")
    command = commands.add_parser("quarterly", parents=[common], help="the quarterly executive review")
    command.add_argument("--quarter", metavar="YYYYQn", help="default: the last quarter that ended")
    return parser


def _run(options: argparse.Namespace) -> None:
    from functions.reports.figures.actions import read_recommendations
    from functions.reports.figures.storage import read_retention
    from functions.reports.monthly import Inputs
    from functions.reports.periods import parse_month, parse_quarter
    from functions.reports.render.files import write_files
    from functions.reports.reviews import make_review
    from functions.reports.schedule import due_period
    from functions.reports.store import Store

    inputs = Inputs(
        actions=(
            read_recommendations(_text(options.recommendations), options.recommendations.name)
            if options.recommendations
            else None
        ),
        retention=[read_retention(_text(path), path.name) for path in options.retention],
        plan_discount=options.plan_discount_percent / 100,
    )
    at = datetime.combine(options.at, time(12), UTC) if options.at else datetime.now(UTC)
    monthly = options.command == "monthly"
    written, parse = (options.month, parse_month) if monthly else (options.quarter, parse_quarter)
    period = due_period(options.command, at.date()) if written is None else parse(written)
    review = make_review(Store(options.database_url), options.command, period, at, inputs)
    for path in write_files(review, options.output):
        print(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReportError(f"{path}: not a text file in UTF-8") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns 0, or 2 on an error, with one line of why."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (ReportError, Unavailable) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{PROGRAM}: {where}{error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
