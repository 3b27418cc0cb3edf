"""What a command of `teei-finops` is made of. Each part of the tool declares its own; `cli.py` joins them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


def no_options(_: argparse.ArgumentParser) -> None:
    """The `configure` of a command that takes no options."""


@dataclass(frozen=True)
class Command:
    """One command, or a group of commands where it has `commands`.

    `summary` is its line in the list of commands; `description`, `example` and `exit_codes` are shown by its
    own `--help`. `configure` adds its options to a parser; `run` gets the parsed options and returns the exit
    code.
    """

    name: str
    summary: str
    run: Callable[[argparse.Namespace], int]
    example: str
    configure: Callable[[argparse.ArgumentParser], None] = no_options
    description: str = ""
    exit_codes: str = "0 on success, 2 on an error"
    commands: tuple[Command, ...] = ()
