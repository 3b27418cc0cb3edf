"""Puts the requests that wait for the same tenants into one statement.

A tenant is in at most one statement of this process at a time; what arrives meanwhile forms the next batch.
Several tenants share a batch, unless another process or a person holds a tenant's row: such a tenant is then
asked for alone, so that it holds nobody else up.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from functions.ai_budget.ledger import Unavailable, month_of

Send = Callable[..., Awaitable[Sequence[Any]]]
PATIENCE = 0.0015  # seconds: about what a batch takes
# The callers of a batch are answered together and come back together: the next one lingers until most have.
REGATHERED = 0.75
LINGER = 0.001  # seconds


class Batcher:
    """`sends` maps a kind of request to the ledger's method: `send(items, wait=…)`, one result per item.

    Items have `tenant_id`, `request_id` and `now`; results have `status`, "busy" where the row was held.
    """

    def __init__(self, sends: dict[str, Send], *, size: int = 256, shared: int = 4, alone: int = 4) -> None:
        self._sends = sends
        self._size = size
        self._free = {False: shared, True: alone}
        self._queues: dict[str, dict[str, deque[tuple[Any, asyncio.Future[Any]]]]] = {
            kind: {} for kind in sends
        }
        self._turn = list(sends)
        self._flying: set[str] = set()
        self._contended: dict[str, float] = {}
        self._scheduled = False
        self._shared = shared
        self._launched = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._expected = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, kind: str, item: Any) -> Any:
        """The result of one item, once its batch is committed."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        queue = self._queues[kind].get(item.tenant_id)
        if queue is None:
            queue = self._queues[kind][item.tenant_id] = deque()
        queue.append((item, future))
        self._waiting += 1
        self._consider(loop)
        return await future

    def _consider(self, loop: asyncio.AbstractEventLoop) -> None:
        """Dispatches in the next turn of the loop, or a little later if more callers are expected back."""
        if self._scheduled:
            return
        if self._waiting >= self._expected:
            self._scheduled = True
            loop.call_soon(self._dispatch)
        elif self._timer is None:
            self._timer = loop.call_later(LINGER, self._lose_patience)

    def _dispatch(self) -> None:
        self._scheduled = False
        for kind in list(self._turn):
            for alone in (False, True):
                while self._may_fly(alone) and (batch := self._collect(kind, alone)):
                    self._turn.sort(key=lambda k: k == kind)
                    self._free[alone] -= 1
                    self._waiting -= len(batch)
                    if not alone:
                        self._launched = asyncio.get_running_loop().time()
                    task = asyncio.get_running_loop().create_task(self._run(kind, batch, alone))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    def _may_fly(self, alone: bool) -> bool:
        """One shared batch at a time is the most efficient; the next one waits for it, but not long."""
        if alone or not 0 < self._free[alone] < self._shared:
            return self._free[alone] > 0
        loop = asyncio.get_running_loop()
        left = self._launched + PATIENCE - loop.time()
        if left <= 0:
            return True
        if self._timer is None and any(self._queues.values()):
            self._timer = loop.call_later(left, self._lose_patience)
        return False

    def _lose_patience(self) -> None:
        self._timer = None
        self._dispatch()

    def _collect(self, kind: str, alone: bool) -> list[tuple[Any, asyncio.Future[Any]]]:
        queues = self._queues[kind]
        batch: list[tuple[Any, asyncio.Future[Any]]] = []
        month = None
        for tenant in list(queues):
            if tenant in self._flying or (tenant in self._contended) is not alone:
                continue
            queue, seen, later = queues[tenant], set(), []
            while queue and len(batch) < self._size:
                item, future = entry = queue.popleft()
                if future.done():
                    self._waiting -= 1
                    continue
                of_item = month_of(item.now)
                month = month or of_item
                if item.request_id in seen or of_item != month:
                    later.append(entry)
                    continue
                if item.request_id is not None:
                    seen.add(item.request_id)
                batch.append(entry)
            queue.extendleft(reversed(later))
            del queues[tenant]
            if queue:
                queues[tenant] = queue  # behind the others
            if batch and batch[-1][0].tenant_id == tenant:
                self._flying.add(tenant)
            if batch and (alone or len(batch) >= self._size):
                break
        return batch

    async def _run(self, kind: str, batch: list[tuple[Any, asyncio.Future[Any]]], alone: bool) -> None:
        tenants = {item.tenant_id for item, _ in batch}
        now = asyncio.get_running_loop().time()
        size = len(batch)
        try:
            results = await self._send(kind, [item for item, _ in batch], alone)
            if isinstance(results[0], Unavailable):
                # What queued up behind it has waited long enough.
                batch, results = self._give_up(batch, tenants if alone else None, results[0])
            for (item, future), result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    if not future.done():
                        future.set_exception(result)
                elif result.status == "busy" and not alone:
                    self._contended[item.tenant_id] = now
                    self._queues[kind].setdefault(item.tenant_id, deque()).append((item, future))
                    self._waiting += 1
                elif not future.done():
                    future.set_result(result)
        finally:
            self._expected = REGATHERED * (size + self._waiting)
            self._flying -= tenants
            self._free[alone] += 1
            if alone:
                self._contended = {t: since for t, since in self._contended.items() if now - since < 1.0}
            if self._waiting:
                self._consider(asyncio.get_running_loop())

    def _give_up(
        self, batch: list[tuple[Any, asyncio.Future[Any]]], tenants: set[str] | None, error: Unavailable
    ) -> tuple[list[tuple[Any, asyncio.Future[Any]]], list[Unavailable]]:
        for queues in self._queues.values():
            for tenant in list(queues):
                if tenants is None or tenant in tenants:
                    self._waiting -= len(queues[tenant])
                    batch = [*batch, *queues.pop(tenant)]
        return batch, [error] * len(batch)

    async def _send(self, kind: str, items: list[Any], alone: bool) -> Sequence[Any]:
        """One result or exception per item; a batch that the database refuses is sent item by item."""
        try:
            return await self._sends[kind](items, wait=alone)
        except Exception as error:
            if len(items) == 1 or isinstance(error, Unavailable):
                return [error] * len(items)
        results: list[Any] = []
        for item in items:
            results += await self._send(kind, [item], True)
        return results
