"""The client of the AI budget service for threads. `async_client` is the same for asyncio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
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
    check_request,
    limit_body,
    require_identifiers,
    token_counts,
    usage_dict,
)
from ai_budget_client.calls import Call
from ai_budget_client.core import Core, reservation, status_path
from ai_budget_client.errors import BudgetExceeded, BudgetUnavailable
from ai_budget_client.service import Token
from ai_budget_client.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider
    from prometheus_client import CollectorRegistry

    from ai_budget_client.async_client import AsyncAIBudget
    from ai_budget_client.claude import BudgetedClient, Template


class Client:
    """What needs no answer of the service, or gets it on the caller's thread."""

    def __init__(
        self,
        url: str,
        *,
        token: Token = None,
        redis: str | None = None,
        ca_file: Path | None = None,
        settings: Settings | None = None,
        registry: CollectorRegistry | None = None,
        tracer_provider: TracerProvider | None = None,
        core: Core | None = None,
    ) -> None:
        self._owns_core = core is None
        self.core = core or Core(
            url, token, redis, ca_file, settings or Settings(), registry, tracer_provider
        )

    def track(
        self,
        tenant: str,
        model: str,
        usage: Any = None,
        *,
        request_id: str,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        report_type: str | None = None,
        reservation_id: str | None = None,
    ) -> None:
        """Keeps what a call used, and sends it in the background.

        `usage`: of the Anthropic response; or give the token counts. Raises InvalidRequest for other values,
        SpoolFull, SpoolFailed.
        """
        if usage is not None:
            used: dict[str, Any] = {"usage": usage_dict(usage)}
        elif prompt_tokens is not None and completion_tokens is not None:
            used = token_counts(prompt_tokens, completion_tokens)
        else:
            raise TypeError("track: give usage, or prompt_tokens and completion_tokens")
        require_identifiers(tenant=tenant, request_id=request_id)
        optional = {"report_type": report_type, "reservation_id": reservation_id}
        if report_type is not None:
            require_identifiers(report_type=report_type)
        body = {"tenant_id": tenant, "model": model, "request_id": request_id} | used
        self.core.spool_track(body | {key: value for key, value in optional.items() if value is not None})

    def _request(
        self,
        tenant: str,
        model: str,
        prompt_tokens: int,
        max_tokens: int,
        announced: Announced,
        dry_run: bool = False,
    ) -> CheckRequest:
        fields = {key: value for key, value in announced.items() if value is not None}
        return check_request(
            tenant=tenant,
            model=model,
            prompt_tokens=prompt_tokens,
            max_tokens=max_tokens,
            reservation_seconds=self.core.settings.reservation_seconds,
            dry_run=dry_run,
            **fields,
        )


class AIBudget(Client):
    """For threads. One for each process and service; `close` it at the end, or use it as a context manager.

    `token`: the bearer token, or a function that gives it for a tenant. `redis`: the URL of the status cache.
    `ca_file`: PEM of the CA of the service. `registry`: for Prometheus metrics. `tracer_provider`: for spans.
    """

    def check(
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
        return self.reserve(self._request(tenant, model, prompt_tokens, max_tokens, announced, dry_run))

    def reserve(self, request: CheckRequest) -> Reservation:
        """`check`, of a request that is made already."""
        core = self.core
        denial, generation = core.denial(request)
        if denial is not None:
            context.note(denial.warning)
            raise denial
        try:
            with core.checking(request):
                answer = core.service.request("POST", "check", request.tenant, request.body())
                reserved = reservation(answer)
        except BudgetExceeded as error:
            context.note(error.warning)
            core.keep_denial(generation, request, error)
            raise
        except BudgetUnavailable as error:
            return core.unchecked(request, error)
        context.note(answer.warning)
        return reserved

    def open_call(self, request: CheckRequest) -> Call:
        """Checks, and begins the call. The caller ends it. Raises SpoolFull and what `check` raises."""
        self.core.require_room()
        return self.core.begin(request, self.reserve(request))

    @contextmanager
    def call(
        self,
        tenant: str,
        model: str,
        *,
        prompt_tokens: int,
        max_tokens: int,
        **announced: Unpack[Announced],
    ) -> Iterator[Call]:
        """Checks, and yields the call: report what the model used with `used`. Raises what `check` raises."""
        with self.open_call(self._request(tenant, model, prompt_tokens, max_tokens, announced)) as call:
            yield call

    def release(self, tenant: str, reservation_id: str) -> None:
        """Ends a reservation of `check` without a call."""
        body = {"tenant_id": tenant, "reservation_id": reservation_id}
        self.core.service.request("POST", "release", tenant, body)

    def extend(self, tenant: str, reservation_id: str, seconds: int) -> datetime:
        """Lets a reservation end `seconds` from now, or when it would have if that is later.

        Raises ReservationEnded.
        """
        body = {"tenant_id": tenant, "reservation_id": reservation_id, "reservation_seconds": seconds}
        answer = self.core.service.request("POST", "extend", tenant, body)
        return answer.as_a(Extended).expires_at

    def status(self, tenant: str) -> TenantStatus:
        """The tenant's budgets, at most a minute old."""
        cache = self.core.cache
        known, generation = cache.status(tenant) if cache else (None, None)
        if known is None:
            answer = self.core.service.request("GET", status_path(tenant), tenant)
            known = answer.as_a(TenantStatus)
            if cache:
                cache.store_status(generation, known)
        return known

    def set_limit(
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
        answer = self.core.service.request("POST", "set", tenant, body, admin_token)
        if self.core.cache:
            self.core.cache.limit_set(tenant)
        return answer.as_a(BudgetStatus)

    def wrap(
        self, client: Any, *, tenant: str | None = None, template: Template | None = None
    ) -> BudgetedClient:
        """An Anthropic client of any platform, asynchronous or not, whose calls are checked and tracked.

        `tenant`: of calls without `tenant=`. `template`: gives the answer to a call that is refused.
        """
        from ai_budget_client.claude import wrap

        return wrap(self, client, tenant, template)

    def asynchronous(self) -> AsyncAIBudget:
        """The same client for asyncio, with connections of its own, which its `close` ends."""
        from ai_budget_client.async_client import AsyncAIBudget

        return AsyncAIBudget(self.core.url, core=self.core)

    def close(self) -> None:
        """Sends what is in the spool, for at most `drain_timeout`. The next process sends the rest."""
        self.core.close()

    def __enter__(self) -> AIBudget:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
