"""The rules of the AI budget service. What must be atomic is in the ledger's SQL functions."""

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

from pydantic_core import to_json

from functions.ai_budget import schemas
from functions.ai_budget.auth import CurrentCaller
from functions.ai_budget.batching import Batcher
from functions.ai_budget.budgets import ALL_MODELS, Budgets
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError, RefusedResponse
from functions.ai_budget.ledger import Ledger, Unavailable
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
WorstCase = Callable[[ModelName], Decimal | None]


class Service:
    """One instance per process. `queue` takes tracked calls while the database is unavailable."""

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
        self._rules = {
            "default_model": canonical_model(config.default_model).canonical,
            "default_limit": config.default_monthly_limit_usd,
            "max_open": config.max_open_reservations,
            "warning_percent": config.thresholds.warning_percent,
        }
        self._prices: PriceBook | None = None
        self._prices_until = clock()
        self._loading = asyncio.Lock()

    async def _run(self, operation: str, tenant: str, calls: list[dict[str, Any]]) -> list[Any]:
        """The row of `check` or `track` for each call."""
        return await self.ledger.fetch(
            operation, tenant_id=tenant, calls=to_json(calls).decode(), **self._rules
        )

    async def prices(self) -> PriceBook:
        """The price book, reloaded every minute. Raises Unavailable until it was loaded once."""
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
        worst_case = partial(prices.worst_case, tokens=tokens, at=now, until=until)
        amount = worst_case(model)
        if amount is None:
            raise ApiError(422, "unknown_model", f"there is no price for the model {body.model}", "model")
        # Without the estimate, which changes with time.
        announced = tokens._replace(completion_tokens=body.max_completion_tokens or 0)
        call = {
            "model": model.canonical,
            "report_type": report_type,
            "amount": amount,
            "seconds": seconds,
            "dry_run": body.dry_run,
            "request_id": body.request_id,
            "fingerprint": _fingerprint(model, body.max_completion_tokens, announced, report_type, seconds),
        }
        decision = await self._batcher.submit("check", body.tenant_id, call)
        if decision.status not in ("ok", "replay"):
            raise await self._refusal(decision, body.tenant_id, model, now, worst_case)
        used = schemas.percentage(decision.spent_usd, decision.limit_usd)
        answer = schemas.CheckResponse.model_validate(decision._asdict() | {"percentage_used": used})
        return answer, self.budgets.warns(decision.spent_usd, decision.limit_usd)

    async def _estimate(self, tenant: str, model: str, report_type: str) -> int:
        percentile = float(self.config.estimate_percentile)
        (row,) = await self.ledger.fetch(
            "estimate", tenant_id=tenant, model=model, report_type=report_type, percentile=percentile
        )
        return self.config.default_completion_tokens if row.tokens is None else row.tokens

    async def _refusal(
        self, decision: Any, tenant: str, model: ModelName, now: datetime, worst_case: WorstCase
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
        about = {
            "message": REFUSALS[decision.status],
            "tenant_id": tenant,
            "model": model.canonical,
            "fallback_model": await self._cheaper_model(tenant, decision.reserved_usd, worst_case, model),
        }
        body = RefusedResponse.model_validate(decision._asdict() | about)
        return ApiError(429, body.error, body.message, headers=headers, body=body)

    async def _cheaper_model(
        self, tenant: str, usd: Decimal, worst_case: WorstCase, model: ModelName
    ) -> str | None:
        """The most expensive of the tenant's models that cost less for this call and have room for it now."""
        budgets = await self.ledger.fetch("tenant", tenant_id=tenant)
        of_all_models = [budget for budget in budgets if budget.model == ALL_MODELS]
        fitting: list[tuple[Decimal, str]] = []
        for budget in budgets:
            cost = worst_case(model._replace(canonical=budget.model))
            if cost is None or cost >= usd:
                continue
            if all(_has_room(limiting, cost) for limiting in (budget, *of_all_models)):
                fitting.append((cost, budget.model))
        return max(fitting)[1] if fitting else None

    async def track(self, body: schemas.TrackRequest) -> schemas.TrackResponse | schemas.QueuedResponse:
        """Records a call and settles its reservation; queues the call while the database is unavailable.

        Raises ApiError for a used request_id; Unavailable without a queue.
        """
        request_id = body.request_id or f"track:{uuid.uuid4()}"
        body = body.model_copy(update={"request_id": request_id})
        try:
            return await self.book(body)
        except Unavailable:
            if self._queue is None:
                raise
        sent = body.model_dump(mode="json", exclude_unset=True)
        try:
            await self._queue(sent | {"tracked_at": self.clock().isoformat()})
        except Exception as error:
            log.error("the queue did not take a tracked call: %s", type(error).__name__)
            raise Unavailable("neither the database nor the queue took the call") from None
        return schemas.QueuedResponse(request_id=request_id)

    async def book(self, body: schemas.TrackRequest, at: datetime | None = None) -> schemas.TrackResponse:
        """Records a call that has a request id; `at`: when it was tracked, if not now. Raises Unavailable."""
        tokens, report_type = body.tokens(), body.report_type or ""
        model = canonical_model(body.model, tokens.inference_geo)
        call = tokens._asdict() | {
            "model": model.canonical,
            "model_sent": body.model,
            "report_type": report_type,
            "cost_usd": (await self.prices()).cost(model, tokens, at or self.clock()),
            "tracked_at": at,
            "reservation_id": body.reservation_id,
            "request_id": body.request_id,
            "fingerprint": _fingerprint(model, tokens, report_type, body.reservation_id),
        }
        result = await self._batcher.submit("track", body.tenant_id, call)
        if result.status == "conflict":
            raise ApiError(409, "conflict", CONFLICTS["conflict"], "request_id")
        return schemas.TrackResponse.model_validate(result._asdict() | {"unpriced": result.cost_usd is None})

    async def reprice(self, caller: CurrentCaller) -> schemas.RepriceResponse:
        """Charges the calls that have a price now; needs the admin token."""
        caller.require(None)
        self._prices_until = self.clock()
        prices = await self.prices()
        repriced, cost, still = 0, Decimal(0), 0
        after = ("", "")
        while rows := await self.ledger.fetch(
            "unpriced", after_tenant=after[0], after_request=after[1], limit=REPRICE_BATCH
        ):
            after = (rows[-1].tenant_id, rows[-1].request_id)
            for tenant, tenant_rows in groupby(rows, key=lambda row: row.tenant_id):
                calls = [_repriced(row, prices) for row in tenant_rows]
                priced = [call for call in calls if call["cost_usd"] is not None]
                still += len(calls) - len(priced)
                results = await self._run("track", tenant, priced) if priced else []
                charges = [result.cost_usd for result in results if result.status == "ok"]
                repriced, cost = repriced + len(charges), cost + sum(charges, Decimal(0))
        return schemas.RepriceResponse(repriced=repriced, cost_usd=cost, still_unpriced=still)

    async def release(self, body: schemas.ReleaseRequest, caller: CurrentCaller) -> schemas.ReleaseResponse:
        """Ends the reservation of a call that was cancelled."""
        caller.require(body.tenant_id)
        (row,) = await self.ledger.fetch("release", **dict(body))
        return schemas.ReleaseResponse(reservation=row.status)

    async def extend(self, body: schemas.ExtendRequest, caller: CurrentCaller) -> schemas.ExtendResponse:
        """Lets the reservation of a call that takes longer end later."""
        caller.require(body.tenant_id)
        (row,) = await self.ledger.fetch("extend", **dict(body))
        if row.status == "unknown":
            message = "this tenant has no such reservation"
            raise ApiError(404, "unknown_reservation", message, "reservation_id")
        if row.status != "extended":
            message = f"the reservation is {row.status}; check again for a new one"
            raise ApiError(409, f"reservation_{row.status}", message, "reservation_id")
        return schemas.ExtendResponse(expires_at=row.expires_at)


def _has_room(budget: Any, cost: Decimal) -> bool:
    left = budget.monthly_limit_usd - budget.spent_usd
    return left > 0 and cost <= left - budget.reserved_usd


def _repriced(row: Any, prices: PriceBook) -> dict[str, Any]:
    """A row of `unpriced` as a call with its price of now, if there is one."""
    model = canonical_model(row.model_sent, row.inference_geo)
    cost = prices.cost(model, CallTokens.of(row), row.tracked_at)
    return row._asdict() | {"model": model.canonical, "cost_usd": cost}


def _fingerprint(*parts: object) -> uuid.UUID:
    """The same for the same request: a request_id that comes again with another one is a conflict."""
    return uuid.UUID(bytes=hashlib.blake2b(repr(parts).encode(), digest_size=16).digest())
