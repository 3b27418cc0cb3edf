"""`python -m demo`: everything that the project watches, on one machine, with a sample account."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from demo.processes import DemoError
from demo.run import Demo
from functions.cost_data.records import Unavailable

FOLDER = Path("build/demo")
COLLECT_SECONDS = 60


def _interrupt(*_: object) -> None:
    """Stops the demo; while it stops, a second signal changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until Ctrl-C or SIGTERM: 0. Where it cannot start: 2, with one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with Demo(FOLDER) as demo:
            demo.write_page()
            demo.print_addresses()
            while True:
                time.sleep(COLLECT_SECONDS)
                demo.collect()
                demo.write_page()
    except KeyboardInterrupt:
        print("\nstopped")
    except (DemoError, Unavailable) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
