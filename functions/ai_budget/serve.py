"""`python -m functions.ai_budget.serve`: the service as a real HTTP server with several workers.

The admin token is AI_BUDGET_ADMIN_TOKEN (comma-separated during a rotation) or one made at start and printed.
"""

import argparse
import fcntl
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from functions.ai_budget import postgres, worker
from functions.ai_budget.config import Config, ConfigError, parse_config
from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.metrics import Latencies
from functions.ai_budget.migrate import migrate
from functions.ai_budget.turns import Turns

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
GRACE_SECONDS = 15.0
START_SECONDS = 10.0
log = logging.getLogger("ai_budget")


class StartError(Exception):
    """The server cannot start; the message says why in one line."""


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m functions.ai_budget.serve", description="The AI budget service."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3010, help="0 takes a free one")
    parser.add_argument("--workers", type=int, default=2, help="processes that answer (default 2)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data-dir", type=Path, help="of the embedded PostgreSQL (default build/ai-budget)")
    where.add_argument("--database-url", help="an existing PostgreSQL, which is migrated and used")
    parser.add_argument("--config", type=Path, help="TOML; see docs/ai-budget.md")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.workers <= 64:
        parser.error("--workers: must be between 1 and 64")
    if not 0 <= arguments.port <= 65535:
        parser.error("--port: must be between 0 and 65535")
    if arguments.data_dir is None and arguments.database_url is None:
        arguments.data_dir = Path("build/ai-budget")
    return arguments


def _config(path: Path | None) -> Config:
    if path is None:
        return Config()
    try:
        return parse_config(path.read_text(encoding="utf-8"), name=str(path))
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartError(f"{path}: not UTF-8") from None


def _bind(host: str, port: int, count: int) -> list[socket.socket]:
    """A socket of the same address for each worker: the kernel spreads the connections over them."""
    made: list[socket.socket] = []
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as free:  # another server's port is not to be shared
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(address)
            address = free.getsockname()
        for _ in range(count):
            made.append(socket.socket(family, socket.SOCK_STREAM))
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made[-1].bind(address)
    except OSError as error:
        raise StartError(f"{host}:{port}: {error.strerror or error}; name another with --port") from None
    return made


class Database:
    """The PostgreSQL in use: one given by URL, or the embedded one of a directory, which is kept running."""

    def __init__(self, url: str | None, directory: Path | None) -> None:
        self._directory = directory
        self._held: int | None = None
        if directory is None:
            self.url = url or ""
            return
        directory.mkdir(parents=True, exist_ok=True)
        self._held = os.open(directory, os.O_RDONLY)
        fcntl.flock(self._held, fcntl.LOCK_SH)
        self.url = postgres.start(directory)

    def prepare(self) -> None:
        """Migrates, waiting a little for a database that is just starting."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                migrate(self.url)
                return
            except Unavailable as error:
                if time.monotonic() > deadline:
                    raise StartError(str(error).replace("\n", " ")) from None
                time.sleep(0.2)

    def revive(self) -> None:
        """Starts the embedded server again where it died."""
        if self._directory is not None and not postgres.running(self._directory):
            log.warning("the embedded PostgreSQL is gone; starting it again")
            self.url = postgres.start(self._directory)

    def release(self) -> None:
        """Stops the embedded server unless another `serve` uses it."""
        if self._directory is None or self._held is None:
            return
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        postgres.stop(self._directory)


class Workers:
    """Keeps the workers running."""

    def __init__(self, count: int, run: Callable[[int, int], None]) -> None:
        self._run = run
        self._reader, self._writer = os.pipe()
        self._born: dict[int, float] = {}
        self.index_of: dict[int, int] = {}
        for index in range(count):
            self._fork(index)

    def _fork(self, index: int) -> None:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
                self._run(index, self._writer)
                status = 0
            except BaseException as error:
                log.error("worker %d failed: %s: %s", index, type(error).__name__, error)
            finally:
                logging.shutdown()
                os._exit(status)
        self.index_of[pid] = index
        self._born[pid] = time.monotonic()

    def wait_answering(self) -> None:
        """Returns once every worker answers. Raises StartError if one ends instead."""
        seen = 0
        os.set_blocking(self._reader, False)
        while seen < len(self.index_of):
            try:
                seen += len(os.read(self._reader, 64))
            except BlockingIOError:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid:
                    raise StartError("a worker ended while starting; its reason is above") from None
                time.sleep(0.005)

    def replace_dead(self) -> None:
        """Starts a new worker for each that ended."""
        while self.index_of:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            index = self.index_of.pop(pid, None)
            if index is None:
                continue
            log.warning("worker %d ended (status %d); starting another", index, status)
            if time.monotonic() - self._born.pop(pid) < 1:
                time.sleep(0.5)
            self._fork(index)

    def stop(self) -> None:
        """Lets the workers finish what is in flight."""
        deadline = time.monotonic() + GRACE_SECONDS
        for pid in self.index_of:
            os.kill(pid, signal.SIGTERM)
        while self.index_of:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid:
                self.index_of.pop(pid, None)
            elif time.monotonic() > deadline:
                for left in self.index_of:
                    os.kill(left, signal.SIGKILL)
                deadline = float("inf")
            else:
                time.sleep(0.01)


def _welcome(url: str, made: str | None) -> None:
    token = made or "$AI_BUDGET_ADMIN_TOKEN"
    model = "claude-3-5-sonnet-20241022"
    json = "-H 'Content-Type: application/json'"
    print(f"The AI budget service is at {url}")
    if made:
        print(f"Admin token (made for this run; set AI_BUDGET_ADMIN_TOKEN to keep one): {made}")
    print("Try:")
    print(f"  curl {url}/api/ai-budget/tenant/tenant-demo")
    print(
        f'  curl {json} -d \'{{"tenant_id": "tenant-demo", "model": "{model}",'
        f' "estimated_prompt_tokens": 1000, "max_completion_tokens": 500}}\' {url}/api/ai-budget/check'
    )
    print(
        f'  curl {json} -H "Authorization: Bearer {token}" -d \'{{"tenant_id": "tenant-demo",'
        f' "model": "{model}", "monthly_limit_usd": 5000.00}}\' {url}/api/ai-budget/set'
    )
    print("ready", flush=True)


def main(argv: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT: 0. Where it cannot start: 1, with one line on stderr."""
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    database = None
    try:
        config = _config(arguments.config)
        tokens = tuple(t.strip() for t in os.environ.get("AI_BUDGET_ADMIN_TOKEN", "").split(",") if t.strip())
        made = None if tokens else secrets.token_urlsafe(24)
        sockets = _bind(arguments.host, arguments.port, arguments.workers)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        database = Database(arguments.database_url, arguments.data_dir)
        database.prepare()
        for sock in sockets:
            sock.listen(2048)
        settings = worker.Settings(lambda: database.url, config, tokens or (made or "",))
        latencies, turns = Latencies(arguments.workers), Turns(arguments.workers)
        parent = os.getpid()
        workers = Workers(
            arguments.workers,
            lambda index, fd: worker.run(sockets[index], index, settings, latencies, turns, parent, fd),
        )
        workers.wait_answering()
    except (StartError, ConfigError) as error:
        print(f"ai-budget: {error}", file=sys.stderr)
        if database is not None:
            database.release()
        return 1
    host, port = sockets[0].getsockname()[:2]
    _welcome(f"http://{f'[{host}]' if ':' in host else host}:{port}", made)
    while True:
        got = signal.sigtimedwait(SIGNALS, 1.0)
        if got is not None and got.si_signo in (signal.SIGTERM, signal.SIGINT):
            break
        workers.replace_dead()
        database.revive()
    for sock in sockets:
        sock.close()
    workers.stop()
    database.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
