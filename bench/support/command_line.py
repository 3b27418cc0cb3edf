"""The command line of a benchmark."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter


def parser(description: str | None) -> ArgumentParser:
    """Prints `description` on `-h`, and refuses arguments that the benchmark does not add."""
    return ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
