"""The parser of the command lines."""

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Prints one line on a wrong call, instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")
