"""`teei-finops sandbox [-C DIR] -- PULUMI-ARGS…` and the commands of the make targets."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from teei_finops.command import Command
from teei_finops.sandbox.errors import SandboxError

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
    from teei_finops.sandbox.workspace import Workspace

    return run_command(command, options.stack, Workspace.at(options.directory))


def _query_account(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.aws_command import query_account
    from teei_finops.sandbox.workspace import Workspace

    return query_account(options, Workspace.at(options.directory))


def _run_pulumi(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.run import run_pulumi
    from teei_finops.sandbox.workspace import Workspace

    if options.passed_on is None:
        raise SandboxError(
            "sandbox: no command; run 'teei-finops sandbox --help', or give the arguments of pulumi after --"
        )
    return run_pulumi(options.passed_on, Workspace.at(options.directory)).exit_code


SANDBOX = Command(
    name="sandbox",
    summary="run Pulumi without an AWS account, a cluster or a network",
    description="Run a Pulumi program with fake AWS and Kubernetes providers: one of the commands below, or\n"
    "any pulumi command after --. State is in DIR/build; the program's own files are not changed.\n"
    "The program runs with an empty home directory and without your environment variables, except for a\n"
    "few like PATH and those that TEEI_FINOPS_SANDBOX_ENV names, separated by commas.",
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
