"""Starting servers, waiting until they listen, and stopping them."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 120
STOP_SECONDS = 20
INSTALL = "apt-get install prometheus prometheus-alertmanager"


class DemoError(Exception):
    """The demo cannot start or go on; the message is one line that says what to do."""


def executable(*names: str) -> str:
    """The path of the first of these programs that is installed. Raises DemoError."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise DemoError(f"{names[0]} is not on the PATH; install it (on Debian: {INSTALL})")
    return path


def port(preferred: int) -> int:
    """The port, or a free one if something listens on it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", preferred))
        except OSError:
            listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running(
    log: Path, command: Sequence[str | Path], listens: int, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A server that listens on a port of 127.0.0.1, with its output in `log`.

    It is in a process group of its own, so that Ctrl-C in the terminal stops only the demo, which then stops
    its servers in order. Raises DemoError if it ends or does not listen.
    """
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        _wait_until_listening(process, log, listens)
        yield
    finally:
        _stop(process)


def _wait_until_listening(process: subprocess.Popen[bytes], log: Path, listens: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", listens)) == 0:
                return
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise DemoError(f"{log.stem} did not start: {lines[-1] if lines else 'no output'} (see {log})")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stops a server and everything that it started."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
