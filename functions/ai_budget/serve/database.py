"""The PostgreSQL of `serve` outside AWS."""

import contextlib
import fcntl
import logging
import os
import threading
import time
from pathlib import Path

from functions.ai_budget.ledger import Unavailable, migrate
from functions.ai_budget.serve import postgres
from functions.ai_budget.serve.errors import StartError

MIGRATION_SECONDS = 10
log = logging.getLogger("ai_budget")


class Database:
    """The PostgreSQL in use: one given by URL, or the embedded one of a directory, which is kept running."""

    def __init__(self, url: str | None, directory: Path | None) -> None:
        self._directory = directory
        if directory is None:
            self.url = url or ""
            return
        directory.mkdir(parents=True, exist_ok=True)
        self._held = os.open(directory, os.O_RDONLY)
        fcntl.flock(self._held, fcntl.LOCK_SH)
        self.url = postgres.start(directory)
        threading.Thread(target=self._keep_running, args=[directory], daemon=True).start()

    def _keep_running(self, directory: Path) -> None:
        while True:
            time.sleep(1)
            if self._directory is not None and not postgres.running(directory):
                log.warning("the embedded PostgreSQL is gone; starting it again")
                postgres.start(directory)

    def migrate(self) -> None:
        """Migrates, waiting a little for a database that is just starting."""
        deadline = time.monotonic() + MIGRATION_SECONDS
        while True:
            try:
                migrate(self.url)
                return
            except Unavailable as error:
                if time.monotonic() > deadline:
                    raise StartError(str(error)) from None
                time.sleep(0.2)

    def release(self) -> None:
        """Stops the embedded server unless another `serve` uses it."""
        directory, self._directory = self._directory, None
        if directory is not None:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                postgres.stop(directory)
