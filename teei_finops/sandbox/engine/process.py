"""The engine as a child process that is never left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

_GRACE_SECONDS = 15


@dataclass(frozen=True)
class Finished:
    """How the engine ended; the texts are empty unless they were asked for."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


def run_engine(
    command: Sequence[str | Path],
    *,
    directory: Path,
    environment: Mapping[str, str],
    capture: bool = False,
    shows: Callable[[str], bool] | None = None,
) -> Finished:
    """Run the engine to its end; SIGINT and SIGTERM stop it as they stop pulumi.

    `shows` decides line by line what of the engine's stdout is printed.
    """
    pipe = subprocess.PIPE if capture else None
    out = sys.stdout  # while the program runs in this process, it stands for the engine's log
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL if capture else None,
        stdout=subprocess.PIPE if shows else pipe,
        stderr=pipe,
        text=True,
    )
    try:
        with _signals_passed_to(process):
            if shows:
                _print_lines(process, shows, out)
            stdout, stderr = process.communicate()
    finally:
        _end(process)
    return Finished(exit_code=_exit_code(process.returncode), stdout=stdout or "", stderr=stderr or "")


def _print_lines(process: subprocess.Popen[str], shows: Callable[[str], bool], out: TextIO) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if shows(line):
            print(line, end="", file=out, flush=True)


@contextmanager
def _signals_passed_to(process: subprocess.Popen[Any]):
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; whoever started this thread stops the process
        return

    def pass_on(number: int, _frame: object) -> None:
        # A terminal sends Ctrl-C to the engine as well, and a second one would kill it at once.
        if number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty():
            return
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _exit_code(status: int) -> int:
    """As a shell gives it: 128 more than the signal for a process that a signal ended."""
    return status if status >= 0 else 128 - status


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
