"""What is sent, where, and what happens when a target fails: against real HTTP servers on this machine."""

import asyncio
import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functions.ai_budget import notifications
from functions.ai_budget.notifications import Delivery, Notifications, Webhook, deliver

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECRET = "a-secret-of-a-tenant"


class Receiver:
    """A webhook receiver that keeps what it got and answers by path: /204, /302, /404, /500, /hang, /drip."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((self.path, dict(self.headers), body))
                if self.path == "/hang":
                    receiver.closing.wait(30)
                elif self.path == "/drip":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    while not receiver.closing.wait(0.05):
                        self.wfile.write(b".")
                else:
                    self.send_response(int(self.path[1:]))
                    self.send_header("Location", "/204")
                    self.end_headers()
                    bodies = {"/404": b"channel_is_archived", "/503": b"\x00\xff\r\n" + b"a" * 1000}
                    self.wfile.write(bodies.get(self.path, b""))

            def do_GET(self) -> None:
                receiver.received.append((f"GET {self.path}", {}, b""))

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@dataclass
class Deliveries:
    """The named queries that `deliver` runs, on a list of rows that are due."""

    due: list[Delivery]
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    expanded_with: dict[str, Any] = field(default_factory=dict)

    async def fetch(self, name: str, /, **params: Any) -> list[tuple[Any, ...]]:
        if name == "claim_deliveries":
            claimed, self.due = self.due[: params["limit"]], self.due[params["limit"] :]
            return list(claimed)
        if name == "finish_delivery":
            self.results[params["id"]] = params
        elif name == "expand_notices":
            self.expanded_with = params
        return []


def delivery(number: int, target: str, channel: str = "webhook", **changes: Any) -> Delivery:
    row = Delivery(
        number, 7, channel, target, SECRET, 1, "acme", "claude-opus-5", date(2026, 11, 1), 80,
        Decimal(5000), Decimal("4000.5"), NOW,
    )  # fmt: skip
    return row._replace(**changes)


def attempt(
    *due: Delivery, mailer: Any = None, settings: Notifications | None = None
) -> tuple[dict, Deliveries]:
    async def run() -> dict[str, int]:
        async with notifications.http_client() as http:
            return await deliver(ledger, mailer or sent_mail.append, http, settings or Notifications(), NOW)

    ledger, sent_mail = Deliveries(list(due)), []
    return asyncio.run(run()), ledger


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def test_a_webhook_gets_a_text_for_slack_and_the_same_as_data(receiver: Receiver) -> None:
    counts, _ = attempt(delivery(3, receiver.url + "/204"))
    assert counts == {"sent": 1, "retried": 0, "failed": 0}
    [(_, headers, body)] = receiver.received
    assert headers["Content-Type"] == "application/json"
    assert headers["AI-Budget-Delivery"] == "ai-budget-notice-7-3"
    assert json.loads(body) == {
        "text": "*AI budget warning: acme, claude-opus-5, November 2026*\n"
        "Tenant acme has spent 4,000.50 of 5,000.00 USD (80 %) of its November 2026 budget "
        "for claude-opus-5.\n\n"
        "At 100 % AI requests are refused and reports fall back to cached templates.\n",
        "event": {
            "id": "ai-budget-notice-7-3",
            "type": "ai_budget.warning",
            "created_at": "2026-11-28T12:00:00+00:00",
            "tenant_id": "acme",
            "model": "claude-opus-5",
            "month": "2026-11",
            "threshold_percent": 80,
            "monthly_limit_usd": 5000.0,
            "spent_usd": 4000.5,
        },
    }


def test_a_webhook_is_signed_as_stripe_signs(receiver: Receiver) -> None:
    attempt(delivery(3, receiver.url + "/204"))
    [(_, headers, body)] = receiver.received
    parts = dict(part.split("=", 1) for part in headers["AI-Budget-Signature"].split(","))
    assert parts["t"] == str(int(NOW.timestamp()))
    expected = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], expected)


def test_what_a_target_answers_decides_whether_it_is_tried_again(receiver: Receiver) -> None:
    targets = {1: "/200", 2: "/204", 3: "/302", 4: "/404", 5: "/500"}
    counts, ledger = attempt(*(delivery(number, receiver.url + path) for number, path in targets.items()))
    assert counts == {"sent": 2, "retried": 3, "failed": 0}
    assert {number: (result["state"], result["error"]) for number, result in ledger.results.items()} == {
        1: ("sent", None),
        2: ("sent", None),
        3: ("pending", "HTTP 302"),
        4: ("pending", "HTTP 404: channel_is_archived"),
        5: ("pending", "HTTP 500"),
    }


def test_what_a_target_answers_is_kept_short_and_without_control_characters(receiver: Receiver) -> None:
    _, ledger = attempt(delivery(1, receiver.url + "/503"))
    assert ledger.results[1]["error"] == f"HTTP 503:  \ufffd  {'a' * 186}"


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    attempt(delivery(1, receiver.url + "/302"))
    assert [path for path, *_ in receiver.received] == ["/302"]


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_a_target_that_never_answers_does_not_hold_up_the_others(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(notifications, "TIMEOUT_SECONDS", 4)
    counts, ledger = attempt(delivery(1, receiver.url + path), delivery(2, receiver.url + "/204"))
    assert counts == {"sent": 1, "retried": 1, "failed": 0}
    assert list(ledger.results) == [2, 1]
    assert "Timeout" in ledger.results[1]["error"]


def test_more_deliveries_than_a_batch_are_all_attempted(receiver: Receiver) -> None:
    count = notifications.BATCH + 5
    counts, _ = attempt(*(delivery(number, receiver.url + "/204") for number in range(count)))
    assert counts["sent"] == count


def test_a_target_that_cannot_be_reached_is_tried_again() -> None:
    counts, ledger = attempt(delivery(1, f"http://127.0.0.1:{closed_port()}/"))
    assert counts == {"sent": 0, "retried": 1, "failed": 0}
    assert ledger.results[1]["error"].startswith("ConnectError: ")


def test_attempts_are_spread_over_hours_and_then_end_as_failed(caplog: pytest.LogCaptureFixture) -> None:
    url, waited = f"http://127.0.0.1:{closed_port()}/", timedelta()
    for number in range(1, notifications.MAX_ATTEMPTS + 1):
        counts, ledger = attempt(delivery(1, url, attempts=number))
        last = number == notifications.MAX_ATTEMPTS
        assert counts == {"sent": 0, "retried": int(not last), "failed": int(last)}
        assert ledger.results[1]["attempts"] == number
        if not last:
            delay = ledger.results[1]["next_attempt_at"] - NOW
            assert timedelta(minutes=1) <= delay <= timedelta(hours=4)
            waited += delay
    assert timedelta(hours=12) < waited < timedelta(hours=24)
    assert [record.levelname for record in caplog.records if record.name == notifications.__name__] == [
        *["WARNING"] * (notifications.MAX_ATTEMPTS - 1),
        "ERROR",
    ]


def test_logs_do_not_show_the_url_of_a_webhook_which_may_be_a_secret(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    attempt(delivery(1, receiver.url + "/500"), delivery(2, f"http://127.0.0.1:{closed_port()}/T0/B0/key"))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert not [
        message for message in messages if "http://" in message or "/500" in message or "key" in message
    ]


def test_a_notice_by_mail_names_what_happened_and_what_follows() -> None:
    mails: list[tuple[str, ...]] = []
    changes = {"threshold": 100, "spent_usd": Decimal("0.0305"), "monthly_limit_usd": Decimal("0.03")}
    attempt(delivery(1, "am@acme.example", "email", **changes), mailer=lambda *mail: mails.append(mail))
    assert mails == [
        (
            "finops@teei.io",
            "am@acme.example",
            "AI budget exceeded: acme, claude-opus-5, November 2026",
            "Tenant acme has spent 0.0305 of 0.03 USD (101.7 %) of its November 2026 budget "
            "for claude-opus-5.\n\n"
            "Reports fall back to cached templates until the limit is raised or the month ends.\n",
            "ai-budget-notice-7-1",
        )
    ]


def test_one_address_that_is_refused_does_not_hold_up_the_others() -> None:
    mails: list[str] = []

    def send(sender: str, to: str, subject: str, text: str, dedupe_id: str) -> None:  # noqa: ARG001
        if to == "gone@acme.example":
            raise RuntimeError("MessageRejected: Email address is not verified")
        mails.append(to)

    counts, ledger = attempt(
        delivery(1, "gone@acme.example", "email"), delivery(2, "here@acme.example", "email"), mailer=send
    )
    assert (counts, mails) == ({"sent": 1, "retried": 1, "failed": 0}, ["here@acme.example"])
    assert ledger.results[1]["error"] == "RuntimeError: MessageRejected: Email address is not verified"


def test_an_unencrypted_url_of_another_machine_fails_at_once_and_gets_nothing() -> None:
    counts, ledger = attempt(delivery(1, "http://192.0.2.1/hook"))
    assert counts == {"sent": 0, "retried": 0, "failed": 1}
    assert ledger.results[1]["error"] == "a webhook URL must begin with https://"


def test_a_notice_for_a_budget_of_nothing_is_at_100_percent() -> None:
    assert (
        "has spent 0 of 0 USD (100 %)"
        in delivery(1, "", monthly_limit_usd=Decimal(0), spent_usd=Decimal(0)).text
    )


def test_the_addresses_and_webhooks_for_all_tenants_come_from_the_configuration() -> None:
    webhook = Webhook(url="https://hooks.slack.com/services/T0/B0/key", secret=SECRET)
    settings = Notifications(tenant_admin="a@x.example", account_manager="b@x.example", webhooks=(webhook,))
    _, ledger = attempt(settings=settings)
    assert ledger.expanded_with == {
        "now": NOW,
        "tenant_admin": "a@x.example",
        "account_manager": "b@x.example",
        "urls": [webhook.url],
        "secrets": [SECRET],
    }
