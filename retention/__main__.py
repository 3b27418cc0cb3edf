"""`storage-retention.sh plan|apply|verify`."""

import argparse
import os
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

from retention.errors import RetentionError

PROGRAM = "storage-retention.sh"
ROOT = Path(__file__).parents[1]
DESCRIPTION = "The retention of a stack's buckets, logs (Loki), events (ClickHouse) and WAL (PostgreSQL)."
COMMANDS = {
    "plan": "show what a deployment would change, and what each lifecycle transition saves",
    "apply": "deploy the retention, unless a transition costs more than it saves",
    "verify": "compare what is there with what the stack declares",
}


class Parser(argparse.ArgumentParser):
    """Prints one line on a wrong call, instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def _object_kb(text: str) -> tuple[str, Decimal]:
    role, _, size = text.partition("=")
    try:
        kb = Decimal(size)
    except InvalidOperation:
        kb = Decimal(0)
    if not role or not kb.is_finite() or kb <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a bucket and a size; write it as exports=512")
    return role, kb


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description=DESCRIPTION, epilog="docs/storage-retention.md has the details")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser, dest="command")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        command.add_argument(
            "--stack", metavar="NAME", help="the stack (default: PULUMI_STACK, or else prod)"
        )
        command.add_argument("--json", action="store_true", help="print JSON on standard output")
        command.add_argument(
            "-C",
            dest="directory",
            type=Path,
            default=ROOT,
            metavar="DIR",
            help="the directory with Pulumi.yaml (default: this project)",
        )
        command.add_argument(
            "--no-aws", action="store_true", help="read nothing from AWS with the credentials of boto3"
        )
        if name == "verify":
            _add_sources(command)
        else:
            command.add_argument(
                "--backend",
                choices=("pulumi", "sandbox"),
                help="deploy to AWS and the cluster with pulumi, or to fake ones in the sandbox"
                " (default: pulumi if it is on the PATH)",
            )
            command.add_argument(
                "--object-kb",
                type=_object_kb,
                action="append",
                default=[],
                metavar="BUCKET=KB",
                help="average size of the objects of a bucket, such as exports=512 (default: as CloudWatch"
                " measured it, or 1024)",
            )
        if name == "apply":
            command.add_argument("--yes", action="store_true", help="do not ask before the update")
    return parser


def _add_sources(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--backend",
        choices=("aws", "sandbox"),
        default="aws",
        help="the account to read: that of the credentials, or the fake one of the sandbox (default: aws)",
    )
    for option, text in {
        "--loki-url": "Loki, such as http://localhost:3100 (default: LOKI_URL)",
        "--clickhouse-url": "the HTTP interface of ClickHouse, such as http://localhost:8123 (default:"
        " CLICKHOUSE_URL; CLICKHOUSE_USER and CLICKHOUSE_PASSWORD log in)",
        "--database-url": "connection URL of PostgreSQL (default: DATABASE_URL)",
    }.items():
        command.add_argument(option, metavar="URL", help=text)
    command.add_argument(
        "--metrics-file", type=Path, metavar="FILE", help="write metrics in Prometheus' text format to FILE"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns 0; 1 for differences, or for a transition that costs more than it saves; 2 on an error, with one
    line of why.
    """
    options = _parser().parse_args(arguments)
    from retention import commands

    try:
        return commands.run(options, os.environ)
    except RetentionError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2


if __name__ == "__main__":
    sys.exit(main())
