"""Many callers at once, while processes are killed: what the crash tests and the bench have in common."""

import asyncio
import json
import random
import signal
import threading
from collections import Counter
from decimal import Decimal
from typing import Any

from tests.functions.ai_budget.support import SONNET, Served


class Caller:
    """One client: sends a request again, to the next process, until it is answered."""

    def __init__(self, urls: list[str], start: int) -> None:
        self._places = [url.split("//")[1].rsplit(":", 1) for url in urls]
        self._next = start
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The first answer that is not a 503."""
        text = json.dumps(body)
        head = f"POST /api/ai-budget/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode()
        while True:
            try:
                status, answer = await asyncio.wait_for(self._exchange(request), 10)
                if status != 503:
                    return status, answer
            except (OSError, EOFError, TimeoutError):
                if self._streams is not None:
                    self._streams[1].close()
                self._streams = None
                self._next += 1
            await asyncio.sleep(0.02)

    async def _exchange(self, request: bytes) -> tuple[int, dict[str, Any]]:
        if self._streams is None:
            host, port = self._places[self._next % len(self._places)]
            self._streams = await asyncio.open_connection(host, int(port))
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head[9:12]), json.loads(await reader.readexactly(length))

    def close(self) -> None:
        """Ends the connection."""
        if self._streams is not None:
            self._streams[1].close()


class Fleet:
    """Several `serve` processes of one worker on one database, of which one is killed now and then."""

    def __init__(self, database: str, count: int, seed: int) -> None:
        self._database = database
        self._random = random.Random(seed)
        self._members = [self._serve() for _ in range(count)]
        self._lock = threading.Lock()
        self._restart: threading.Thread | None = None
        self.urls = [served.url for served in self._members]
        self.kills = 0

    def _serve(self, port: int = 0) -> Served:
        return Served("--database-url", self._database, "--workers", "1", port=port)

    def kill_one(self) -> None:
        """Kills a process with SIGKILL and starts it again on its port, in the background, one at a time."""
        with self._lock:
            if self._restart is not None:
                self._restart.join()
            self.kills += 1
            index = self._random.randrange(len(self._members))
            victim = self._members[index]
            victim.stop(signal.SIGKILL)
            port = int(victim.url.rsplit(":", 1)[1])

            def restart() -> None:
                self._members[index] = self._serve(port)

            self._restart = threading.Thread(target=restart)
            self._restart.start()

    def stop(self) -> None:
        """Ends all of them."""
        if self._restart is not None:
            self._restart.join()
        for served in self._members:
            served.stop()


async def spend_it_all(fleet: Fleet, tenant: str, clients: int, kill_every: int) -> Counter[str]:
    """All clients check for 2,000 completion tokens (0.03 USD) until refused, and settle every second call.

    Returns how often each reservation was given out. A process is killed after each `kill_every` admissions.
    """
    given: Counter[str] = Counter()

    async def client(number: int) -> None:
        caller, turn = Caller(fleet.urls, number), 0
        while True:
            turn += 1
            request = {"tenant_id": tenant, "model": SONNET, "request_id": f"{number}-{turn}"}
            ask = request | {"estimated_prompt_tokens": 0, "max_completion_tokens": 2000}
            status, answer = await caller.post("check", ask)
            if status == 429:
                break
            assert status == 200, answer
            given[answer["reservation_id"]] += 1
            if len(given) % kill_every == 0:
                await asyncio.to_thread(fleet.kill_one)
            if turn % 2:
                used = {
                    "prompt_tokens": 0,
                    "completion_tokens": 2000,
                    "reservation_id": answer["reservation_id"],
                }
                status, answer = await caller.post("track", request | used)
                assert status == 200, answer
        caller.close()

    await asyncio.gather(*[client(number) for number in range(clients)])
    return given


async def track_all(
    fleet: Fleet, tenant: str, calls: int, clients: int, kill_every: int, seed: int
) -> Decimal:
    """Sends `calls` tracks one to five times each, shuffled; returns what they must sum to."""
    rng = random.Random(seed)
    bodies = [
        {"tenant_id": tenant, "model": SONNET, "request_id": f"call-{i}", "report_type": f"kind-{i % 3}",
         "prompt_tokens": rng.randrange(5000), "completion_tokens": rng.randrange(2000),
         "cache_read_tokens": rng.randrange(1000)}
        for i in range(calls)
    ]  # fmt: skip
    sendings = [body for body in bodies for _ in range(rng.randint(1, 5))]
    rng.shuffle(sendings)
    waiting = iter(sendings)
    answers: dict[str, dict[str, Any]] = {}
    sent = 0

    async def client(number: int) -> None:
        nonlocal sent
        caller = Caller(fleet.urls, number)
        for body in waiting:
            status, answer = await caller.post("track", body)
            assert status == 200, answer
            assert answers.setdefault(str(body["request_id"]), answer) == answer
            sent += 1
            if sent % kill_every == 0:
                await asyncio.to_thread(fleet.kill_one)
        caller.close()

    await asyncio.gather(*[client(number) for number in range(clients)])
    micro = sum(
        b["prompt_tokens"] * Decimal(3)
        + b["completion_tokens"] * Decimal(15)
        + b["cache_read_tokens"] * Decimal("0.3")
        for b in bodies
    )
    return micro / 1_000_000
