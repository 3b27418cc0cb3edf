"""A service that calls the model from 8 threads until it is stopped or killed: run by test_crashes.py.

Arguments: the address of the AI budget service, of the Messages API, of Redis; a spool directory; a name.
"""

import itertools
import signal
import sys
import threading
import time
from pathlib import Path

import anthropic

from ai_budget_client import AIBudget, BudgetError, Settings
from tests.functions.ai_budget.support import SONNET

THREADS = 8
MAX_TOKENS = 40


def main(service: str, upstream: str, redis: str, spool: str, name: str) -> None:
    """Each call has a request id of its own, which is also its prompt."""
    settings = Settings(spool_directory=Path(spool), prompt_tokens="count", attempts=2)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    numbers = itertools.count()
    with AIBudget(service, redis=redis, settings=settings) as budget:
        claude = budget.wrap(anthropic.Anthropic(base_url=upstream, api_key="local"), tenant="crash")

        def call() -> None:
            while not stopping.is_set():
                marker = f"{name}-{next(numbers)}"
                try:
                    claude.messages.create(
                        request_id=marker, model=SONNET, max_tokens=MAX_TOKENS,
                        messages=[{"role": "user", "content": marker}],
                    )  # fmt: skip
                    print(marker, flush=True)
                except BudgetError:
                    time.sleep(0.05)

        threads = [threading.Thread(target=call) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
