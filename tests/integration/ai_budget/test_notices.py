"""Notices from the crossed threshold to every target, on a real PostgreSQL with the real schema."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from functions.ai_budget import notifications
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.notifications import Notifications, Webhook
from tests.functions.ai_budget.support import fresh_database

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MODEL = "claude-opus-5"
SECRET = "a-secret-for-webhooks"
ALL = Webhook(url="https://hooks.slack.example/services/T0/B0/all", secret=SECRET)
SETTINGS = Notifications(
    tenant_admin="admins@x.example", account_manager="managers@x.example", webhooks=(ALL,)
)


@pytest.fixture(scope="module")
def url(server: str) -> str:
    return fresh_database(server)


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE ai_budget_outbox CASCADE")
        connection.execute("TRUNCATE ai_budget_contacts, ai_token_budgets")
        yield connection


class Targets:
    """Stands in for SES and for the internet: what was sent, and which targets fail."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.sent: list[tuple[str, str]] = []

    def mail(self, sender: str, to: str, subject: str, text: str, dedupe_id: str) -> None:  # noqa: ARG002
        self._send(to, dedupe_id)

    def post(self, request: httpx.Request) -> httpx.Response:
        self._send(str(request.url), request.headers["AI-Budget-Delivery"])
        return httpx.Response(200)

    def _send(self, target: str, dedupe_id: str) -> None:
        if target in self.broken:
            raise ConnectionError("no answer\x00")
        self.sent.append((target, dedupe_id))

    @property
    def reached(self) -> list[str]:
        return sorted(target for target, _ in self.sent)


def with_ledger(url: str, work: Callable[[Ledger], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        ledger = Ledger(lambda: url)
        await ledger.open()
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    return asyncio.run(run())


def deliver(
    url: str, targets: Targets, now: datetime = NOW, settings: Notifications = SETTINGS
) -> dict[str, int]:
    async def work(ledger: Ledger) -> dict[str, int]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(targets.post)) as http:
            return await notifications.deliver(ledger, targets.mail, http, settings, now)

    return with_ledger(url, work)


def notice(connection: psycopg.Connection, tenant: str, threshold: int = 80) -> None:
    connection.execute(
        "INSERT INTO ai_budget_outbox (tenant_id, model, month, threshold, monthly_limit_usd, spent_usd)"
        " VALUES (%s, %s, '2026-11-01', %s, 100, 85)",
        [tenant, MODEL, threshold],
    )


def deliveries(connection: psycopg.Connection) -> dict[str, tuple[str, int]]:
    """State and attempts by target."""
    rows = connection.execute(
        "SELECT target, state, attempts FROM ai_budget_deliveries ORDER BY id"
    ).fetchall()
    return {target: (state, attempts) for target, state, attempts in rows}


def test_a_budget_that_crosses_a_threshold_notifies_everybody_once(
    url: str, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, current_usage_usd, reset_date)"
        " VALUES ('acme', %s, 100, 85, ai_budget_month_end(%s))",
        [MODEL, NOW],
    )
    connection.execute("SELECT ai_budget_notify(%s, 'acme', %s, 80)", [NOW, [MODEL]])
    connection.execute("SELECT ai_budget_notify(%s, 'acme', %s, 80)", [NOW, [MODEL]])
    targets = Targets()
    assert deliver(url, targets) == {"sent": 2, "retried": 0, "failed": 0}
    assert deliver(url, targets, NOW + timedelta(days=1)) == {"sent": 0, "retried": 0, "failed": 0}
    assert targets.reached == ["admins@x.example", ALL.url]


def test_the_warning_goes_to_the_tenants_admin_and_the_last_notice_to_the_account_manager(
    url: str, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO ai_budget_contacts VALUES ('own', 'admin@own.example', 'manager@own.example', %s, %s)",
        ["https://own.example/hook", SECRET],
    )
    for tenant in ("own", "none"):
        notice(connection, tenant, 80)
        notice(connection, tenant, 100)
    targets = Targets()
    deliver(url, targets)
    assert targets.reached == sorted(
        ["admin@own.example", "manager@own.example", "admins@x.example", "managers@x.example"]
        + ["https://own.example/hook"] * 2
        + [ALL.url] * 4
    )


def test_a_target_that_is_gone_holds_up_nobody_and_ends_as_failed(
    url: str, connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO ai_budget_contacts VALUES ('gone', 'gone@x.example', NULL, 'https://gone.example/', %s)",
        [SECRET],
    )
    targets, now = Targets("gone@x.example", "https://gone.example/"), NOW
    notice(connection, "gone")
    for attempt in range(1, notifications.MAX_ATTEMPTS + 1):
        notice(connection, f"tenant-{attempt}")
        counts = deliver(url, targets, now)
        last = attempt == notifications.MAX_ATTEMPTS
        assert counts == {
            "sent": 3 if attempt == 1 else 2,
            "retried": 0 if last else 2,
            "failed": 2 if last else 0,
        }
        now += timedelta(hours=5)
    assert deliver(url, targets, now) == {"sent": 0, "retried": 0, "failed": 0}
    states = deliveries(connection)
    assert (
        states["gone@x.example"] == states["https://gone.example/"] == ("failed", notifications.MAX_ATTEMPTS)
    )
    [(error,)] = connection.execute(
        "SELECT DISTINCT last_error FROM ai_budget_deliveries WHERE state = 'failed'"
    )
    assert error == "ConnectionError: no answer "


def test_a_delivery_is_not_repeated_before_its_delay_is_over(
    url: str, connection: psycopg.Connection
) -> None:
    targets = Targets(ALL.url)
    notice(connection, "acme")
    assert deliver(url, targets)["retried"] == 1
    assert deliver(url, targets, NOW + timedelta(seconds=59)) == {"sent": 0, "retried": 0, "failed": 0}
    targets.broken.clear()
    assert deliver(url, targets, NOW + timedelta(seconds=60))["sent"] == 1


def test_a_sender_that_died_is_followed_by_another_attempt_under_the_same_id(
    url: str, connection: psycopg.Connection
) -> None:
    notice(connection, "acme")
    died = Targets()

    async def claim_and_die(ledger: Ledger) -> None:
        await ledger.fetch(
            "expand_notices", now=NOW, tenant_admin="a@x.example", account_manager="b", urls=[], secrets=[]
        )
        [row] = await ledger.fetch("claim_deliveries", now=NOW, retry_at=NOW + notifications.CLAIM, limit=9)
        died.mail("", row.target, "", "", notifications.Delivery(*row).dedupe_id)

    with_ledger(url, claim_and_die)
    targets = Targets()
    assert deliver(url, targets)["sent"] == 0
    assert deliver(url, targets, NOW + notifications.CLAIM)["sent"] == 1
    assert targets.sent == died.sent


def test_two_senders_at_once_send_each_notice_once(url: str, connection: psycopg.Connection) -> None:
    for number in range(60):
        notice(connection, f"tenant-{number}")
    targets = Targets()

    async def work(ledger: Ledger) -> list[dict[str, int]]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(targets.post)) as http:
            senders = [notifications.deliver(ledger, targets.mail, http, SETTINGS, NOW) for _ in range(4)]
            return await asyncio.gather(*senders)

    counts = with_ledger(url, work)
    assert sum(count["sent"] for count in counts) == 120
    assert len(set(targets.sent)) == len(targets.sent) == 120


def test_a_late_failure_does_not_undo_a_later_success(url: str, connection: psycopg.Connection) -> None:
    notice(connection, "acme")

    async def work(ledger: Ledger) -> None:
        await ledger.fetch(
            "expand_notices", now=NOW, tenant_admin="a@x.example", account_manager="b", urls=[], secrets=[]
        )
        [slow] = await ledger.fetch("claim_deliveries", now=NOW, retry_at=NOW, limit=9)
        [fast] = await ledger.fetch("claim_deliveries", now=NOW, retry_at=NOW + notifications.CLAIM, limit=9)
        for row, state in ((fast, "sent"), (slow, "pending")):
            await ledger.fetch(
                "finish_delivery",
                id=row.id,
                attempts=row.attempts,
                state=state,
                error=None,
                next_attempt_at=NOW,
                now=NOW,
            )

    with_ledger(url, work)
    assert deliveries(connection) == {"a@x.example": ("sent", 2)}


def test_a_tenants_webhook_needs_a_secret_of_16_characters(connection: psycopg.Connection) -> None:
    for secret in (None, "short"):
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "INSERT INTO ai_budget_contacts (tenant_id, webhook_url, webhook_secret)"
                " VALUES ('a', 'https://a.example', %s)",
                [secret],
            )
