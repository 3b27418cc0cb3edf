"""The rules of the AI budget service. What must be atomic is done by the ledger."""

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from functions.ai_budget import schemas
from functions.ai_budget.batching import Batcher
from functions.ai_budget.budgets import ALL_MODELS, Budgets, percentage
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError, RefusedResponse
from functions.ai_budget.ledger import Check, Ledger, Unavailable, Usage
from functions.ai_budget.pricing import CallTokens, ModelName, PriceBook, canonical_model

RETRY_SECONDS = 5
PRICES_KEPT = timedelta(seconds=60)
REQUESTS_KEPT = timedelta(days=35)
REPRICE_BATCH = 200
REFUSALS = {
    "budget_spent": "AI Budget Exceeded",
    "budget_reserved": "The rest of the AI budget is reserved by calls in flight",
    "too_many_reservations": "This AI budget has too many open reservations",
}
CONFLICTS = {
    "conflict": "this request_id was used with another body",
    "already_settled": "the call of this request_id was tracked already; a new call needs a new request_id",
}
log = logging.getLogger(__name__)

Queue = Callable[[dict[str, Any]], Awaitable[None]]


class Service:
    """One instance per process. `queue` takes tracked calls while the database is away."""

    def __init__(
        self,
        ledger: Ledger,
        config: Config,
        queue: Queue | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.ledger = ledger
        self.config = config
        self.clock = clock
        self._queue = queue
        self.budgets = Budgets(ledger, config, self.prices, clock)
        self._batcher = Batcher(self._run)
        self._default_model = canonical_model(config.default_model).canonical
        self._prices: PriceBook | None = None
        self._prices_until = datetime.min.replace(tzinfo=UTC)
        self._loading = asyncio.Lock()

    async def _run(self, operation: str, tenant: str, items: list[Any]) -> list[Any]:
        limit, config = self.config.default_monthly_limit_usd, self.config
        default = {"default_model": self._default_model, "default_limit": limit}
        if operation == "check":
            return await self.ledger.check(tenant, items, max_open=config.max_open_reservations, **default)
        warning = config.thresholds.warning_percent
        return await self.ledger.track(tenant, items, warning_percent=warning, **default)

    async def prices(self) -> PriceBook:
        """The price book, read again every minute. Raises Unavailable while there is none."""
        async with self._loading:
            if self._prices is None or self.clock() >= self._prices_until:
                try:
                    self._prices = PriceBook(await self.ledger.fetch("prices"), self.config.prices)
                    self._prices_until = self.clock() + PRICES_KEPT
                except Unavailable:
                    if self._prices is None:
                        raise
            return self._prices

    async def check(self, body: schemas.CheckRequest) -> tuple[schemas.CheckResponse, bool]:
        """Reserves the most that a call can cost; the answer, and whether the budget is above its warning.

        Raises ApiError: 429 `budget_spent` or `budget_reserved`, 403 `no_budget`, 409, 422 `unknown_model`.
        """
        now, prices = self.clock(), await self.prices()
        model = canonical_model(body.model, body.inference_geo)
        report_type = body.report_type or ""
        completion = body.max_completion_tokens
        if completion is None:
            completion = await self._estimate(body.tenant_id, model.canonical, report_type)
        tokens = CallTokens(
            body.estimated_prompt_tokens, completion, body.expected_cache_read_tokens,
            body.expected_cache_write_tokens, body.expected_cache_write_1h_tokens, body.max_web_searches,
            body.service_tier, body.speed, body.inference_geo,
        )  # fmt: skip
        seconds = body.reservation_seconds or self.config.reservation_seconds
        until = now + timedelta(seconds=seconds)
        amount = prices.worst_case(model, tokens, now, until)
        if amount is None:
            raise ApiError(422, "unknown_model", f"there is no price for the model {body.model}", "model")
        announced = replace(
            tokens, completion=body.max_completion_tokens or 0
        )  # an estimate changes with time
        mark = _fingerprint(model, body.max_completion_tokens, announced, report_type, seconds)
        item = Check(model.canonical, report_type, amount, seconds, body.dry_run, body.request_id, mark)
        decision = await self._batcher.submit("check", body.tenant_id, item)
        if decision.status not in ("ok", "replay"):
            raise await self._refusal(decision, body.tenant_id, model, tokens, now, until)
        answer = schemas.CheckResponse.model_construct(
            allowed=True,
            reservation_id=decision.reservation_id,
            reserved_usd=decision.reserved_usd,
            remaining_usd=decision.remaining_usd,
            percentage_used=percentage(decision.spent_usd, decision.limit_usd),
            expires_at=decision.expires_at,
        )
        return answer, self.budgets.warns(decision.spent_usd, decision.limit_usd)

    async def _estimate(self, tenant: str, model: str, report_type: str) -> int:
        percentile = float(self.config.estimate_percentile)
        (row,) = await self.ledger.fetch(
            "estimate", tenant_id=tenant, model=model, report_type=report_type, percentile=percentile
        )
        return self.config.default_completion_tokens if row.tokens is None else row.tokens

    async def _refusal(
        self, decision: Any, tenant: str, model: ModelName, tokens: CallTokens, now: datetime, until: datetime
    ) -> ApiError:
        if decision.status in CONFLICTS:
            return ApiError(409, decision.status, CONFLICTS[decision.status], "request_id")
        if decision.status == "no_budget":
            return ApiError(403, "no_budget", f"tenant {tenant} has no budget for {model.canonical}", "model")
        spent = decision.status == "budget_spent"
        until_reset = max(1, round((decision.reset_date - now).total_seconds() + 0.5))
        headers = {
            "Retry-After": str(until_reset if spent else min(RETRY_SECONDS, until_reset)),
            "x-should-retry": "false" if spent else "true",
        }
        if self.budgets.warns(decision.spent_usd, decision.limit_usd):
            headers["X-AI-Budget-Warning"] = "true"
        message = REFUSALS[decision.status]
        return ApiError(
            429,
            "Too Many Requests",
            message,
            headers=headers,
            body=RefusedResponse(
                message=message,
                reason=decision.status,
                tenant_id=tenant,
                model=model.canonical,
                budget=decision.budget,
                monthly_limit_usd=decision.limit_usd,
                current_usage_usd=decision.spent_usd,
                estimated_usd=decision.reserved_usd,
                remaining_usd=decision.remaining_usd,
                percentage_used=percentage(decision.spent_usd, decision.limit_usd),
                reset_date=decision.reset_date,
                fallback_model=await self._cheaper_model(tenant, model, tokens, now, until),
            ),
        )

    async def _cheaper_model(
        self, tenant: str, model: ModelName, tokens: CallTokens, now: datetime, until: datetime
    ) -> str | None:
        """The dearest of the tenant's models that cost less for this call and have room for it now."""
        prices = await self.prices()
        rows = await self.ledger.fetch("tenant", tenant_id=tenant)
        room = {
            row.model: row.monthly_limit_usd - row.spent_usd - row.reserved_usd
            for row in rows
            if row.spent_usd < row.monthly_limit_usd or row.model == ALL_MODELS
        }
        everywhere = room.pop(ALL_MODELS, None)
        cost = prices.worst_case(model, tokens, now, until)
        fitting: list[tuple[Decimal, str]] = []
        for name, left in room.items():
            other = prices.worst_case(ModelName(name, model.multiplier), tokens, now, until)
            if other is None or cost is None or other >= cost:
                continue
            if other <= left and (everywhere is None or (everywhere > 0 and other <= everywhere)):
                fitting.append((other, name))
        return max(fitting)[1] if fitting else None

    async def track(self, body: schemas.TrackRequest) -> schemas.TrackResponse | schemas.QueuedResponse:
        """Books a call and settles its reservation; leaves it to the queue while the database is away.

        Raises ApiError for a used request_id; Unavailable without a queue.
        """
        body.request_id = body.request_id or f"track:{uuid.uuid4()}"
        try:
            return await self.book(body)
        except Unavailable:
            if self._queue is None:
                raise
        sent = body.model_dump(mode="json", exclude_unset=True) | {"request_id": body.request_id}
        try:
            await self._queue(sent | {"tracked_at": self.clock().isoformat()})
        except Exception as error:
            log.error("the queue did not take a tracked call: %s", type(error).__name__)
            raise Unavailable("neither the database nor the queue took the call") from None
        return schemas.QueuedResponse(request_id=body.request_id)

    async def book(self, body: schemas.TrackRequest, at: datetime | None = None) -> schemas.TrackResponse:
        """Books a call that has a request id; `at`: when it was tracked, if not now. Raises Unavailable."""
        tokens, report_type = body.tokens(), body.report_type or ""
        model = canonical_model(body.model, tokens.inference_geo)
        usage = Usage(
            *astuple(tokens),
            model=model.canonical,
            model_sent=body.model,
            report_type=report_type,
            cost=(await self.prices()).cost(model, tokens, at or self.clock()),
            tracked_at=at,
            request_id=str(body.request_id),
            fingerprint=_fingerprint(model, tokens, report_type, body.reservation_id),
            reservation_id=body.reservation_id,
        )
        booked = await self._batcher.submit("track", body.tenant_id, usage)
        if booked.status == "conflict":
            raise ApiError(409, "conflict", CONFLICTS["conflict"], "request_id")
        return schemas.TrackResponse.model_construct(
            recorded=True,
            cost_usd=booked.cost_usd,
            month=f"{booked.booked_at.astimezone(UTC):%Y-%m}",
            reservation=booked.settlement,
            unpriced=booked.cost_usd is None,
        )

    async def reprice(self) -> schemas.RepriceResponse:
        """Books the calls that waited for a price and have one now. Raises Unavailable."""
        self._prices_until = datetime.min.replace(tzinfo=UTC)
        prices = await self.prices()
        repriced, cost, still = 0, Decimal(0), 0
        after = ("", "")
        while rows := await self.ledger.fetch(
            "unpriced", after_tenant=after[0], after_request=after[1], limit=REPRICE_BATCH
        ):
            after = (rows[-1].tenant_id, rows[-1].request_id)
            by_tenant: dict[str, list[Usage]] = {}
            for row in rows:
                usage = _repriced(row, prices)
                if usage.cost is None:
                    still += 1
                else:
                    by_tenant.setdefault(row.tenant_id, []).append(usage)
            for tenant, calls in by_tenant.items():
                booked = await self._run("track", tenant, calls)
                done = [row.cost_usd for row in booked if row.status == "ok"]
                repriced, cost = repriced + len(done), cost + sum(done, Decimal(0))
        return schemas.RepriceResponse(repriced=repriced, cost_usd=cost, still_unpriced=still)

    async def release(self, body: schemas.ReleaseRequest) -> schemas.ReleaseResponse:
        """Ends a reservation at once. Repeating it changes nothing."""
        (row,) = await self.ledger.fetch(
            "release", tenant_id=body.tenant_id, reservation_id=[body.reservation_id]
        )
        return schemas.ReleaseResponse(reservation=row.status)

    async def extend(self, body: schemas.ExtendRequest) -> schemas.ExtendResponse:
        """Lets an open reservation end later. Raises ApiError 409 if it is not open, 404 if it is unknown."""
        (row,) = await self.ledger.fetch(
            "extend",
            tenant_id=body.tenant_id,
            reservation_id=[body.reservation_id],
            seconds=[body.reservation_seconds],
        )
        if row.status == "unknown":
            message = "this tenant has no such reservation"
            raise ApiError(404, "unknown_reservation", message, "reservation_id")
        if row.status != "extended":
            message = f"the reservation is {row.status}; check again for a new one"
            raise ApiError(409, f"reservation_{row.status}", message, "reservation_id")
        return schemas.ExtendResponse(expires_at=row.expires_at)


def _repriced(row: Any, prices: PriceBook) -> Usage:
    """A row of `unpriced` as a call with its price of now, if there is one."""
    tokens = CallTokens(*row[4:13])
    model = canonical_model(row.model_sent, tokens.inference_geo)
    return Usage(
        *astuple(tokens),
        model=model.canonical,
        model_sent=row.model_sent,
        report_type=row.report_type,
        cost=prices.cost(model, tokens, row.tracked_at),
        tracked_at=row.tracked_at,
        request_id=row.request_id,
        fingerprint=row.fingerprint,
        reservation_id=row.reservation_id,
    )


def _fingerprint(*parts: object) -> uuid.UUID:
    """The same for the same request: a request_id that comes again with another one is a conflict."""
    return uuid.UUID(bytes=hashlib.blake2b(repr(parts).encode(), digest_size=16).digest())
