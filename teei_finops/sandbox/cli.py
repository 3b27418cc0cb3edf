"""`teei-finops sandbox [-C DIR] -- PULUMI-ARGS…` and the commands of the make targets."""

from __future__ import annotations

import argparse
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError


def add_parser(commands: argparse._SubParsersAction) -> argparse._SubParsersAction:
    """Adds `sandbox`; returns its subcommands, so that the review can add its own."""
    parser = commands.add_parser(
        "sandbox",
        help="run Pulumi with no AWS account, cluster or network",
        description="Runs any pulumi command on a program: teei-finops sandbox [-C DIR] -- PULUMI-ARGS…",
    )
    parser.set_defaults(run=_run_pulumi)
    parser.add_argument(
        "-C", dest="directory", type=Path, default=Path(), metavar="DIR", help="the program's directory"
    )
    subcommands = parser.add_subparsers(metavar="COMMAND")
    setup = subcommands.add_parser("setup", help="find the Pulumi engine, or build it")
    setup.set_defaults(run=_setup)
    for name in ("preview", "up", "destroy"):
        command = subcommands.add_parser(name, help=f"{name} one stack, with the project's policy pack")
        command.set_defaults(run=_run_command, command=name)
        command.add_argument("--stack", required=True)
    aws = subcommands.add_parser(
        "aws", help="query the fake account of a stack: aws --stack NAME SERVICE OPERATION [--key value]…"
    )
    aws.set_defaults(run=_query_aws)
    aws.add_argument("--stack", required=True)
    aws.add_argument("--region", default="us-east-1")
    aws.add_argument("service")
    aws.add_argument("operation")
    aws.add_argument("parameters", nargs=argparse.REMAINDER)
    return subcommands


def _setup(_: argparse.Namespace) -> int:
    from teei_finops.sandbox.engine.binary import find_engine

    find_engine()
    return 0


def _run_command(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.commands import run_command
    from teei_finops.sandbox.workspace import Workspace

    return run_command(options.command, options.stack, Workspace.at(options.directory))


def _query_aws(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.aws_command import query_account
    from teei_finops.sandbox.workspace import Workspace

    return query_account(options, Workspace.at(options.directory))


def _run_pulumi(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.run import run_pulumi
    from teei_finops.sandbox.workspace import Workspace

    if options.pulumi is None:
        raise SandboxError("sandbox: no command; choose one of --help, or write pulumi's arguments after --")
    return run_pulumi(options.pulumi, Workspace.at(options.directory)).exit_code
