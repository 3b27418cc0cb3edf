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
        help="directory of the Pulumi program (default: the current directory)",
    )


def _configure_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack", required=True, metavar="NAME", help="name of the stack, such as staging (required)"
    )


def _configure_aws(parser: argparse.ArgumentParser) -> None:
    _configure_stack(parser)
    parser.add_argument(
        "--region", default="us-east-1", metavar="REGION", help="Region of the query (default: us-east-1)"
    )
    parser.add_argument("service", help="a service as the AWS CLI names it, such as s3api")
    parser.add_argument("operation", help="an operation as the AWS CLI names it, such as list-buckets")
    parser.add_argument(
        "parameters", nargs=argparse.REMAINDER, help="parameters of the operation: --key value …"
    )


def _setup(_: argparse.Namespace) -> int:
    from teei_finops.sandbox.engine.binary import find_engine

    find_engine()
    return 0


def _run_command(command: str, options: argparse.Namespace) -> int:
    from teei_finops.sandbox.commands import run_command
    from teei_finops.sandbox.workspace import Workspace

    return run_command(command, options.stack, Workspace.at(options.directory))


def _query_aws(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.aws_command import query_account
    from teei_finops.sandbox.workspace import Workspace

    return query_account(options, Workspace.at(options.directory))


def _run_pulumi(options: argparse.Namespace) -> int:
    from teei_finops.sandbox.run import run_pulumi
    from teei_finops.sandbox.workspace import Workspace

    if options.passed_on is None:
        raise SandboxError(
            "sandbox: no command; run 'teei-finops sandbox --help', or write the arguments of pulumi after --"
        )
    return run_pulumi(options.passed_on, Workspace.at(options.directory)).exit_code


SANDBOX = Command(
    name="sandbox",
    summary="run Pulumi without an AWS account, a cluster or a network",
    description="Run a Pulumi program on local fakes of AWS and Kubernetes, with its state under build/.\n"
    "Arguments after -- are passed to pulumi.",
    configure=_configure_sandbox,
    run=_run_pulumi,
    example="teei-finops sandbox -C ../my-program -- preview -s dev",
    exit_codes="those of pulumi after --; 2 when pulumi cannot be started",
    commands=(
        Command(
            name="preview",
            summary="preview one stack, with the project's policy pack",
            configure=_configure_stack,
            run=partial(_run_command, "preview"),
            example="teei-finops sandbox preview --stack staging",
            exit_codes=BLOCKED_EXIT_CODES,
        ),
        Command(
            name="up",
            summary="deploy one stack to the sandbox, with the project's policy pack",
            configure=_configure_stack,
            run=partial(_run_command, "up"),
            example="teei-finops sandbox up --stack staging",
            exit_codes=BLOCKED_EXIT_CODES,
        ),
        Command(
            name="destroy",
            summary="delete the resources of one stack from the sandbox",
            configure=_configure_stack,
            run=partial(_run_command, "destroy"),
            example="teei-finops sandbox destroy --stack staging",
            exit_codes="0 on success, 1 when a resource is protected, 2 on an error",
        ),
        Command(
            name="aws",
            summary="query the fake AWS account of one stack",
            configure=_configure_aws,
            run=_query_aws,
            example="teei-finops sandbox aws --stack staging s3api list-buckets",
        ),
        Command(
            name="setup",
            summary="find the Pulumi engine, or build it",
            run=_setup,
            example="teei-finops sandbox setup",
        ),
    ),
)
