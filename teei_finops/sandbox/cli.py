"""The command line of the sandbox: `teei-finops sandbox …`."""

from __future__ import annotations

import argparse
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError

_COMMANDS = {
    "preview": "show what would change in one stack, with the project's policy pack",
    "up": "create and update the resources of one stack, with the project's policy pack",
    "destroy": "delete the resources of one stack, unless one of them is protected",
}


def add_parser(commands: argparse._SubParsersAction) -> argparse._SubParsersAction:
    """Adds the command `sandbox`; returns its subcommands, so that the review can add its own."""
    parser = commands.add_parser(
        "sandbox",
        help="run Pulumi without an AWS account, a cluster or a network",
        usage="teei-finops sandbox [-h] [-C DIR] (COMMAND … | -- PULUMI-ARGS…)",
        description=(
            "Run a Pulumi program with fake AWS and Kubernetes providers: one of the commands below, or any "
            "pulumi command after --, as in: teei-finops sandbox -- preview -s staging. "
            "State is in DIR/build; the program's own files are not changed."
        ),
        epilog=(
            "Exits with 0; 1 when mandatory policies or protected resources block the command; "
            "2 for any other error. After -- the exit code is pulumi's."
        ),
    )
    parser.set_defaults(run=_run_pulumi)
    parser.add_argument(
        "-C",
        dest="directory",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the directory with the program's Pulumi.yaml (default: the current directory)",
    )
    subcommands = parser.add_subparsers(metavar="COMMAND", prog=parser.prog)
    setup = subcommands.add_parser(
        "setup",
        help="find the Pulumi engine or build it",
        description="Find pulumi on the PATH; without one, build it with Go (once, about three minutes).",
    )
    setup.set_defaults(run=_setup)
    for name, description in _COMMANDS.items():
        sentence = f"{description[0].upper()}{description[1:]}."
        command = subcommands.add_parser(name, help=description, description=sentence)
        command.set_defaults(run=_run_command, command=name)
        _add_stack_option(command)
    _add_aws_parser(subcommands)
    return subcommands


def _add_stack_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack", required=True, metavar="NAME", help="the stack, which has a file Pulumi.NAME.yaml"
    )


def _add_aws_parser(subcommands: argparse._SubParsersAction) -> None:
    aws = subcommands.add_parser(
        "aws",
        help="call an operation on the fake AWS account of a stack",
        description=(
            "Call one operation on the fake AWS account of a stack and print the response as JSON, as in: "
            "teei-finops sandbox aws --stack staging s3api list-buckets"
        ),
    )
    aws.set_defaults(run=_query_account)
    _add_stack_option(aws)
    aws.add_argument("--region", default="us-east-1", help="the region of the service (default: us-east-1)")
    aws.add_argument("service", help="the service by its name in the AWS CLI, such as s3api")
    aws.add_argument("operation", help="the operation by its name in the AWS CLI, such as list-buckets")
    aws.add_argument(
        "parameters",
        nargs=argparse.REMAINDER,
        metavar="--NAME VALUE",
        help="parameters of the operation; a list or an object is written as JSON",
    )


def _setup(_: argparse.Namespace) -> int:
    from teei_finops.sandbox.engine.binary import find_engine

    find_engine()
    return 0


def _run_command(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.commands import run_command
    from teei_finops.sandbox.workspace import Workspace

    return run_command(options.command, options.stack, Workspace.at(options.directory))


def _query_account(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.aws_command import query_account
    from teei_finops.sandbox.workspace import Workspace

    return query_account(options, Workspace.at(options.directory))


def _run_pulumi(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.run import run_pulumi
    from teei_finops.sandbox.workspace import Workspace

    if options.pulumi is None:
        raise SandboxError(
            "sandbox: no command; give one of the commands in --help, or the arguments of pulumi after --"
        )
    return run_pulumi(options.pulumi, Workspace.at(options.directory)).exit_code
