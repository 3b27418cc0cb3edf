"""The rules of the AI budget service. `now` is passed in; the ledger does what must be atomic."""

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from functions.ai_budget.answers import Answer, Refusal, Text, instant, invalid, number, percentage
from functions.ai_budget.batching import Batcher, Turn
from functions.ai_budget.config import Config
from functions.ai_budget.ledger import Ledger, Unavailable
from functions.ai_budget.openapi import document
from functions.ai_budget.prices import Price, Prices
from functions.ai_budget.records import Booked, Budget, Check, Reserved, Usage, month_of, next_month

WARNING = {"X-AI-Budget-Warning": "true"}
RETRY_SOON = 5
PRICES_KEPT = timedelta(seconds=60)
ANSWERS_KEPT = timedelta(days=35)
log = logging.getLogger(__name__)

Queue = Callable[[dict[str, Any]], Awaitable[None]]
Judge = Callable[[Any], Answer]  # the answer to a batch's result; raises Refusal
Form = Callable[[Judge, Any], Any]  # what is made of it
Give = Callable[[Any], None]


def unavailable() -> Refusal:
    """The database is away: permission is not given, nothing is recorded."""
    return Refusal(
        503,
        "unavailable",
        "The budget database does not answer; try again",
        headers={"Retry-After": str(RETRY_SOON)},
    )


def _fingerprint(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


class Service:
    """One instance per process; `queue` takes tracked calls while the database is away."""

    def __init__(
        self, ledger: Ledger, config: Config, queue: Queue | None = None, turn: Turn | None = None
    ) -> None:
        self.ledger = ledger
        self.config = config
        self._queue = queue
        self.batcher = Batcher({"reserve": ledger.reserve, "book": ledger.book}, turn=turn)
        self._prices: Prices | None = None
        self._prices_until = datetime.min.replace(tzinfo=UTC)
        self._refreshing: asyncio.Task[None] | None = None

    async def _load_prices(self, now: datetime) -> None:
        self._prices = Prices(await self.ledger.fetch("prices"), self.config.prices)
        self._prices_until = now + PRICES_KEPT

    async def _refresh_prices(self, now: datetime) -> None:
        try:
            await self._load_prices(now)
        except Unavailable:
            self._prices_until = now + timedelta(seconds=1)

    async def _have_prices(self, now: datetime) -> None:
        if self._prices is None:
            await self._load_prices(now)

    def _price(self, model: str, now: datetime, input_tokens: int) -> Price:
        if now >= self._prices_until and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._refresh_prices(now))
        price = self._prices.find(model, now, input_tokens) if self._prices else None
        if price is None:
            raise Refusal(422, "unknown_model", f"There is no price for the model {model}", "model")
        return price

    async def document(self, now: datetime) -> Answer:
        """The OpenAPI document, with the models and tiers of now."""
        try:
            await self._have_prices(now)
        except Unavailable:
            log.warning("the document is without models: the database is away")
        known = self._prices.known() if self._prices else None
        return Answer(200, document(known, dict(self.config.tiers)))

    async def idle(self) -> None:
        """Returns once nothing runs in the background."""
        if self._refreshing is not None:
            await self._refreshing

    def _warns(self, spent: Decimal, limit: Decimal) -> bool:
        return spent * 100 > limit * self.config.thresholds.warning_percent

    def begin(self, route: str, body: dict[str, Any], now: datetime, form: Form, give: Give) -> bool:
        """Begins what waits for its batch only; `give` gets what `form` made, or an exception.

        False: `check` or `track` has to be asked, which may load prices first or turn to the queue.
        """
        if self._prices is None or self._queue is not None:
            return False
        if route == "check":
            kind, (item, judge) = "reserve", self._asked(body, now)
        else:
            kind, (item, judge) = "book", self._used(_with_id(body), now)
        self.batcher.begin(kind, item, partial(form, judge), give)
        return True

    def _asked(self, body: dict[str, Any], now: datetime) -> tuple[Check, Judge]:
        tenant, model, prompt = body["tenant_id"], body["model"], body["estimated_prompt_tokens"]
        maximum, kind, request = body["max_completion_tokens"], body["report_type"], body["request_id"]
        price = self._price(model, now, prompt)
        mark = _fingerprint(model, prompt, maximum, kind) if request is not None else None
        check = Check(tenant, model, now, request, mark, kind, prompt * price.input, price.output, maximum)
        return check, partial(self._checked, tenant, model, now)

    async def check(self, body: dict[str, Any], now: datetime) -> Answer:
        """Reserves what a call may cost, or refuses it."""
        try:
            await self._have_prices(now)
            return await self.batcher.submit("reserve", *self._asked(body, now))
        except Unavailable:
            raise unavailable() from None

    def _checked(self, tenant: str, model: str, now: datetime, result: Reserved) -> Answer:
        if result.status in ("ok", "replay"):
            return Answer(
                200,
                Text(
                    f'{{"allowed":true,"reservation_id":"{result.reservation_id}"'
                    f',"reserved_usd":{number(result.reserved_usd)}'
                    f',"remaining_usd":{number(result.remaining_usd)}'
                    f',"percentage_used":{number(percentage(result.spent_usd, result.limit_usd))}'
                    f',"expires_at":"{instant(result.expires_at)}"}}'
                ),
                WARNING if self._warns(result.spent_usd, result.limit_usd) else {},
            )
        if result.status == "conflict":
            raise _conflict()
        if result.status == "no_budget":
            raise Refusal(
                403, "no_budget", f"The tenant {tenant} has no budget for the model {model}", "model"
            )
        if result.status == "busy":
            raise unavailable()
        reset = next_month(month_of(now))
        until_reset = max(1, int((reset - now).total_seconds() + 0.999999))
        # What only reservations block may fit as soon as one of them is settled.
        fits_later = result.spent_usd + result.reserved_usd <= result.limit_usd
        raise Refusal(
            429,
            "Too Many Requests",
            "AI Budget Exceeded",
            headers={"Retry-After": str(min(RETRY_SOON, until_reset) if fits_later else until_reset)}
            | (WARNING if self._warns(result.spent_usd, result.limit_usd) else {}),
            allowed=False,
            tenant_id=tenant,
            model=model,
            monthly_limit_usd=result.limit_usd,
            current_usage_usd=result.spent_usd,
            estimated_usd=result.reserved_usd,
            remaining_usd=result.remaining_usd,
            percentage_used=percentage(result.spent_usd, result.limit_usd),
            reset_date=reset,
            fallback="cached_template",
        )

    async def track(self, body: dict[str, Any], now: datetime) -> Answer:
        """Books a call; while the database is away, leaves it to the queue."""
        body = _with_id(body)
        try:
            return await self.book(body, now)
        except Unavailable:
            if self._queue is None:
                raise unavailable() from None
        given = {name: value for name, value in body.items() if value not in (None, "")}
        try:
            await self._queue(given | {"tracked_at": now.isoformat()})
        except Exception as error:
            log.error("the queue did not take a tracked call: %s", type(error).__name__)
            raise unavailable() from None
        return Answer(202, {"recorded": False, "queued": True, "request_id": body["request_id"]})

    async def book(self, body: dict[str, Any], now: datetime) -> Answer:
        """Books a call that has a request id. Raises Unavailable."""
        await self._have_prices(now)
        return await self.batcher.submit("book", *self._used(body, now))

    def _used(self, body: dict[str, Any], now: datetime) -> tuple[Usage, Judge]:
        model, kind, reservation = body["model"], body["report_type"], body["reservation_id"]
        prompt, completion = body["prompt_tokens"], body["completion_tokens"]
        read, written = body["cache_read_tokens"], body["cache_write_tokens"]
        price = self._price(model, now, prompt + read + written)
        mark = _fingerprint(model, prompt, completion, read, written, kind, reservation)
        cost = price.cost(prompt, completion, read, written)
        usage = Usage(
            body["tenant_id"], model, now, body["request_id"], mark, kind, prompt, completion, read, written,
            cost, reservation,
        )  # fmt: skip
        return usage, _recorded

    async def set_limit(self, body: dict[str, Any], actor: str, now: datetime) -> Answer:
        """Sets a tenant's monthly limit for a model."""
        limit, tier = body["monthly_limit_usd"], body["tier"]
        if tier is not None:
            tiers = self.config.tiers
            amount = getattr(tiers, tier, None) if tier in type(tiers).model_fields else None
            if amount is None:
                raise invalid("tier", "must be one of " + ", ".join(type(tiers).model_fields))
            if limit != amount and not (tier == "custom" and limit > amount):
                at_least = "at least " if tier == "custom" else ""
                raise invalid("monthly_limit_usd", f"must be {at_least}{amount:f} in the tier {tier}")
        try:
            await self._have_prices(now)
            self._price(body["model"], now, 0)
            row = await self.ledger.set_limit(body["tenant_id"], body["model"], limit, tier, actor, now)
        except Unavailable:
            raise unavailable() from None
        return Answer(200, self._entry(row, now))

    def _entry(self, row: Budget, now: datetime) -> dict[str, Any]:
        """A budget in the guide's form, as it stands in the month of `now`."""
        month = month_of(now)
        if row.period_start < month:
            row = row._replace(
                spent_usd=Decimal(0), tokens_in=0, tokens_out=0, period_start=month,
                soft_limit_notified=False, hard_limit_reached=False,
            )  # fmt: skip
        spent, limit = row.spent_usd, row.limit_usd
        exceeded = spent >= limit
        return {
            "model": row.model,
            "monthly_limit_usd": limit,
            "current_usage_usd": spent,
            "percentage_used": percentage(spent, limit),
            "token_count_input": row.tokens_in,
            "token_count_output": row.tokens_out,
            "reset_date": next_month(row.period_start),
            "status": "exceeded" if exceeded else "warning" if self._warns(spent, limit) else "ok",
            "soft_limit_notified": row.soft_limit_notified,
            "hard_limit_reached": exceeded or row.hard_limit_reached,
        }

    def _document(self, tenant: str, rows: list[Budget], now: datetime) -> dict[str, Any]:
        entries = [self._entry(row, now) for row in rows]
        return {
            "tenant_id": tenant,
            "budgets": entries,
            "total_usage_usd": sum((e["current_usage_usd"] for e in entries), Decimal(0)),
            "total_limit_usd": sum((e["monthly_limit_usd"] for e in entries), Decimal(0)),
        }

    async def tenant(self, tenant: str, now: datetime) -> Answer:
        """The guide's document of a tenant; an unknown one shows its default budget."""
        try:
            rows = await self.ledger.tenant(tenant)
        except Unavailable:
            raise unavailable() from None
        if not rows:
            default = (self.config.default_model, self.config.default_monthly_limit_usd, Decimal(0), 0, 0)
            rows = [Budget(tenant, *default, month_of(now), False, False)]
        return Answer(200, self._document(tenant, rows, now))

    async def tenants(self, status: str, after: str, limit: int, now: datetime) -> Answer:
        """The documents of tenants by id; `next` is the `after` of the following page, null on the last."""
        try:
            rows = await self.ledger.tenants(status, month_of(now), after, limit)
        except Unavailable:
            raise unavailable() from None
        by_tenant: dict[str, list[Budget]] = {}
        for row in rows:
            by_tenant.setdefault(row.tenant_id, []).append(row)
        documents = [self._document(tenant, budgets, now) for tenant, budgets in by_tenant.items()]
        return Answer(
            200, {"tenants": documents, "next": list(by_tenant)[-1] if len(by_tenant) == limit else None}
        )

    async def usage(self, tenant: str, month: date, now: datetime) -> Answer:
        """A tenant's month by day, model and report type, and its closed months."""
        start = datetime(month.year, month.month, 1, tzinfo=UTC)
        try:
            days = await self.ledger.fetch("usage_days", tenant, start, next_month(month))
            closed = await self.ledger.fetch("months", tenant)
        except Unavailable:
            raise unavailable() from None
        return Answer(
            200,
            {
                "tenant_id": tenant,
                "month": f"{month:%Y-%m}",
                "complete": next_month(month) <= now,
                "total_cost_usd": sum((day[6] for day in days), Decimal(0)),
                "days": [
                    {
                        "date": day, "model": model, "report_type": kind, "requests": requests,
                        "input_tokens": int(read), "output_tokens": int(written), "cost_usd": cost,
                    }
                    for day, model, kind, requests, read, written, cost in days
                ],
                "closed_months": [
                    {
                        "month": f"{start:%Y-%m}", "model": model, "monthly_limit_usd": limit,
                        "spent_usd": spent,
                        "token_count_input": read, "token_count_output": written,
                    }
                    for start, model, limit, spent, read, written in closed
                ],
            },
        )  # fmt: skip

    async def changes(self, tenant: str, limit: int) -> Answer:
        """The changes of a tenant's limits and its resets, latest first."""
        try:
            rows = await self.ledger.fetch("changes", tenant, limit)
        except Unavailable:
            raise unavailable() from None
        names = ("changed_at", "changed_by", "source", "model", "field", "old_value", "new_value")
        return Answer(
            200, {"tenant_id": tenant, "changes": [dict(zip(names, row, strict=True)) for row in rows]}
        )

    async def ready(self) -> Answer:
        """Whether the database answers."""
        try:
            await self.ledger.fetch("ping")
        except Exception as error:
            log.warning("not ready: %s", type(error).__name__)
            raise unavailable() from None
        return Answer(200, {"status": "ready"})


def _with_id(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"request_id": body["request_id"] or f"track:{uuid.uuid4()}"}


def _recorded(result: Booked) -> Answer:
    if result.status == "conflict":
        raise _conflict()
    if result.status == "busy":
        raise Unavailable("book: the row is held")
    return Answer(
        200,
        {
            "recorded": True,
            "cost_usd": result.cost_usd,
            "month": f"{result.period_start:%Y-%m}",
            "reservation": result.settlement,
        },
    )


def _conflict() -> Refusal:
    return Refusal(409, "conflict", "This request_id was used with another body", "request_id")
