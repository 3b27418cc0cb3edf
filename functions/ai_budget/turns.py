"""The workers of one `serve` take turns at the database: while one's batch is away, the others' grow.

Many small batches cost more than few large ones, and two of the same tenant would wait for each other in the
database. A turn decides nothing else: a worker that waits too long goes without.
"""

import asyncio
import fcntl
import mmap
import os
from collections.abc import Callable


class Turns:
    """Made before the workers are forked. The turn is a record lock: the kernel frees a dead holder's."""

    def __init__(self, workers: int) -> None:
        self._file = os.memfd_create("turns")
        self._bells = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(workers)]
        self._wanted = mmap.mmap(-1, workers)  # by worker: whether it waits to be rung for
        self._last = mmap.mmap(-1, 1)  # the worker that had the last turn
        self._own = 0
        self._held = self._yielded = False

    def join(self, worker: int, rung: Callable[[], None]) -> None:
        """Makes this process that worker (counted from 0); `rung` is called when the turn may be free."""
        self._own = worker
        self._wanted[worker] = 0
        bell = self._bells[worker]

        def ring() -> None:
            os.eventfd_read(bell)
            rung()

        asyncio.get_running_loop().add_reader(bell, ring)

    def take(self) -> bool:
        """Takes the turn. If it is not free, or another waits that had none since, `rung` is called later."""
        if self._held:
            return False
        if self._last[0] == self._own and not self._yielded and self._next() is not None:
            self._yielded = True
            self._wanted[self._own] = 1
            return False
        if not self._lock():
            self._wanted[self._own] = 1
            if not self._lock():  # it may have been given back before the wish was seen
                return False
        self._wanted[self._own] = 0
        self._held, self._yielded = True, False
        self._last[0] = self._own
        return True

    def give(self) -> None:
        """Gives the turn back and rings for the next worker that waits."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        self._held = False
        self.decline()

    def decline(self) -> None:
        """Waits no longer; whoever else waits is rung for."""
        self._wanted[self._own] = 0
        waiting = self._next()
        if waiting is not None:
            os.eventfd_write(self._bells[waiting], 1)

    def _lock(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _next(self) -> int | None:
        count = len(self._bells)
        others = ((self._own + step) % count for step in range(1, count))
        return next((worker for worker in others if self._wanted[worker]), None)
