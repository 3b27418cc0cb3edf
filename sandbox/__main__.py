"""python -m sandbox [-C DIR] -- PULUMI-ARGS…, and what the make targets call."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.engine import ROOT, find_engine
from sandbox.environment import Place
from sandbox.errors import SandboxError


def main(arguments: Sequence[str]) -> int:
    ours, pulumi = _split(arguments)
    parser = _parser()
    options = parser.parse_args(ours)
    try:
        return _run(options, pulumi, parser)
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Run Pulumi with no account: python -m sandbox [-C DIR] -- PULUMI-ARGS…",
    )
    parser.add_argument(
        "-C", dest="directory", type=Path, default=ROOT, metavar="DIR", help="the program's directory"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("setup", help="make the engine ready")
    for name in ("preview", "up", "destroy"):
        command = commands.add_parser(name, help=f"{name} one stack, with the project's policy pack")
        command.add_argument("--stack", required=True)
    review = commands.add_parser("review", help="plan stacks in throw-away state and write the review")
    review.add_argument("--stack", action="append", default=[])
    review.add_argument(
        "--base",
        metavar="REF",
        help="show the change against this git reference, or ./FOLDER of files as they were before",
    )
    aws = commands.add_parser(
        "aws", help="ask AWS what a stack made: aws --stack NAME SERVICE OPERATION [--key value]…"
    )
    aws.add_argument("--stack", required=True)
    aws.add_argument("--region", default="us-east-1")
    aws.add_argument("service")
    aws.add_argument("operation")
    aws.add_argument("parameters", nargs=argparse.REMAINDER)
    return parser


def _run(options: argparse.Namespace, pulumi: list[str] | None, parser: argparse.ArgumentParser) -> int:
    if options.command == "setup":
        find_engine()
        return 0
    if options.command == "review":
        from sandbox.review_run import review

        return review(options.stack, options.base, options.directory)
    if options.command == "aws":
        from sandbox.aws_command import ask

        return ask(options, Place.under(options.directory))
    if options.command:
        from sandbox.stack_commands import run_command

        return run_command(options.command, options.stack, Place.under(options.directory))
    if pulumi is None:
        parser.error("nothing to do: name a command, or write the arguments for pulumi after --")
    from sandbox.run import run_pulumi

    return run_pulumi(pulumi, Place.under(options.directory)).exit_code


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """What is ours, and what after the first `--` is pulumi's."""
    items = list(arguments)
    if "--" not in items:
        return items, None
    position = items.index("--")
    return items[:position], items[position + 1 :]


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads of the program may still wait for something
