"""Reading previews and writing results, for all commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from teei_finops.costing.preview.plan import Plan
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.preview.steps import PreviewError


def read_plans(paths: Sequence[str]) -> list[Plan]:
    """The plans of preview files; `-` is standard input. Raises `PreviewError`."""
    return [read_plan(read_text(path), name=path) for path in paths]


def has_colours(output: Path | None = None) -> bool:
    """Whether the result goes to a terminal that shows colours (https://no-color.org, 2026-11)."""
    return output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def read_text(path: str) -> str:
    """The text of a preview file; `-` is standard input. Raises `PreviewError`."""
    try:
        if path == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PreviewError(f"{path}: {error.strerror}; pass the output of `pulumi preview --json`") from None
    except UnicodeDecodeError:
        raise PreviewError(f"{path}: not text; pass the output of `pulumi preview --json`") from None


def write_output(text: str, output: Path | None) -> None:
    """Writes to a file, or to standard output without one."""
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        output.write_text(text, encoding="utf-8")


def day(text: str) -> date:
    """The argument type of a day in ISO format."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-12-31") from None
