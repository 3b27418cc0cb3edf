"""A cache of tenants' budget status, which processes share through Redis. It never grants a call.

A value belongs to a generation. Every recorded call begins the next generation of its tenant's status;
every new limit also that of the denials, which more spending does not change. So a value that was read
before a change and is written after it is not used. Each process keeps a copy of what it has read, until a
message on the channel names the tenant. While Redis is unavailable nothing is cached.
"""

from __future__ import annotations

import logging
import threading
import time
from enum import Enum
from typing import Any, NamedTuple

import redis
from pydantic import BaseModel, ValidationError

from ai_budget_client.api import CheckRequest, TenantStatus
from ai_budget_client.errors import BudgetSpent, Refusal

CHANNEL = "ai-budget:changed"
TIMEOUT = 0.25
_GENERATION_SECONDS = 86_400
_LISTEN_SECONDS = 0.25
_MAX_COPIES = 10_000
log = logging.getLogger(__name__)


class _Entry(BaseModel):
    """A status, or a denial with the request that was denied. `expires_at` is Unix time."""

    generation: int
    expires_at: float
    status: TenantStatus | None = None
    refusal: Refusal | None = None
    denied: CheckRequest | None = None


class _Kind(str, Enum):
    """What is cached of a tenant."""

    STATUS = "status"
    DENIAL = "denial"

    def generation_key(self, tenant: str) -> str:
        """Where Redis counts the generations."""
        return f"ai-budget:generation:{self.value}:{{{tenant}}}"

    def key(self, tenant: str, model: str = "") -> str:
        """Where Redis has the value; all keys of a tenant are in one slot of a cluster."""
        return f"ai-budget:{self.value}:{{{tenant}}}:{model}"


class _Copy(NamedTuple):
    tenant: str
    kind: _Kind
    entry: _Entry | None
    generation: int
    expires_at: float


class StatusCache:
    """`url`: as `redis://host:6379/0`. `seconds`: how long a value is used at most."""

    def __init__(self, url: str, seconds: int) -> None:
        self._seconds = seconds
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, decode_responses=True
        )
        self._copies: dict[str, _Copy] = {}
        self._messages = 0
        self._listening = False
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="ai-budget-status", daemon=True)

    def start(self) -> None:
        """Begins to listen for changes."""
        self._listener.start()

    def close(self) -> None:
        """Ends the listener and the connections."""
        self._stopping.set()
        if self._listener.is_alive():
            self._listener.join(1)
        self._redis.close()

    def status(self, tenant: str) -> tuple[TenantStatus | None, int | None]:
        """The status, if it is known and still holds; and the generation to store a new one with."""
        entry, generation = self._read(_Kind.STATUS, tenant, _Kind.STATUS.key(tenant))
        return entry.status if entry else None, generation

    def denial(self, request: CheckRequest) -> tuple[BudgetSpent | None, int | None]:
        """The denial of a call no larger than this one; and the generation to store a new one with."""
        entry, generation = self._read(
            _Kind.DENIAL, request.tenant, _Kind.DENIAL.key(request.tenant, request.model)
        )
        if (
            entry is None
            or entry.refusal is None
            or entry.denied is None
            or not _covers(entry.denied, request)
        ):
            return None, generation
        left = entry.refusal.reset_date.timestamp() - time.time()
        return BudgetSpent(entry.refusal, left, warning=True) if left > 0 else None, generation

    def store_status(self, generation: int | None, status: TenantStatus) -> None:
        """Shares a status. `generation`: that of before the service was asked; None while Redis was away."""
        self._store(_Kind.STATUS, status.tenant_id, "", generation, {"status": status})

    def store_denial(self, generation: int | None, request: CheckRequest, refusal: Refusal) -> None:
        """Shares a denial. Only what is spent is one: what is reserved comes free again."""
        if refusal.reason == "budget_spent":
            value = {"refusal": refusal, "denied": request}
            self._store(_Kind.DENIAL, request.tenant, request.model, generation, value)

    def call_recorded(self, tenant: str) -> None:
        """The tenant has spent more: its status is out of date."""
        self._invalidate(tenant, [_Kind.STATUS])

    def limit_set(self, tenant: str) -> None:
        """The tenant has another limit: its status and denials are out of date."""
        self._invalidate(tenant, [_Kind.STATUS, _Kind.DENIAL])

    def _invalidate(self, tenant: str, kinds: list[_Kind]) -> None:
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for kind in kinds:
                    pipeline.incr(kind.generation_key(tenant))
                    pipeline.expire(kind.generation_key(tenant), _GENERATION_SECONDS)
                    pipeline.publish(CHANNEL, f"{kind.value} {tenant}")
                pipeline.execute()
        except redis.RedisError as error:
            self._away(error)
        for kind in kinds:
            self._forget(kind, tenant)

    def _read(self, kind: _Kind, tenant: str, key: str) -> tuple[_Entry | None, int | None]:
        """The entry and the generation of its tenant; None while Redis is unavailable."""
        now = time.time()
        with self._lock:
            copy = self._copies.get(key)
            messages = self._messages
        if copy is not None and now < copy.expires_at:
            return copy.entry, copy.generation
        try:
            values: Any = self._redis.mget(kind.generation_key(tenant), key)
        except redis.RedisError as error:
            self._away(error)
            return None, None
        generation, entry = int(values[0] or 0), _parse(values[1])
        if entry is not None and (entry.generation != generation or entry.expires_at <= now):
            entry = None
        with self._lock:
            if self._listening and messages == self._messages:
                if len(self._copies) >= _MAX_COPIES:
                    self._copies.clear()
                expires_at = entry.expires_at if entry else now + self._seconds
                self._copies[key] = _Copy(tenant, kind, entry, generation, expires_at)
        return entry, generation

    def _store(
        self, kind: _Kind, tenant: str, model: str, generation: int | None, value: dict[str, Any]
    ) -> None:
        if generation is None:
            return
        entry = _Entry(generation=generation, expires_at=time.time() + self._seconds, **value)
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.set(kind.key(tenant, model), entry.model_dump_json(), ex=self._seconds)
                pipeline.publish(CHANNEL, f"{kind.value} {tenant}")
                pipeline.execute()
        except redis.RedisError as error:
            self._away(error)
        self._forget(kind, tenant)

    def _forget(self, kind: _Kind, tenant: str) -> None:
        with self._lock:
            self._messages += 1
            copies = self._copies.items()
            for key in [key for key, copy in copies if (copy.kind, copy.tenant) == (kind, tenant)]:
                del self._copies[key]

    def _forget_all(self) -> None:
        with self._lock:
            self._messages += 1
            self._copies.clear()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._redis.pubsub() as subscription:
                    subscription.subscribe(CHANNEL)
                    while not self._stopping.is_set():
                        self._take(subscription.get_message(timeout=_LISTEN_SECONDS))
            except (redis.RedisError, OSError) as error:
                self._listening = False
                self._forget_all()
                self._away(error)
                self._stopping.wait(_LISTEN_SECONDS)

    def _take(self, message: Any) -> None:
        if message is None:
            return
        if message["type"] == "subscribe":
            self._forget_all()
            self._listening = True
        elif message["type"] == "message":
            kind, _, tenant = message["data"].partition(" ")
            self._forget(_Kind(kind), tenant)

    def _away(self, error: Exception) -> None:
        log.debug("Redis is unavailable, so the request goes to the AI budget service: %s", error)


def _parse(text: Any) -> _Entry | None:
    """An entry as stored; None if there is none, or one of another version of this package."""
    try:
        return _Entry.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _covers(denied: CheckRequest, request: CheckRequest) -> bool:
    """Whether the request costs at least as much as the denied one: the same prices, no smaller count."""
    counts = (
        "prompt_tokens", "max_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens",
        "max_web_searches",
    )  # fmt: skip
    prices = ("service_tier", "speed", "inference_geo")
    return all(getattr(request, name) >= getattr(denied, name) for name in counts) and all(
        getattr(request, name) == getattr(denied, name) for name in prices
    )
