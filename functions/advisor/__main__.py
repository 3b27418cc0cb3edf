"""`python -m functions.advisor`: cost recommendations for clusters and an AWS account, and their status."""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path

from functions.advisor.errors import AdvisorError, SourceError
from functions.advisor.findings import Record, Status
from functions.advisor.formats import FORMATS, NAME, file_name
from functions.advisor.ownership import urns_of_exports
from functions.advisor.report import Records
from functions.advisor.settings import Settings
from functions.advisor.sources import open_store, sources_of
from functions.advisor.tracking.status_file import StatusFile
from functions.cost_data.sources.aws import AwsError
from functions.shared.command_line import Parser, day_option

PROGRAM = NAME
OUTPUT = Path("/tmp/finops-reports")


def _report(options: argparse.Namespace, settings: Settings) -> int:
    from functions.advisor.report import make_report

    now = datetime.combine(options.at, time(), UTC) if options.at else datetime.now(UTC)
    store = open_store(settings)
    urns = urns_of_exports(options.stack_export)
    sources, notes = sources_of(settings, now, use_aws=not options.no_aws, urns=urns)
    store_of_records: Records = store or StatusFile(options.output)
    outcome = make_report(sources, settings, now, store_of_records, store=store, notes=notes)
    for line in outcome.report.notes:
        print(f"{PROGRAM}: {line}", file=sys.stderr)
    if sources and not outcome.report.sources:
        return 2
    path = options.output / file_name(now.date(), options.format)
    options.output.mkdir(parents=True, exist_ok=True)
    path.write_text(FORMATS[options.format](outcome.report), encoding="utf-8")
    print(path)
    return 0


def _urns(options: argparse.Namespace, _settings: Settings) -> int:
    print(json.dumps(urns_of_exports([options.file]), indent=1, sort_keys=True))
    return 0


def _status(options: argparse.Namespace, settings: Settings) -> int:
    from functions.advisor.tracking.statuses import decide

    store_of_records: Records = open_store(settings) or StatusFile(options.output)
    record = _record(store_of_records.records(), options.rule, options.resource)
    changed = decide(
        record,
        Status(options.status),
        datetime.now(UTC).date(),
        until=options.until,
        reason=options.reason,
        owner=options.owner,
        deadline=options.deadline,
    )
    store_of_records.save([changed])
    print(f"{changed.rule} {changed.resource}: {changed.status}")
    return 0


def _record(records: Sequence[Record], rule: str, resource: str) -> Record:
    for record in records:
        if record.key == (rule, resource):
            return record
    raise AdvisorError(f"no report had {rule} for {resource}; both are columns of the report")


def _window(text: str) -> int:
    match = re.fullmatch(r"(\d{1,3})([dw])", text)
    days = int(match[1]) * (7 if match[2] == "w" else 1) if match else 0
    if not 1 <= days <= 366:
        raise argparse.ArgumentTypeError(
            f"{text} is not a window; write it in days or weeks, such as 14d or 2w, up to 366d"
        )
    return days


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    places = Parser(add_help=False)
    places.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR", help=f"default: {OUTPUT}")
    places.add_argument("--database-url", metavar="URL", help="PostgreSQL with the cost data (DATABASE_URL)")

    command = commands.add_parser("report", parents=[places], help="write a report")
    command.add_argument("--format", choices=sorted(FORMATS), default="csv")
    command.add_argument("--prometheus-url", metavar="URL", help="the cluster's Prometheus (PROMETHEUS_URL)")
    command.add_argument("--window", type=_window, metavar="14d", help="how far back usage counts")
    command.add_argument("--no-aws", action="store_true", help="do not read the AWS account")
    command.add_argument(
        "--stack-export", type=Path, action="append", default=[], metavar="FILE",
        help="a file of `pulumi stack export`, to name the URN that manages a resource; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--at",
        type=day_option,
        metavar="DATE",
        help="the end of the window, at 00:00 UTC (default: now)",
    )
    command.set_defaults(run=_report)

    command = commands.add_parser(
        "urns", help="print the URN of each resource by its names, for stacks/ in the report bucket"
    )
    command.add_argument(
        "file", type=Path, metavar="FILE", help="of `pulumi stack export`; /dev/stdin for standard input"
    )
    command.set_defaults(run=_urns)

    command = commands.add_parser("status", parents=[places], help="decide on a finding")
    command.add_argument("rule", metavar="RULE")
    command.add_argument("resource", metavar="RESOURCE")
    command.add_argument("status", choices=[s.value for s in Status if s is not Status.NEW])
    command.add_argument("--until", type=day_option, metavar="DATE", help="of snoozed: when it is open again")
    command.add_argument("--reason", default="", help="of snoozed and rejected")
    command.add_argument("--owner", default="", help="of accepted: who carries it out")
    command.add_argument("--deadline", type=day_option, metavar="DATE", help="of accepted")
    command.set_defaults(run=_status)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns 0, with findings or none; 2 on an error, with one line of why."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
        overrides = {
            "prometheus_url": getattr(options, "prometheus_url", None),
            "window_days": getattr(options, "window", None),
            "database_url": getattr(options, "database_url", None),
        }
        settings = settings.model_copy(update={name: value for name, value in overrides.items() if value})
        return options.run(options, settings)
    except (AdvisorError, SourceError, AwsError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{PROGRAM}: {where}{error.strerror}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
