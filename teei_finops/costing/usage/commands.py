"""`teei-finops usage`: writes a `usage.yaml`, as a template or from measured usage."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from teei_finops.command import Command
from teei_finops.costing.command_files import day, read_plans, write_output
from teei_finops.costing.regions import check_region
from teei_finops.errors import UserError

PREVIEW_HELP = "a file with the output of `pulumi preview --json`; - is standard input"
DEPLOYED_HELP = (
    "a file with the output of `pulumi stack export` or of `pulumi preview --json --show-sames`;"
    " - is standard input"
)


def _configure_template(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preview", nargs="+", help=PREVIEW_HELP)
    _add_common(parser)


def _configure_account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("preview", nargs="+", help=DEPLOYED_HELP)
    parser.add_argument(
        "--days", type=int, default=30, metavar="N", help="days of usage to read (default: 30)"
    )
    parser.add_argument(
        "--at",
        type=day,
        metavar="DATE",
        help="read the days before DATE, such as 2026-12-31 (default: today, UTC)",
    )
    _add_common(parser)


def _configure_focus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bill", type=Path, help="a FOCUS export of AWS: CSV, CSV with gzip, or Parquet")
    parser.add_argument("preview", nargs="+", help=DEPLOYED_HELP)
    _add_output(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--region", metavar="REGION", help="Region of resources that have none (default: no Region)"
    )
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to FILE (default: standard output)"
    )


def _template(options: argparse.Namespace) -> int:
    from teei_finops.costing.usage.template import usage_template

    region = check_region(options.region, "--region") if options.region else None
    text = usage_template(read_plans(options.preview), datetime.now(UTC).date(), region)
    write_output(text, options.output)
    return 0


def _from_account(options: argparse.Namespace, source: str) -> int:
    from teei_finops.costing.usage.from_aws import usage_from

    at = options.at or datetime.now(UTC).date()
    region = check_region(options.region, "--region") if options.region else None
    text = usage_from(source, read_plans(options.preview), at=at, days=options.days, region=region)
    write_output(text, options.output)
    return 0


def _from_focus(options: argparse.Namespace) -> int:
    from teei_finops.costing.usage.from_focus import usage_from_focus

    write_output(usage_from_focus(options.bill, read_plans(options.preview)), options.output)
    return 0


def _commitments(options: argparse.Namespace) -> int:
    from teei_finops.costing.budgets.commitments_from_aws import commitments_of_account

    write_output(commitments_of_account(datetime.now(UTC).date()), options.output)
    return 0


def _no_source(_: argparse.Namespace) -> int:
    raise UserError("usage from: no source; choose cloudwatch, cost-explorer or focus")


def _no_command(_: argparse.Namespace) -> int:
    raise UserError(
        "usage: no command; choose template, commitments or from, or run 'teei-finops usage --help'"
    )


USAGE = Command(
    name="usage",
    summary="write usage.yaml, as a template or from measured usage",
    run=_no_command,
    example="teei-finops usage template preview.json --output usage.yaml",
    commands=(
        Command(
            name="template",
            summary="write the usage that the review assumes, to be replaced by your own",
            description="Write every usage key of the resources of a preview, with the value that the\n"
            "review assumes without it. It needs no account.",
            configure=_configure_template,
            run=_template,
            example="teei-finops usage template preview.json --output usage.yaml",
        ),
        Command(
            name="commitments",
            summary="write the Savings Plans and reserved instances of the account, for budgets.yaml",
            description="Write the Savings Plans and reserved instances of the account as `commitments` for\n"
            "budgets.yaml, with what they saved in the last whole month. It needs AWS credentials; its six\n"
            "requests to Cost Explorer cost $0.01 each.",
            configure=_add_output,
            run=_commitments,
            example="teei-finops usage commitments --output commitments.yaml",
        ),
        Command(
            name="from",
            summary="write the usage of a deployed stack, scaled to a month of 730 hours",
            run=_no_source,
            example="teei-finops usage from cloudwatch state.json --output usage.yaml",
            commands=(
                Command(
                    name="cloudwatch",
                    summary="from the metrics of its resources (needs AWS credentials)",
                    configure=_configure_account,
                    run=lambda options: _from_account(options, "cloudwatch"),
                    example="teei-finops usage from cloudwatch state.json --days 30 --output usage.yaml",
                ),
                Command(
                    name="cost-explorer",
                    summary="from the billed quantities of its resources (needs AWS credentials)",
                    description="From the billed quantities of its resources in the last 14 days, where\n"
                    "Cost Explorer has resource-level data. It needs AWS credentials; a request costs $0.01.",
                    configure=_configure_account,
                    run=lambda options: _from_account(options, "cost-explorer"),
                    example="teei-finops usage from cost-explorer state.json --output usage.yaml",
                ),
                Command(
                    name="focus",
                    summary="from a bill in the FOCUS format, without any account",
                    configure=_configure_focus,
                    run=_from_focus,
                    example="teei-finops usage from focus bill.parquet state.json --output usage.yaml",
                ),
            ),
        ),
    ),
)
