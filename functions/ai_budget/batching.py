"""One statement in flight per tenant: what arrives meanwhile forms the next one.

The budget's row is locked until its commit is on disk. Requests of one tenant that each waited for the commit
before would be as slow as the disk; together they need one lock and one commit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from functions.ai_budget.ledger import ANSWER_SECONDS, Unavailable

LARGEST = 200

Run = Callable[[str, str, list[Any]], Awaitable[list[Any]]]  # operation, tenant, items → one result each


@dataclass(slots=True)
class _Entry:
    operation: str
    item: Any
    result: asyncio.Future[Any]


class Batcher:
    """Passes items of one tenant and operation to `run` together. Nothing is shared between processes."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: dict[str, list[_Entry]] = {}  # a tenant is a key while a statement of it is in flight
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, operation: str, tenant: str, item: Any) -> Any:
        """The item's result, once it is committed. Raises Unavailable, also if that takes too long."""
        entry = _Entry(operation, item, asyncio.get_running_loop().create_future())
        waiting = self._waiting.get(tenant)
        if waiting is None:
            self._waiting[tenant] = [entry]
            task = asyncio.create_task(self._drain(tenant))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(entry)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await entry.result
        except TimeoutError:
            raise Unavailable(f"{operation}: no answer in {ANSWER_SECONDS} s") from None

    async def _drain(self, tenant: str) -> None:
        waiting = self._waiting[tenant]
        while waiting:
            operation = waiting[0].operation
            batch = [entry for entry in waiting if entry.operation == operation][:LARGEST]
            taken = set(map(id, batch))
            waiting[:] = [entry for entry in waiting if id(entry) not in taken]
            await self._answer(tenant, operation, [entry for entry in batch if not entry.result.done()])
        del self._waiting[tenant]

    async def _answer(self, tenant: str, operation: str, batch: list[_Entry]) -> None:
        try:
            results = await self._run(operation, tenant, [entry.item for entry in batch]) if batch else []
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, Unavailable):
                for entry in batch:  # one item that the database rejects does not fail the others
                    await self._answer(tenant, operation, [entry])
                return
            results = [error] * len(batch)
        for entry, result in zip(batch, results, strict=True):
            if entry.result.done():
                continue
            if isinstance(result, Exception):
                entry.result.set_exception(result)
            else:
                entry.result.set_result(result)
