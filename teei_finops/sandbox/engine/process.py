"""Runs the engine as a child process, which ends with this process."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

_GRACE_SECONDS = 15


def run_engine(
    command: Sequence[str | Path],
    *,
    directory: Path,
    environment: Mapping[str, str],
    capture: bool = False,
    print_line: Callable[[str], bool] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the engine to its end; SIGINT and SIGTERM are passed on to it.

    With `capture` the result holds the output. With `print_line` each line of stdout is printed if the
    function returns true for it. The exit code is a shell's: 128 + the signal number after a signal.
    """
    output = subprocess.PIPE if capture else None
    stdout = sys.stdout  # the language host replaces it while the program runs
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL if capture else None,
        stdout=subprocess.PIPE if print_line else output,
        stderr=output,
        text=True,
    )
    try:
        with _passing_signals_to(process):
            if print_line:
                _print_lines(process, print_line, stdout)
            out, err = process.communicate()
    finally:
        _stop(process)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return subprocess.CompletedProcess(command, code, out or "", err or "")


def _print_lines(process: subprocess.Popen[str], print_line: Callable[[str], bool], stdout: TextIO) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if print_line(line):
            print(line, end="", file=stdout, flush=True)


@contextmanager
def _passing_signals_to(process: subprocess.Popen[Any]):
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can set signal handlers
        return

    def pass_on(number: int, _frame: object) -> None:
        # A terminal sends Ctrl-C to the engine as well, and a second one would kill the engine at once.
        if number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty():
            return
        process.send_signal(number)

    handlers = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stop(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_alive(process_id: int) -> bool:
    """Whether a process with this id runs on this machine."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
