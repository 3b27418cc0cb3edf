"""python -m sandbox [-C DIR] -- PULUMI-ARGS…"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.engine import ROOT, find_engine
from sandbox.environment import Place
from sandbox.errors import SandboxError
from sandbox.run import run_pulumi


def main(arguments: Sequence[str]) -> int:
    ours, pulumi = _split(arguments)
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run Pulumi with no account")
    parser.add_argument("-C", dest="directory", type=Path, default=ROOT, metavar="DIR")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("setup", help="make the engine ready")
    options = parser.parse_args(ours)
    try:
        if options.command == "setup":
            find_engine()
            return 0
        if pulumi is None:
            parser.error("nothing to do: write the arguments for pulumi after --")
        return run_pulumi(pulumi, Place.under(options.directory)).exit_code
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """What is ours, and what after the first `--` is pulumi's."""
    items = list(arguments)
    if "--" not in items:
        return items, None
    position = items.index("--")
    return items[:position], items[position + 1 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
