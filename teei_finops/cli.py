"""The command `teei-finops`: one parser over the review, the sandbox and the data commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from teei_finops.costing import data_commands
from teei_finops.errors import UserError
from teei_finops.review import command as review_command
from teei_finops.sandbox import cli as sandbox_cli

NAME = "teei-finops"


class Parser(argparse.ArgumentParser):
    """Prints one line on a wrong call, instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns 0; 1 when a mandatory policy or a budget blocks the change, or a preview ended in errors; 2 when
    the command could not do its work, with one line on stderr that says why.
    """
    own, pulumi = _split(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(own, argparse.Namespace(pulumi=pulumi))
    try:
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
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Our arguments, and after the first `--` those of pulumi (None without a `--`)."""
    items = list(arguments)
    if "--" not in items:
        return items, None
    position = items.index("--")
    return items[:position], items[position + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=NAME, description=sys.modules["teei_finops"].__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    review_command.add_parser(commands)
    data_commands.add_parsers(commands)
    review_command.add_sandbox_parser(sandbox_cli.add_parser(commands))
    serve = commands.add_parser(
        "serve", help="start the AI budget service of the project in this directory", add_help=False
    )
    serve.set_defaults(run=_serve)
    serve.add_argument("arguments", nargs=argparse.REMAINDER, help="options of the service, see its --help")
    return parser


def _serve(options: argparse.Namespace) -> int:
    if not Path("functions", "ai_budget", "serve.py").exists():
        raise UserError(
            f"serve: {Path.cwd()} has no functions/ai_budget; run it in a checkout of the teei-finops project"
        )
    command = [sys.executable, "-m", "functions.ai_budget.serve", *options.arguments]
    os.execv(sys.executable, command)
