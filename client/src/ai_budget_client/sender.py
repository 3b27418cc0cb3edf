"""Sends the spool to the service in the background, and keeps the reservations of calls in flight open."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception_type
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set
from tenacity.wait import wait_exponential, wait_random

from ai_budget_client.errors import BudgetError, BudgetUnavailable, SpoolFailed
from ai_budget_client.metrics import Metrics
from ai_budget_client.service import Service
from ai_budget_client.settings import Settings
from ai_budget_client.spool import Row, Spool, abandoned_spools

if TYPE_CHECKING:
    from collections.abc import Callable

ADOPT_SECONDS = 30.0
log = logging.getLogger(__name__)


class CallInFlight(Protocol):
    """A call whose reservation the sender extends. Times are of `time.monotonic`, in seconds."""

    tenant: str
    reservation_id: str
    extend_at: float
    extend_until: float

    def finish_if_abandoned(self) -> None: ...


class Sender:
    """Daemon threads, from `start` to `close`. `tracked` is called with the tenant of each recorded call."""

    def __init__(
        self,
        service: Service,
        spool: Spool,
        settings: Settings,
        metrics: Metrics,
        tracked: Callable[[str], None],
    ) -> None:
        self._service = service
        self._spool = spool
        self._settings = settings
        self._metrics = metrics
        self._tracked = tracked
        self._queue: queue.SimpleQueue[tuple[Spool, int] | None] = queue.SimpleQueue()
        self._adopted: set[Spool] = set()
        self._calls: WeakSet[CallInFlight] = WeakSet()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._adopted_once = threading.Event()
        self._threads: list[threading.Thread] = []
        self._backoff = wait_exponential(multiplier=0.2, max=10) + wait_random(0, 0.2)

    def start(self) -> None:
        """Starts the threads, and takes over what dead processes left."""
        names = [f"ai-budget-sender-{number}" for number in range(self._settings.senders)]
        self._threads = [threading.Thread(target=self._send_all, name=name, daemon=True) for name in names]
        self._threads.append(threading.Thread(target=self._maintain, name="ai-budget-maintain", daemon=True))
        for thread in self._threads:
            thread.start()

    def put(self, row_id: int) -> None:
        """Queues a row of this process's spool."""
        self._queue.put((self._spool, row_id))

    def watch(self, call: CallInFlight) -> None:
        """Extends the reservation of a call until `forget`, or until the call is garbage-collected."""
        with self._lock:
            self._calls.add(call)

    def forget(self, call: CallInFlight) -> None:
        """The call has ended."""
        with self._lock:
            self._calls.discard(call)

    def close(self) -> None:
        """Sends what is queued for at most `drain_timeout`. What is left stays in the spool's file."""
        deadline = time.monotonic() + self._settings.drain_timeout
        senders = self._threads[:-1]
        self._adopted_once.wait(self._settings.drain_timeout)
        for _ in senders:
            self._queue.put(None)
        for thread in senders:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._stopping.set()
        for thread in self._threads:
            thread.join(self._settings.read_timeout + self._settings.connect_timeout)
        for spool in self._adopted:
            spool.close()

    def _send_all(self) -> None:
        while (item := self._queue.get()) is not None and not self._stopping.is_set():
            spool, row_id = item
            try:
                row = spool.row(row_id)
                if row is not None:
                    self._send(spool, row_id, row)
                self._close_if_empty(spool)
            except SpoolFailed as error:
                log.error("%s", error)
            except Exception:
                # For example of the function that gives the token. The next process sends the row again.
                log.exception("the call in row %d of %s is not sent", row_id, spool.path)

    def _send(self, spool: Spool, row_id: int, row: Row) -> None:
        tenant = str(row.body["tenant_id"])
        retries = Retrying(
            retry=retry_if_exception_type(BudgetUnavailable),
            stop=stop_when_event_set(self._stopping),
            wait=self._wait,
            sleep=sleep_using_event(self._stopping),
            before_sleep=lambda _: self._metrics.sent("retried"),
        )
        try:
            retries(self._service.once, "POST", row.path, tenant, row.body)
        except RetryError:
            return
        except BudgetError as error:
            self._rejected(spool, row_id, row, error)
            return
        spool.delete(row_id)
        self._metrics.sent("recorded" if row.path == "track" else "released")
        if row.path == "track":
            self._tracked(tenant)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(self._backoff(state), getattr(error, "retry_after", None) or 0.0)

    def _rejected(self, spool: Spool, row_id: int, row: Row, error: BudgetError) -> None:
        """A track is kept for a person; a reservation that is not released ends by itself."""
        self._metrics.sent("rejected")
        log.error(
            "the AI budget service rejects the %s of %s: %s", row.path, row.body.get("request_id"), error
        )
        if row.path == "track":
            spool.fail(row_id, str(error))
        else:
            spool.delete(row_id)

    def _close_if_empty(self, spool: Spool) -> None:
        with self._lock:
            if spool in self._adopted and not len(spool):
                self._adopted.discard(spool)
                spool.close()

    def _maintain(self) -> None:
        tick = min(1.0, self._settings.reservation_seconds / 10)
        adopt_at = time.monotonic()
        while not self._stopping.wait(0 if adopt_at <= time.monotonic() else tick):
            if adopt_at <= time.monotonic():
                adopt_at = time.monotonic() + ADOPT_SECONDS
                try:
                    self._adopt()
                finally:
                    self._adopted_once.set()
            self._care_for_calls()

    def _adopt(self) -> None:
        for spool in abandoned_spools(self._spool.path.parent, self._settings.spool_max_calls):
            try:
                row_ids = spool.adopt_rows()
            except SpoolFailed as error:
                log.error("%s", error)
                continue
            if not row_ids:
                spool.close()
                continue
            log.warning("sending %d calls of a process that has ended, from %s", len(row_ids), spool.path)
            self._metrics.interrupted(len(row_ids))
            with self._lock:
                self._adopted.add(spool)
            for row_id in row_ids:
                self._queue.put((spool, row_id))

    def _care_for_calls(self) -> None:
        now = time.monotonic()
        with self._lock:
            calls = list(self._calls)
        for call in calls:
            call.finish_if_abandoned()
            if not call.reservation_id or not call.extend_at <= now < call.extend_until:
                continue
            body = {
                "tenant_id": call.tenant,
                "reservation_id": call.reservation_id,
                "reservation_seconds": self._settings.reservation_seconds,
            }
            try:
                self._service.once("POST", "extend", call.tenant, body)
                call.extend_at = next_extension(self._settings.reservation_seconds)
            except BudgetUnavailable as error:
                log.warning("the reservation %s cannot be extended now: %s", call.reservation_id, error)
            except Exception as error:
                log.warning("the reservation %s is not extended: %s", call.reservation_id, error)
                self.forget(call)


def next_extension(reservation_seconds: int) -> float:
    """When to extend a reservation that is made now: after half of its time."""
    return time.monotonic() + reservation_seconds / 2
