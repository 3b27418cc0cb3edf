"""The client of the AI budget service for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from ai_budget_client import context
from ai_budget_client.api import Announced, CheckRequest, Extended, Reservation, TenantStatus
from ai_budget_client.calls import Call
from ai_budget_client.client import Client
from ai_budget_client.core import reservation, status_path
from ai_budget_client.errors import BudgetExceeded, BudgetUnavailable
from ai_budget_client.service import Answer, AsyncService

if TYPE_CHECKING:
    from ai_budget_client.claude import BudgetedClient, Template


class AsyncAIBudget(Client):
    """As `AIBudget`, on the event loop of its first request. Redis and the audit file are used in threads."""

    def __init__(self, url: str, **arguments: Any) -> None:
        super().__init__(url, **arguments)
        self._service = AsyncService(self.core.service)

    async def check(
        self,
        tenant: str,
        model: str,
        *,
        prompt_tokens: int,
        max_tokens: int,
        dry_run: bool = False,
        **announced: Unpack[Announced],
    ) -> Reservation:
        """Reserves the most that a call can cost. Raises BudgetError, for example BudgetExceeded."""
        return await self.reserve(self._request(tenant, model, prompt_tokens, max_tokens, announced, dry_run))

    async def reserve(self, request: CheckRequest) -> Reservation:
        """`check`, of a request that is made already."""
        core = self.core
        denial, generation = await asyncio.to_thread(core.denial, request) if core.cache else (None, None)
        if denial is not None:
            context.note(denial.warning)
            raise denial
        try:
            with core.checking(request):
                answer = await self._check(request)
        except BudgetExceeded as error:
            context.note(error.warning)
            await asyncio.to_thread(core.keep_denial, generation, request, error)
            raise
        except BudgetUnavailable as error:
            return await asyncio.to_thread(core.unchecked, request, error)
        context.note(answer.warning)
        return reservation(answer)

    async def _check(self, request: CheckRequest) -> Answer:
        """The answer of the service. What is reserved after the caller was cancelled is released."""
        check = asyncio.ensure_future(self._service.request("POST", "check", request.tenant, request.body()))
        try:
            return await asyncio.shield(check)
        except asyncio.CancelledError:
            check.add_done_callback(lambda done: self._release_unused(request, done))
            raise

    def _release_unused(self, request: CheckRequest, check: asyncio.Future[Answer]) -> None:
        if not check.cancelled() and check.exception() is None:
            reservation_id = reservation(check.result()).reservation_id
            if reservation_id:
                self.core.spool_release({"tenant_id": request.tenant, "reservation_id": reservation_id})

    async def open_call(self, request: CheckRequest) -> Call:
        """Checks, and begins the call. The caller ends it. Raises SpoolFull and what `check` raises."""
        self.core.require_room()
        return self.core.begin(request, await self.reserve(request))

    @asynccontextmanager
    async def call(
        self,
        tenant: str,
        model: str,
        *,
        prompt_tokens: int,
        max_tokens: int,
        **announced: Unpack[Announced],
    ) -> AsyncIterator[Call]:
        """Checks, and yields the call: report what the model used with `used`. Raises what `check` raises."""
        with await self.open_call(self._request(tenant, model, prompt_tokens, max_tokens, announced)) as call:
            yield call

    async def release(self, tenant: str, reservation_id: str) -> None:
        """Ends a reservation of `check` without a call."""
        body = {"tenant_id": tenant, "reservation_id": reservation_id}
        await self._service.request("POST", "release", tenant, body)

    async def extend(self, tenant: str, reservation_id: str, seconds: int) -> datetime:
        """Lets a reservation end `seconds` from now, or when it would have if that is later.

        Raises ReservationEnded.
        """
        body = {"tenant_id": tenant, "reservation_id": reservation_id, "reservation_seconds": seconds}
        answer = await self._service.request("POST", "extend", tenant, body)
        return Extended.model_validate(answer.body).expires_at

    async def status(self, tenant: str) -> TenantStatus:
        """The tenant's budgets, at most a minute old."""
        cache = self.core.cache
        known, generation = await asyncio.to_thread(cache.status, tenant) if cache else (None, None)
        if known is None:
            answer = await self._service.request("GET", status_path(tenant), tenant)
            known = TenantStatus.model_validate(answer.body)
            if cache:
                await asyncio.to_thread(cache.store_status, generation, known)
        return known

    def wrap(
        self, client: Any, *, tenant: str | None = None, template: Template | None = None
    ) -> BudgetedClient:
        """An asynchronous Anthropic client whose calls are checked and tracked: see `AIBudget.wrap`."""
        from ai_budget_client.claude import wrap

        return wrap(self, client, tenant, template)

    async def close(self) -> None:
        """Sends what is in the spool, for at most `drain_timeout`. The next process sends the rest."""
        await self._service.close()
        if self._owns_core:
            await asyncio.to_thread(self.core.close)

    async def __aenter__(self) -> AsyncAIBudget:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
