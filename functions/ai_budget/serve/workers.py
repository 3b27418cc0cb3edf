"""What a worker of `serve` does beside answering requests."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from functions.ai_budget.service import Service

SERVER_PID = "AI_BUDGET_SERVER_PID"


@contextlib.asynccontextmanager
async def ending_with_the_server(_: Service, *tasks: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs tasks beside the application, and ends the worker when `serve` was killed.

    The environment has the pid of `serve`, since a worker that is still starting when `serve` is killed has
    another parent already.
    """
    running = [asyncio.create_task(task) for task in (_end_with(int(os.environ[SERVER_PID])), *tasks)]
    try:
        yield
    finally:
        for task in running:
            task.cancel()


async def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)
