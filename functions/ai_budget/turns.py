"""The workers of one `serve` take turns at the database for a while once two of them met at a tenant.

There, their batches would hold each other up: while one's is away, the others' grow. Workers that do not meet
do not wait for each other. A turn decides nothing else: a worker that waits too long goes without.
"""

import asyncio
import fcntl
import mmap
import os
import time
from collections.abc import Callable

REMEMBERED = 2.0  # seconds that workers take turns after they met
SETTLED = 0.05  # seconds until batches that were sent without a turn are back


class Turns:
    """Made before the workers are forked. The turn is a record lock: the kernel frees a dead holder's."""

    def __init__(self, workers: int) -> None:
        self._file = os.memfd_create("turns")
        self._bells = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(workers)]
        self._wanted = mmap.mmap(-1, workers)  # by worker: whether it waits to be rung for
        self._last = mmap.mmap(-1, 1)  # the worker that had the last turn
        self._until = memoryview(mmap.mmap(-1, 8)).cast("d")  # by the monotonic clock, for all workers
        self.shared = workers > 1
        self._own = 0
        self._held = self._locked = self._yielded = False

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
        if time.monotonic() >= self._until[0]:
            self._wanted[self._own] = 0
            self._held = True
            return True
        if self._last[0] == self._own and not self._yielded and self._next() is not None:
            self._yielded = True
            self._wanted[self._own] = 1
            return False
        if not self._lock():
            self._wanted[self._own] = 1
            if not self._lock():  # it may have been given back before the wish was seen
                return False
        self._wanted[self._own] = 0
        self._held, self._locked, self._yielded = True, True, False
        self._last[0] = self._own
        return True

    def lend(self) -> None:
        """Lets the next worker that waits have the turn; this one takes none before `give`."""
        if self._locked:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        self._locked = False
        self.decline()

    def give(self) -> None:
        """Gives the turn back and rings for the next worker that waits."""
        self._held = False
        self.lend()

    def met(self) -> bool:
        """Says that a tenant's row was held during this turn; all take turns from then on, for a while.

        Returns whether another worker may have held it.
        """
        if not self.shared:
            return False
        now = time.monotonic()
        if now >= self._until[0]:
            self._until[0] = now + REMEMBERED
        return self._until[0] - now > REMEMBERED - SETTLED

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
