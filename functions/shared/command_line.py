"""The parser of the command lines, and the values that several of them take."""

import argparse
import re
from datetime import date
from typing import NoReturn

# Dates outside of them are slips of the pen, and the last months of `datetime` have none after them.
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Parser(argparse.ArgumentParser):
    """Prints one line on a wrong call, instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def parse_day(text: str) -> date:
    """A day written as YYYY-MM-DD. Raises ValueError, also outside of the years 2000 to 2100."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day


def day_option(text: str) -> date:
    """The `type` of an option that is a day. Raises ArgumentTypeError."""
    try:
        return parse_day(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not a date from {FIRST_YEAR} to {LAST_YEAR}; write it as YYYY-MM-DD"
        ) from None
