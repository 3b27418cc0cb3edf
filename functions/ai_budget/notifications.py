"""Sends the notices of the ledger by e-mail and webhook: each at least once, all repetitions with one id."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, NamedTuple

import httpx
from pydantic import AfterValidator, Field

from functions.ai_budget.ledger import Ledger
from functions.ai_budget.schemas import Strict

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 12  # about 16 hours with the delays below
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=4)
CLAIM = timedelta(minutes=5)  # longer than any attempt takes
BATCH = 50
TIMEOUT_SECONDS = 10
_ERROR_CHARACTERS = 200
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

Mailer = Callable[[str, str, str, str, str], None]


def checked_webhook_url(url: str) -> str:
    """The URL. Raises ValueError unless it is https, or http to this machine (`make serve`, tests)."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"not a URL: {error}") from None
    if not parsed.host:
        raise ValueError("not a URL: the host is missing")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.host in _THIS_MACHINE):
        raise ValueError("a webhook URL must begin with https://")
    return url


class Webhook(Strict):
    """A URL that receives the notices of all tenants, and the secret that signs them."""

    url: Annotated[str, AfterValidator(checked_webhook_url)]
    secret: Annotated[str, Field(min_length=16)]


class Notifications(Strict):
    """Sender, addresses for the tenants that have none in ai_budget_contacts, webhooks for all tenants."""

    sender: str = "finops@teei.io"
    tenant_admin: str = "finops@teei.io"
    account_manager: str = "am-team@teei.io"
    webhooks: tuple[Webhook, ...] = ()


class Delivery(NamedTuple):
    """A notice to one target, claimed for an attempt: a row of `claim_deliveries`. Money is in US dollars."""

    id: int
    notice_id: int
    channel: str
    target: str
    secret: str | None
    attempts: int
    tenant_id: str
    model: str
    month: date
    threshold: int
    monthly_limit_usd: Decimal
    spent_usd: Decimal
    created_at: datetime

    @property
    def dedupe_id(self) -> str:
        """The same for every attempt."""
        return f"ai-budget-notice-{self.notice_id}-{self.id}"

    @property
    def subject(self) -> str:
        """One line: what happened to which budget."""
        what = "exceeded" if self.threshold == 100 else "warning"
        return f"AI budget {what}: {self.tenant_id}, {self.model}, {self.month:%B %Y}"

    @property
    def text(self) -> str:
        """What happened and what follows."""
        then = (
            "Reports fall back to cached templates until the limit is raised or the month ends."
            if self.threshold == 100
            else "At 100 % AI requests are refused and reports fall back to cached templates."
        )
        return (
            f"Tenant {self.tenant_id} has spent {_usd(self.spent_usd)} of {_usd(self.monthly_limit_usd)} USD "
            f"({_percentage(self.spent_usd, self.monthly_limit_usd)} %) of its {self.month:%B %Y} budget "
            f"for {self.model}.\n\n{then}\n"
        )

    def body(self) -> bytes:
        """The JSON for a webhook: `text`, which Slack's incoming webhooks show, and the same as data.

        https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, read 2026-11-28
        """
        event = {
            "id": self.dedupe_id,
            "type": "ai_budget.exceeded" if self.threshold == 100 else "ai_budget.warning",
            "created_at": self.created_at.isoformat(),
            "tenant_id": self.tenant_id,
            "model": self.model,
            "month": f"{self.month:%Y-%m}",
            "threshold_percent": self.threshold,
            "monthly_limit_usd": float(self.monthly_limit_usd),
            "spent_usd": float(self.spent_usd),
        }
        return json.dumps({"text": f"*{self.subject}*\n{self.text}", "event": event}).encode()


def _usd(amount: Decimal) -> str:
    """Cents for amounts from a dollar on, all digits below."""
    return f"{amount:,.2f}" if amount >= 1 else f"{amount.normalize():f}"


def _percentage(spent: Decimal, limit: Decimal) -> str:
    return f"{spent / limit * 100:.1f}".removesuffix(".0") if limit else "100"


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The header that proves the sender: `t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`.

    Stripe's scheme, so that its verifiers can be reused: https://docs.stripe.com/webhooks/signature,
    read 2026-11-28
    """
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"t={timestamp},v1={digest.hexdigest()}"


def http_client() -> httpx.AsyncClient:
    """A client for webhooks: it follows no redirects and sends nothing through a proxy of the environment."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs URLs, which are secrets of their receivers
    return httpx.AsyncClient(
        timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, headers={"User-Agent": "ai-budget"}
    )


async def deliver(
    ledger: Ledger, mailer: Mailer, http: httpx.AsyncClient, settings: Notifications, now: datetime
) -> dict[str, int]:
    """Makes one attempt at every delivery that is due. Returns how many were sent, retried later or failed.

    A target that fails is tried again after 1, 2, 4 … minutes, MAX_ATTEMPTS times in all; then its row in
    ai_budget_deliveries says `failed` and why. Raises Unavailable if the database does not answer.
    """
    await ledger.fetch(
        "expand_notices",
        now=now,
        tenant_admin=settings.tenant_admin,
        account_manager=settings.account_manager,
        urls=[webhook.url for webhook in settings.webhooks],
        secrets=[webhook.secret for webhook in settings.webhooks],
    )
    counts = Counter[str]()
    while rows := await ledger.fetch("claim_deliveries", now=now, retry_at=now + CLAIM, limit=BATCH):
        attempts = [_attempt(Delivery(*row), mailer, http, settings.sender, now) for row in rows]
        for attempt in asyncio.as_completed(attempts):
            delivery, state, error = await attempt
            counts[state] += 1
            await ledger.fetch(
                "finish_delivery",
                id=delivery.id,
                attempts=delivery.attempts,
                state=state,
                next_attempt_at=now + min(FIRST_DELAY * 2 ** (delivery.attempts - 1), LONGEST_DELAY),
                error=error,
                now=now,
            )
    return {"sent": counts["sent"], "retried": counts["pending"], "failed": counts["failed"]}


async def _attempt(
    delivery: Delivery, mailer: Mailer, http: httpx.AsyncClient, sender: str, now: datetime
) -> tuple[Delivery, str, str | None]:
    """Sends once. Returns the delivery, its new state, and the error if it was not sent."""
    try:
        if delivery.channel == "webhook":
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await _post(delivery, http, now)
        else:
            message = (sender, delivery.target, delivery.subject, delivery.text, delivery.dedupe_id)
            await asyncio.to_thread(mailer, *message)
        return delivery, "sent", None
    except Exception as error:  # a mailer may raise anything, and no target may hold up the others
        wrong_target = isinstance(error, ValueError)
        kind = "" if wrong_target or isinstance(error, ResponseError) else f"{type(error).__name__}: "
        line = f"{kind}{error}".removesuffix(": ")[:_ERROR_CHARACTERS]
        # Neither a log nor PostgreSQL takes control characters.
        text = "".join(letter if letter.isprintable() else " " for letter in line)
    final = wrong_target or delivery.attempts >= MAX_ATTEMPTS
    log.log(
        logging.ERROR if final else logging.WARNING,
        "notice %s: %s %s, attempt %d: %s",
        "given up" if final else "not sent yet",
        delivery.channel, delivery.dedupe_id, delivery.attempts, text,
    )  # fmt: skip
    return delivery, "failed" if final else "pending", text


class ResponseError(Exception):
    """A webhook's response is not 2xx; the message is its status and the beginning of its body."""


async def _post(delivery: Delivery, http: httpx.AsyncClient, now: datetime) -> None:
    """Raises ResponseError, httpx.HTTPError, or ValueError for a target that can never be sent to."""
    if delivery.secret is None:
        raise ValueError("the webhook has no secret to sign with")
    body = delivery.body()
    headers = {
        "Content-Type": "application/json",
        "AI-Budget-Delivery": delivery.dedupe_id,
        "AI-Budget-Signature": signature(delivery.secret, body, now),
    }
    url = checked_webhook_url(delivery.target)
    async with http.stream("POST", url, content=body, headers=headers) as response:
        if not response.is_success:
            beginning = (await anext(response.aiter_raw(), b"")).decode(errors="replace")
            raise ResponseError(f"HTTP {response.status_code}: {beginning}".removesuffix(": "))
