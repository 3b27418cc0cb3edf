"""Puts the requests that wait for the same tenants into one statement.

A tenant is in at most one statement of this process at a time; what arrives meanwhile forms the next batch.
One batch at a time, of a worker and of all workers that meet at a tenant, is the most efficient; the next
waits for it, but not long.
Several tenants share a batch, unless another server or a person holds a tenant's row: such a tenant is then
asked for alone, so that it holds nobody else up.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time
from functools import partial
from typing import Any, NamedTuple, Protocol

from functions.ai_budget.ledger import Unavailable
from functions.ai_budget.records import Early, month_of, next_month

Send = Callable[..., Awaitable[Sequence[Any]]]
PATIENCE = 0.02  # seconds: more than a batch takes; a turn lasts no longer
STUCK = 0.05  # seconds: who had no turn for so long goes without
HELD = 0.1  # seconds: so long a tenant whose row was held is asked for alone
# Callers that were answered come back: the next batch lingers until this part of them has.
REGATHERED = 0.75
LINGER = 0.002  # seconds without another arrival
log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    item: Any
    answer: Callable[[Any], Any] | None  # makes what is given of the item's result
    give: Callable[[Any], None]
    gone: Callable[[], bool] | None  # whether nobody waits for it any more


class Turn(Protocol):
    """How the workers of a server agree whose batch is next: turns.Turns, or Alone."""

    shared: bool  # whether there are other workers

    def take(self) -> bool:
        """Whether it is this worker's turn now, from here on until `give`."""
        ...

    def lend(self) -> None:
        """Lets other workers have the turn; this one takes none before `give`."""
        ...

    def give(self) -> None:
        """Ends the turn."""
        ...

    def decline(self) -> None:
        """Says that this worker waits for no turn any more."""
        ...

    def met(self) -> bool:
        """Says that a tenant's row was held: whether another worker held it, as far as one can tell."""
        ...


class Alone:
    """The turn of the only worker."""

    shared = False
    _held = False

    def take(self) -> bool:
        """True unless it is taken."""
        held, self._held = self._held, True
        return not held

    def lend(self) -> None:
        """Nobody else has use for it."""

    def give(self) -> None:
        """Ends the turn."""
        self._held = False

    def decline(self) -> None:
        """Nobody else waits."""

    def met(self) -> bool:
        """There is no other worker."""
        return False


class Batcher:
    """`sends` maps a kind of request to the ledger's method `send(items, wait=…, early=…)`: one result each.

    Items have `tenant_id`, `request_id` and `now`; results have `status`, "busy" where the row was held.
    `early` is given where others may wait for the rows.
    """

    def __init__(
        self,
        sends: dict[str, Send],
        *,
        size: int = 256,
        shared: int = 4,
        alone: int = 4,
        turn: Turn | None = None,
    ) -> None:
        self._sends = sends
        self._size = size
        self._free = {False: shared, True: alone}
        self._queues: dict[str, dict[str, deque[_Waiting]]] = {kind: {} for kind in sends}
        self._order = list(sends)
        self._turn = turn or Alone()
        self._flying: set[str] = set()
        self._contended: dict[str, float] = {}
        self._scheduled = False
        self._refused: float | None = None
        self._flights = 0
        self._holder: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._in_flight = 0
        self._expected = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, kind: str, item: Any, answer: Callable[[Any], Any] | None = None) -> asyncio.Future[Any]:
        """The result of one item, or the answer to it, once its batch is committed.

        A batch's answers are all made before the first is given: a client that has one comes back,
        and would take the processor from those without.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.begin(kind, item, answer, partial(_settle, future), future.done)
        return future

    def begin(
        self,
        kind: str,
        item: Any,
        answer: Callable[[Any], Any] | None,
        give: Callable[[Any], None],
        gone: Callable[[], bool] | None = None,
    ) -> None:
        """As `submit`; `give` gets the answer or an exception later, for less than a future costs."""
        queue = self._queues[kind].get(item.tenant_id)
        if queue is None:
            queue = self._queues[kind][item.tenant_id] = deque()
        queue.append(_Waiting(item, answer, give, gone))
        self._waiting += 1
        self._consider()

    def _consider(self) -> None:
        """Dispatches in the next turn of the loop, or a little later if more callers are expected back."""
        if self._scheduled:
            return
        if self._waiting >= self._expected:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._dispatch)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._linger, self._waiting)

    def _dispatch(self) -> None:
        self._scheduled = False
        for kind in list(self._order):
            for alone in (False, True):
                while self._free[alone] and self._asks(kind, alone):
                    turn = self._turn.take()
                    if not (turn or self._stuck()):
                        return
                    self._launch(kind, alone, turn)

    def _launch(self, kind: str, alone: bool, turn: bool) -> None:
        loop = asyncio.get_running_loop()
        self._refused = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        flight = self._flights = self._flights + 1
        if turn:
            self._holder = flight
        batch = self._collect(kind, alone)
        if not batch:
            self._end_turn(flight)
            return
        self._order.sort(key=lambda k: k == kind)
        self._free[alone] -= 1
        self._waiting -= len(batch)
        self._in_flight += len(batch)
        if turn:
            loop.call_later(PATIENCE, self._end_turn, flight)
        task = loop.create_task(self._run(kind, batch, alone, flight))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end_turn(self, flight: int) -> None:
        if self._holder == flight:
            self._holder = None
            self._turn.give()
            if self._waiting:
                self._consider()

    def _stuck(self) -> bool:
        """Whether no turn came for too long."""
        loop = asyncio.get_running_loop()
        if self._refused is None:
            self._refused = loop.time()
        left = self._refused + STUCK - loop.time()
        if left > 0 and self._timer is None:
            self._timer = loop.call_later(left, self._linger, self._waiting)
        return left <= 0

    def rung(self) -> None:
        """The turn may be free."""
        if self._waiting:
            self._dispatch()
        else:
            self._turn.decline()

    def _asks(self, kind: str, alone: bool) -> bool:
        """Whether a tenant waits that may be asked for now."""
        return any(
            tenant not in self._flying and (tenant in self._contended) is alone
            for tenant in self._queues[kind]
        )

    def _linger(self, waiting: int) -> None:
        """Dispatches unless some more came back."""
        self._timer = None
        if waiting < self._waiting < self._expected:
            self._consider()
        else:
            self._dispatch()

    def _collect(self, kind: str, alone: bool) -> list[_Waiting]:
        queues = self._queues[kind]
        batch: list[_Waiting] = []
        start = end = datetime.max.replace(tzinfo=UTC)
        for tenant in list(queues):
            if tenant in self._flying or (tenant in self._contended) is not alone:
                continue
            queue, seen, later = queues[tenant], set(), []
            while queue and len(batch) < self._size:
                entry = queue.popleft()
                item = entry.item
                if entry.gone is not None and entry.gone():
                    self._waiting -= 1
                    continue
                if not batch:
                    month = month_of(item.now)
                    start, end = datetime.combine(month, time(), UTC), next_month(month)
                if item.request_id in seen or not start <= item.now < end:
                    later.append(entry)
                    continue
                if item.request_id is not None:
                    seen.add(item.request_id)
                batch.append(entry)
            queue.extendleft(reversed(later))
            del queues[tenant]
            if queue:
                queues[tenant] = queue  # behind the others
            if batch and batch[-1].item.tenant_id == tenant:
                self._flying.add(tenant)
            if batch and (alone or len(batch) >= self._size):
                break
        return batch

    async def _run(self, kind: str, batch: list[_Waiting], alone: bool, flight: int) -> None:
        loop = asyncio.get_running_loop()
        tenants = {waiting.item.tenant_id for waiting in batch}
        now, size = loop.time(), len(batch)
        answers: dict[int, Any] = {}

        def freed() -> None:
            if self._holder == flight:
                self._turn.lend()

        def read(results: Sequence[Any]) -> None:
            """Makes the answers, certain once they are durable."""
            for place, result in enumerate(results):
                if result.status not in ("known", "busy"):
                    answers[place] = _answer(batch[place], result)

        try:
            early = Early(freed, read) if alone or self._turn.shared else None
            results = await self._send(kind, [waiting.item for waiting in batch], alone, early)
            if isinstance(results[0], Unavailable):
                # What queued up behind it has waited long enough.
                answers.clear()
                batch, results = self._give_up(batch, tenants if alone else None, results[0])
            for place, (waiting, result) in enumerate(zip(batch, results, strict=True)):
                if not alone and not isinstance(result, Exception) and result.status == "busy":
                    self._ask_again(kind, waiting, flight, now)
                elif place not in answers:
                    answers[place] = _answer(waiting, result)
        finally:
            self._in_flight -= size
            self._expected = REGATHERED * (size + self._waiting + self._in_flight)
            self._flying -= tenants
            self._free[alone] += 1
            if alone:
                self._contended = {t: since for t, since in self._contended.items() if now - since < HELD}
            self._end_turn(flight)
            if self._waiting:
                self._consider()
        for place, answer in answers.items():
            _give(batch[place], answer)

    def _ask_again(self, kind: str, waiting: _Waiting, flight: int, now: float) -> None:
        tenant = waiting.item.tenant_id
        if not (self._holder == flight and self._turn.met()):
            self._contended[tenant] = now
        self._queues[kind].setdefault(tenant, deque()).append(waiting)
        self._waiting += 1

    def _give_up(
        self, batch: list[_Waiting], tenants: set[str] | None, error: Unavailable
    ) -> tuple[list[_Waiting], list[Unavailable]]:
        for queues in self._queues.values():
            for tenant in list(queues):
                if tenants is None or tenant in tenants:
                    self._waiting -= len(queues[tenant])
                    batch = [*batch, *queues.pop(tenant)]
        return batch, [error] * len(batch)

    async def _send(self, kind: str, items: list[Any], alone: bool, early: Early | None) -> Sequence[Any]:
        """One result or exception per item; a batch that the database refuses is sent item by item."""
        try:
            return await self._sends[kind](items, wait=alone, early=early)
        except Exception as error:
            if len(items) == 1 or isinstance(error, Unavailable):
                return [error] * len(items)
        results: list[Any] = []
        for item in items:
            results += await self._send(kind, [item], True, None)
        return results


def _answer(waiting: _Waiting, result: Any) -> Any:
    """The answer to a result, or the exception that it is or leads to."""
    if waiting.answer is None or isinstance(result, Exception):
        return result
    try:
        return waiting.answer(result)
    except Exception as error:
        return error


def _give(waiting: _Waiting, answer: Any) -> None:
    try:
        waiting.give(answer)
    except Exception as error:  # the others of the batch have to get theirs
        log.error("an answer was not given: %s", type(error).__name__)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
