"""The reporting service of the demo: it checks and tracks AI calls of ten tenants."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from random import Random

import httpx
from prometheus_client import CollectorRegistry, Counter, start_http_server

from demo.tenants import TENANTS, Call, call

CALLS_A_SECOND = 2
CALL_SECONDS = 0.5
REFUSED_COST = Decimal(3)  # of the calls of the trial tenant: more than its limit


@contextmanager
def traffic(service: str, listens: int) -> Iterator[None]:
    """Calls the AI budget service at the address `service`, and serves /metrics on a port of 127.0.0.1."""
    registry = CollectorRegistry()
    requests = Counter("http_requests", "Requests by tenant.", ["tenant_id"], registry=registry)
    server, thread = start_http_server(listens, "127.0.0.1", registry)
    stop = threading.Event()
    caller = threading.Thread(target=lambda: asyncio.run(_call_until(stop, service, requests)), daemon=True)
    caller.start()
    try:
        yield
    finally:
        stop.set()
        caller.join()
        server.shutdown()
        server.server_close()
        thread.join()


async def _call_until(stop: threading.Event, service: str, requests: Counter) -> None:
    random = Random("traffic")
    async with httpx.AsyncClient(base_url=service, timeout=5) as client, asyncio.TaskGroup() as calls:
        number = 0
        while not stop.is_set():
            tenant = TENANTS[number % len(TENANTS)]
            plan = random.choice(tenant.plans)
            requests.labels(tenant.id).inc()
            usual = plan.daily * len(TENANTS) * len(tenant.plans) / CALLS_A_SECOND / 86_400
            usual = REFUSED_COST if plan.limit < REFUSED_COST else usual
            body = call(tenant, plan, usual * Decimal(str(random.uniform(0.5, 1.5))))
            calls.create_task(_check_and_track(client, body))
            number += 1
            await asyncio.sleep(1 / CALLS_A_SECOND)


async def _check_and_track(client: httpx.AsyncClient, body: Call) -> None:
    """One call. A service that is stopping is no error."""
    try:
        check = await client.post(
            "/api/ai-budget/check", json=body.check().model_dump(mode="json", exclude_unset=True)
        )
        if check.status_code != 200:
            return
        await asyncio.sleep(CALL_SECONDS)
        track = body.track(reservation_id=check.json()["reservation_id"])
        await client.post("/api/ai-budget/track", json=track.model_dump(mode="json", exclude_unset=True))
    except httpx.HTTPError:
        return
