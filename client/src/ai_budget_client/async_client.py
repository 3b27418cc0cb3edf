"""The client of the AI budget service for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from ai_budget_client import context
from ai_budget_client.api import (
    Announced,
    BudgetStatus,
    CheckRequest,
    Extended,
    Reservation,
    TenantStatus,
    limit_body,
)
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
        self._unwanted: set[asyncio.Future[Answer]] = set()

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
                answer = await self._checked(request)
                reserved = reservation(answer)
        except BudgetExceeded as error:
            context.note(error.warning)
            await asyncio.to_thread(core.keep_denial, generation, request, error)
            raise
        except BudgetUnavailable as error:
            return await asyncio.to_thread(core.unchecked, request, error)
        context.note(answer.warning)
        return reserved

    async def _checked(self, request: CheckRequest) -> Answer:
        """The answer to a check. If the caller is cancelled meanwhile, what it reserves is released."""
        tenant = request.tenant
        check = asyncio.ensure_future(self._service.request("POST", "check", tenant, request.body()))
        try:
            return await asyncio.shield(check)
        except asyncio.CancelledError:
            self._unwanted.add(check)
            check.add_done_callback(partial(self._release_unwanted, tenant))
            raise

    def _release_unwanted(self, tenant: str, check: asyncio.Future[Answer]) -> None:
        self._unwanted.discard(check)
        if check.cancelled() or check.exception() is not None:
            return
        if reservation_id := check.result().body.get("reservation_id"):
            self.core.spool_release({"tenant_id": tenant, "reservation_id": reservation_id})

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
        return answer.as_a(Extended).expires_at

    async def status(self, tenant: str) -> TenantStatus:
        """The tenant's budgets, at most a minute old."""
        cache = self.core.cache
        known, generation = await asyncio.to_thread(cache.status, tenant) if cache else (None, None)
        if known is None:
            answer = await self._service.request("GET", status_path(tenant), tenant)
            known = answer.as_a(TenantStatus)
            if cache:
                await asyncio.to_thread(cache.store_status, generation, known)
        return known

    async def set_limit(
        self,
        tenant: str,
        model: str,
        monthly_limit_usd: Decimal,
        *,
        admin_token: str,
        tier: str | None = None,
    ) -> BudgetStatus:
        """Sets a monthly limit; `model` `*` is the budget of all models. What is cached is dropped."""
        body = limit_body(tenant, model, monthly_limit_usd, tier)
        answer = await self._service.request("POST", "set", tenant, body, admin_token)
        if self.core.cache:
            await asyncio.to_thread(self.core.cache.limit_set, tenant)
        return answer.as_a(BudgetStatus)

    def wrap(
        self, client: Any, *, tenant: str | None = None, template: Template | None = None
    ) -> BudgetedClient:
        """An asynchronous Anthropic client whose calls are checked and tracked: see `AIBudget.wrap`."""
        from ai_budget_client.claude import wrap

        return wrap(self, client, tenant, template)

    async def close(self) -> None:
        """Sends what is in the spool, for at most `drain_timeout`. The next process sends the rest."""
        await asyncio.gather(*self._unwanted, return_exceptions=True)
        await self._service.close()
        if self._owns_core:
            await asyncio.to_thread(self.core.close)

    async def __aenter__(self) -> AsyncAIBudget:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
