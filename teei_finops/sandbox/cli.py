"""`teei-finops sandbox [-C DIR] -- PULUMI-ARGS…` and the commands of the make targets."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from teei_finops.command import Command
from teei_finops.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from teei_finops.sandbox.run import RunOptions
    from teei_finops.sandbox.workspace import Workspace

BLOCKED_EXIT_CODES = "0 on success, 1 when a mandatory policy blocks the change, 2 on an error"


def _configure_sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-C",
        dest="directory",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the directory with the program's Pulumi.yaml (default: the current directory)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="where stacks, reviews and scratch files are kept (default: a folder in the user's cache)",
    )
    parser.add_argument(
        "--python",
        type=Path,
        metavar="PATH",
        help="the interpreter or virtual environment that runs the program"
        " (default: virtualenv or toolchain of Pulumi.yaml, .venv, venv, else the sandbox's own)",
    )
    parser.add_argument(
        "--moto",
        action="store_true",
        help="also create the resources that moto supports, to read them with `sandbox aws` or boto3"
        " (default: outputs are computed from the inputs)",
    )


def _configure_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack",
        required=True,
        metavar="NAME",
        help="the stack, which has a file Pulumi.NAME.yaml (required)",
    )


def _configure_aws(parser: argparse.ArgumentParser) -> None:
    _configure_stack(parser)
    parser.add_argument(
        "--region", default="us-east-1", metavar="REGION", help="Region of the service (default: us-east-1)"
    )
    parser.add_argument("service", help="the service by its name in the AWS CLI, such as s3api")
    parser.add_argument("operation", help="the operation by its name in the AWS CLI, such as list-buckets")
    parser.add_argument(
        "parameters",
        nargs=argparse.REMAINDER,
        metavar="--NAME VALUE",
        help="parameters of the operation; a list or an object is written as JSON",
    )


def _setup(_: argparse.Namespace) -> int:
    from teei_finops.sandbox.engine.binary import find_engine

    find_engine()
    return 0


def _run_command(command: str, options: argparse.Namespace) -> int:
    from teei_finops.sandbox.commands import run_command

    return run_command(command, options.stack, workspace_of(options), run_options(options))


def _query_account(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.aws_command import query_account

    return query_account(options, workspace_of(options))


def _run_pulumi(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.run import run_pulumi

    if options.passed_on is None:
        raise SandboxError(
            "sandbox: no command; run 'teei-finops sandbox --help', or give the arguments of pulumi after --"
        )
    return run_pulumi(options.passed_on, workspace_of(options), run_options(options)).exit_code


def workspace_of(options: argparse.Namespace) -> Workspace:
    """The workspace that -C and --state choose; raises SandboxError."""
    from teei_finops.sandbox.workspace import Workspace

    return Workspace.at(options.directory, options.state)


def run_options(options: argparse.Namespace) -> RunOptions:
    """The options that all runs of a command share."""
    from teei_finops.sandbox.run import RunOptions

    return RunOptions(python=options.python, with_account=options.moto)


SANDBOX = Command(
    name="sandbox",
    summary="run Pulumi without an AWS account, a cluster or a network",
    description="Run a Pulumi program with fake AWS and Kubernetes providers: one of the commands below, or\n"
    "any pulumi command after --. Nothing is written into the program's directory.\n"
    "The program runs with an empty home directory. Of your environment variables it has a few like PATH,\n"
    "those that its files name, unless they may hold credentials, and those that TEEI_FINOPS_SANDBOX_ENV\n"
    "names, separated by commas.",
    configure=_configure_sandbox,
    run=_run_pulumi,
    example="teei-finops sandbox -C ../my-program -- preview -s dev",
    exit_codes="those of pulumi, or 2 when it cannot be started",
    commands=(
        Command(
            name="preview",
            summary="show what would change in one stack, with the project's policy pack",
            configure=_configure_stack,
            run=partial(_run_command, "preview"),
            example="teei-finops sandbox preview --stack staging",
            exit_codes=BLOCKED_EXIT_CODES,
        ),
        Command(
            name="up",
            summary="create and update the resources of one stack, with the project's policy pack",
            configure=_configure_stack,
            run=partial(_run_command, "up"),
            example="teei-finops sandbox up --stack staging",
            exit_codes=BLOCKED_EXIT_CODES,
        ),
        Command(
            name="destroy",
            summary="delete the resources of one stack, unless one of them is protected",
            configure=_configure_stack,
            run=partial(_run_command, "destroy"),
            example="teei-finops sandbox destroy --stack staging",
            exit_codes="0 on success, 1 when a resource is protected, 2 on an error",
        ),
        Command(
            name="aws",
            summary="call an operation on the fake AWS account of a stack",
            description="Call one operation on the fake AWS account of a stack and print its response.",
            configure=_configure_aws,
            run=_query_account,
            example="teei-finops sandbox aws --stack staging s3api list-buckets",
        ),
        Command(
            name="setup",
            summary="find the Pulumi engine or build it",
            description="Find pulumi on the PATH; without one, build it with Go (once, about three minutes).",
            run=_setup,
            example="teei-finops sandbox setup",
        ),
    ),
)
