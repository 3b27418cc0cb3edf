"""The command `teei-finops`: one parser over the review, the data commands, the sandbox and the service."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from teei_finops import __version__
from teei_finops.command import Command
from teei_finops.costing.data_commands import PRICES
from teei_finops.costing.usage.commands import USAGE
from teei_finops.costing.yaml_file import near
from teei_finops.errors import UserError
from teei_finops.policy_pack import POLICY_PACK
from teei_finops.review.cli import REVIEW, SANDBOX_REVIEW
from teei_finops.review.commands.diff import DIFF
from teei_finops.review.commands.explain import EXPLAIN
from teei_finops.review.commands.reconcile import RECONCILE
from teei_finops.review.comment.command import COMMENT
from teei_finops.sandbox.cli import SANDBOX

NAME = "teei-finops"
# The SDKs that a program imports create millions of objects that stay; with the default of 700, collections
# that find nothing take a third of the processor time of `sandbox up`.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
# What other tools, or earlier versions, call a command.
OTHER_NAMES = {
    "breakdown": "review",
    "configure": "review --budgets FILE",
    "cost": "review",
    "costing": "review",
    "estimate": "review",
    "generate": "usage template",
    "output": "review --format FORMAT",
    "plan": "review",
    "policies": "policy-pack",
    "preview": "sandbox preview",
    "report": "review",
    "up": "sandbox up",
    "usage-from": "usage from",
}


# What other tools call an option, or the file that they take with it.
OTHER_OPTIONS = {
    "--path": "the preview itself, without an option",
    "--config-file": "--config",
    "--compare-to": "teei-finops diff",
    "--explain": "teei-finops explain",
    "--out-file": "--output",
    "--usage-file": "--usage",
}


class Parser(argparse.ArgumentParser):
    """Prints one line on wrong arguments, instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        hints = [hint for option, hint in OTHER_OPTIONS.items() if option in message.split()]
        message = "; ".join([message, *(f"use {hint}" for hint in hints)])
        self.exit(2, f"{self.prog}: {message}; run '{self.prog} --help'\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns 0; 1 when a mandatory policy or a budget blocks the change, or a preview failed; 2 when
    the command could not do its work, with one line on stderr that says why.
    """
    own, passed_on = _split(sys.argv[1:] if arguments is None else arguments)
    try:
        _check_command(own)
        options = _parser().parse_args(own, argparse.Namespace(passed_on=passed_on))
        return options.run(options)
    except UserError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"{NAME}: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


def run() -> NoReturn:
    """The console command. Ends the process at once: a sandboxed program may have left threads waiting."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _check_command(arguments: Sequence[str]) -> None:
    """Raises `UserError` for an unknown command, with the one that was probably meant."""
    names = [command.name for command in COMMANDS]
    if not arguments or arguments[0].startswith("-") or arguments[0] in names:
        return
    other = OTHER_NAMES.get(arguments[0])
    hint = f"; use '{NAME} {other}'" if other else near(arguments[0], names)
    raise UserError(f"no command {arguments[0]!r}{hint}; '{NAME} --help' lists all commands")


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Our arguments, and those that another program parses: all of `serve`'s, or what follows the first `--`
    (None without a `--`).
    """
    items = list(arguments)
    if items[:1] == [SERVE.name] and not {"-h", "--help"}.intersection(items):
        return items[:1], items[1:]
    if "--" not in items:
        return items, None
    position = items.index("--")
    return items[:position], items[position + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=NAME,
        description="Show what a change to a Pulumi program costs, and run it without an AWS account.",
        epilog=f"Run '{NAME} COMMAND --help' for the options, an example and the exit codes of a command.",
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    parser.set_defaults(run=_no_command)
    _add_commands(parser, COMMANDS)
    return parser


def _add_commands(parser: argparse.ArgumentParser, commands: Sequence[Command]) -> None:
    parsers = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in commands:
        added = parsers.add_parser(
            command.name,
            help=command.summary,
            description=command.description or f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=f"example:\n  {command.example}\n\nexit codes:\n  {command.exit_codes}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=command.run)
        command.configure(added)
        if command.commands:
            _add_commands(added, command.commands)


def _no_command(_: argparse.Namespace) -> int:
    names = ", ".join(command.name for command in COMMANDS)
    raise UserError(f"no command; choose one of {names}, or run '{NAME} --help'")


def _serve(options: argparse.Namespace) -> int:
    if not Path("functions", "ai_budget", "serve").exists():
        raise UserError(
            f"serve: {Path.cwd()} has no functions/ai_budget; run it in a checkout of the teei-finops project"
        )
    command = [sys.executable, "-m", "functions.ai_budget.serve", *options.passed_on]
    os.execv(sys.executable, command)


SERVE = Command(
    name="serve",
    summary="start the AI budget service of the project in this directory",
    description="Start the AI budget service of the project in this directory. All options are passed on;\n"
    "'python -m functions.ai_budget.serve --help' lists them.",
    run=_serve,
    example="teei-finops serve --port 3010",
)
COMMANDS = (
    REVIEW,
    DIFF,
    EXPLAIN,
    COMMENT,
    RECONCILE,
    USAGE,
    PRICES,
    POLICY_PACK,
    replace(SANDBOX, commands=(SANDBOX_REVIEW, *SANDBOX.commands)),
    SERVE,
)
