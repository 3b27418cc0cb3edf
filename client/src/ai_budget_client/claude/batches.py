"""Message batches: each request has a reservation of a day, which ends when the results are read."""

from __future__ import annotations

import logging
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from ai_budget_client import context
from ai_budget_client.api import CheckRequest, check_request, usage_dict
from ai_budget_client.async_client import AsyncAIBudget
from ai_budget_client.claude.announced import announced, estimate_prompt_tokens, require_max_tokens
from ai_budget_client.client import AIBudget
from ai_budget_client.core import Core
from ai_budget_client.errors import InvalidRequest, SpoolFailed

BATCH_SECONDS = 86_400  # a batch ends within 24 hours
log = logging.getLogger(__name__)
_STORED_SECONDS = 35 * 86_400
_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    batch_id TEXT, custom_id TEXT, tenant TEXT NOT NULL, model TEXT NOT NULL, report_type TEXT,
    reservation_id TEXT, created_at REAL NOT NULL, PRIMARY KEY (batch_id, custom_id)
)
"""


class _Reserved(NamedTuple):
    """A request of a batch: what was checked, and its reservation."""

    tenant: str
    model: str
    report_type: str | None
    reservation_id: str | None


class _Store:
    """The requests of the batches that processes with this spool directory have created."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "batches.sqlite"

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=5)
        connection.execute(_SCHEMA)
        return connection

    def add(self, batch_id: str, requests: Mapping[str, _Reserved]) -> None:
        """Stores them for 35 days. If that fails, results are still recorded, and reservations expire."""
        now = time.time()
        rows = [(batch_id, custom_id, *reserved, now) for custom_id, reserved in requests.items()]
        try:
            with closing(self._connect()) as connection, connection:
                connection.execute("DELETE FROM requests WHERE created_at < ?", (now - _STORED_SECONDS,))
                connection.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            log.error("the reservations of the batch %s are not stored: %s", batch_id, error)

    def get(self, batch_id: str) -> dict[str, _Reserved]:
        """Raises SpoolFailed."""
        columns = "custom_id, tenant, model, report_type, reservation_id"
        try:
            with closing(self._connect()) as connection:
                rows = connection.execute(f"SELECT {columns} FROM requests WHERE batch_id = ?", (batch_id,))
                return {row[0]: _Reserved(*row[1:]) for row in rows}
        except sqlite3.Error as error:
            raise SpoolFailed(f"{self._path}: {error}") from error


class _Batches:
    """`batches` of a client. Other attributes are those of the SDK."""

    def __init__(self, resource: Any, core: Core, tenant: str | None) -> None:
        self._resource = resource
        self._core = core
        self._tenant = tenant
        self._store = _Store(core.spool.path.parent)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resource, name)

    def _checks(
        self, requests: Iterable[Mapping[str, Any]], tenant: str | None, report_type: str | None
    ) -> dict[str, CheckRequest]:
        self._core.require_room()
        tenant = tenant or self._tenant or context.current_tenant()
        if tenant is None:
            raise InvalidRequest("tenant: give tenant= to the batch or to wrap()", field="tenant")
        batch = uuid.uuid4().hex
        settings, checks = self._core.settings, {}
        for number, request in enumerate(requests):
            body = request["params"]
            require_max_tokens(body)
            tokens = estimate_prompt_tokens(body, settings.bytes_per_token)
            if tokens is None:
                message = f"{request['custom_id']}: a document or file has no bound; send it outside a batch"
                raise InvalidRequest(message, field="requests")
            fields = announced(body, tokens, settings.max_web_searches)
            checks[request["custom_id"]] = check_request(
                tenant=tenant, report_type=report_type, request_id=f"batch:{batch}:{number}",
                service_tier="batch", reservation_seconds=BATCH_SECONDS, **fields,
            )  # fmt: skip
        return checks

    def _release(self, reserved: Iterable[_Reserved]) -> None:
        for request in reserved:
            if request.reservation_id:
                body = {"tenant_id": request.tenant, "reservation_id": request.reservation_id}
                self._core.spool_release(body)

    def _record(self, batch_id: str, line: Any, reserved: _Reserved | None, tenant: str | None) -> None:
        """Tracks a request that has succeeded, and releases any other. A repetition changes nothing."""
        if line.result.type != "succeeded":
            self._release([reserved] if reserved else [])
            return
        message = line.result.message
        tenant = reserved.tenant if reserved else tenant or self._tenant
        if tenant is None:
            raise InvalidRequest(
                f"tenant: batch {batch_id} was made on another machine; give tenant= to results()",
                field="tenant",
            )
        body: dict[str, Any] = {
            "tenant_id": tenant,
            "model": message.model,
            "request_id": f"{batch_id}:{line.custom_id}",
            "usage": usage_dict(message.usage) | {"service_tier": "batch"},
        }
        if reserved:
            optional = {"report_type": reserved.report_type, "reservation_id": reserved.reservation_id}
            body |= {name: value for name, value in optional.items() if value}
        self._core.spool_track(body)


def _reserved(check: CheckRequest, reservation_id: str | None) -> _Reserved:
    return _Reserved(check.tenant, check.model, check.report_type, reservation_id)


class BudgetedBatches(_Batches):
    """The batches of a synchronous client."""

    def __init__(self, resource: Any, budget: AIBudget, tenant: str | None) -> None:
        super().__init__(resource, budget.core, tenant)
        self._budget = budget

    def create(
        self,
        *,
        requests: Iterable[Any],
        tenant: str | None = None,
        report_type: str | None = None,
        **more: Any,
    ) -> Any:
        """Checks every request, then creates the batch. Raises BudgetExceeded if one of them has no room."""
        requests = list(requests)
        reserved: dict[str, _Reserved] = {}
        try:
            for custom_id, check in self._checks(requests, tenant, report_type).items():
                reserved[custom_id] = _reserved(check, self._budget.reserve(check).reservation_id)
            batch = self._resource.create(requests=requests, **more)
        except BaseException:
            self._release(reserved.values())
            raise
        self._store.add(batch.id, reserved)
        return batch

    def results(self, message_batch_id: str, *, tenant: str | None = None, **more: Any) -> Iterator[Any]:
        """The results; each is recorded as it is read, the rest when the iterator is closed."""
        reserved = self._store.get(message_batch_id)
        lines = iter(self._resource.results(message_batch_id, **more))
        try:
            for line in lines:
                self._record(message_batch_id, line, reserved.get(line.custom_id), tenant)
                yield line
        finally:
            for line in lines:
                self._record(message_batch_id, line, reserved.get(line.custom_id), tenant)


class AsyncBudgetedBatches(_Batches):
    """The batches of an asyncio client."""

    def __init__(self, resource: Any, budget: AsyncAIBudget, tenant: str | None) -> None:
        super().__init__(resource, budget.core, tenant)
        self._budget = budget

    async def create(
        self,
        *,
        requests: Iterable[Any],
        tenant: str | None = None,
        report_type: str | None = None,
        **more: Any,
    ) -> Any:
        """Checks every request, then creates the batch. Raises BudgetExceeded if one of them has no room."""
        requests = list(requests)
        reserved: dict[str, _Reserved] = {}
        try:
            for custom_id, check in self._checks(requests, tenant, report_type).items():
                reserved[custom_id] = _reserved(check, (await self._budget.reserve(check)).reservation_id)
            batch = await self._resource.create(requests=requests, **more)
        except BaseException:
            self._release(reserved.values())
            raise
        self._store.add(batch.id, reserved)
        return batch

    async def results(
        self, message_batch_id: str, *, tenant: str | None = None, **more: Any
    ) -> AsyncIterator[Any]:
        """The results; each is recorded as it is read, so read them to the end."""
        lines = await self._resource.results(message_batch_id, **more)
        return self._recorded(message_batch_id, lines, tenant)

    async def _recorded(self, batch_id: str, lines: Any, tenant: str | None) -> AsyncIterator[Any]:
        reserved = self._store.get(batch_id)
        async for line in lines:
            self._record(batch_id, line, reserved.get(line.custom_id), tenant)
            yield line
