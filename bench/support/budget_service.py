"""`serve` on a database, as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(url: str, config: Path, workers: int) -> Iterator[str]:
    """The address of `serve` on a database, once it is ready."""
    command = [sys.executable, "-m", "functions.ai_budget.serve", "--port", "0", "--workers", str(workers)]
    process = subprocess.Popen(
        [*command, "--database-url", url, "--config", str(config)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = list(iter(process.stdout.readline, "ready\n"))
    try:
        yield lines[0].split()[-1]
    finally:
        process.terminate()
        process.wait()
