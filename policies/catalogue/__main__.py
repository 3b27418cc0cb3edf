"""Generates docs/policies.md and the list of taggable types: `python -m policies.catalogue`."""

import argparse

from policies import taggable_types
from policies.catalogue import page


def main() -> None:
    argparse.ArgumentParser(prog="python -m policies.catalogue", description=__doc__).parse_args()
    taggable_types.write()
    page.PAGE.write_text(page.text(), "utf-8")
    print(f"{taggable_types.LIST}\n{page.PAGE}")


if __name__ == "__main__":
    main()
