"""`python -m costing review|usage-from|refresh-prices`: what a change costs, before it is applied."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from costing.plan import PreviewError, read_plan
from costing.price_book import PriceFileError, list_prices, read_overrides
from costing.review import FORMATS, Budgets, Options, exit_code, render, review
from costing.usage import NO_USAGE, read_usage
from costing.yaml_file import SettingError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exits 0; 1 when the gate says no or a preview ended in errors; 2 when nothing could be reviewed."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (PreviewError, SettingError, PriceFileError) as error:
        print(f"costing: {error}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"costing: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    """One line on a wrong call, instead of a usage text."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="costing", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    made = commands.add_parser("review", help="what a `pulumi preview --json` costs")
    made.set_defaults(run=_review)
    made.add_argument("preview", nargs="+", help="a file, or - for standard input")
    made.add_argument("--usage", type=Path, help="usage.yml: requests, GB and hours")
    made.add_argument("--prices", type=Path, help="CSV of prices to add or override")
    made.add_argument("--budgets", type=Path, help="budgets.yml: budgets, waivers, coverage, discounts")
    made.add_argument("--free-tier", action="store_true", help="use up the always-free allowances once")
    made.add_argument("--region", help="Region of resources that name none")
    made.add_argument("--at", type=_day, help="day of the review, 2026-12-31; today (UTC) without it")
    made.add_argument("--format", choices=FORMATS, default="table")
    made.add_argument("--output", type=Path, help="write there instead of to standard output")
    made.add_argument("--explain", metavar="URN", help="show how the amounts of one resource come about")
    made = commands.add_parser("refresh-prices", help="rewrite price rows from the AWS Price List")
    made.set_defaults(run=_refresh)
    made.add_argument("--service", action="append", help="a service code, more than once; all without it")
    made.add_argument("--output", type=Path, help="the CSV to rewrite; the price book without it")
    made = commands.add_parser("usage-from", help="write usage.yml from real data")
    made.set_defaults(run=_usage_from)
    made.add_argument("source", choices=("cloudwatch", "cost-explorer"))
    made.add_argument("preview", nargs="+", help="the preview of a deployed stack, or - for standard input")
    made.add_argument("--days", type=int, default=30, help="how far to look back")
    made.add_argument("--region", help="Region of resources that name none")
    made.add_argument("--at", type=_day, help="the day to look back from; today (UTC) without it")
    made.add_argument("--output", type=Path, help="write there instead of to standard output")
    return parser


def _review(options: argparse.Namespace) -> int:
    gc.disable()  # a preview is one large tree that lives until the end
    book = list_prices()
    if options.prices:
        book = book.with_overrides(read_overrides(options.prices, book))
    if options.budgets:
        from costing.budgets_file import read_budgets

        budgets = read_budgets(options.budgets, book)
    else:
        budgets = Budgets()
    chosen = Options(
        at=options.at or datetime.now(UTC).date(),
        book=book,
        usage=read_usage(options.usage) if options.usage else NO_USAGE,
        budgets=budgets,
        region=options.region,
        free_tier=options.free_tier,
    )
    document = review([read_plan(_read(path), name=path) for path in options.preview], chosen)
    if options.explain:
        from costing.explain import explain

        text = explain(document, options.explain)
    else:
        text = render(document, options.format)
    _write(text, options.output)
    return exit_code(document)


def _refresh(options: argparse.Namespace) -> int:
    from costing.aws import AwsError
    from costing.refresh import refresh

    try:
        print(refresh(options.service, options.output), file=sys.stderr)
    except AwsError as error:
        return _refused(error)
    return 0


def _usage_from(options: argparse.Namespace) -> int:
    from costing.aws import AwsError
    from costing.usage_from import usage_from

    plans = [read_plan(_read(path), name=path) for path in options.preview]
    at = options.at or datetime.now(UTC).date()
    try:
        text = usage_from(options.source, plans, at=at, days=options.days, region=options.region)
    except AwsError as error:
        return _refused(error)
    _write(text, options.output)
    return 0


def _refused(error: Exception) -> int:
    print(f"costing: {error}", file=sys.stderr)
    return 2


def _read(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PreviewError(f"{path}: {error.strerror}; name the output of `pulumi preview --json`") from None
    except UnicodeDecodeError:
        raise PreviewError(f"{path}: not text; name the output of `pulumi preview --json`") from None


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        output.write_text(text, encoding="utf-8")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-12-31") from None


if __name__ == "__main__":
    sys.exit(main())
