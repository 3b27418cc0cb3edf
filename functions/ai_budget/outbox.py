"""Sends the notices that the ledger wrote: at least once each, a repetition having the same dedupe id."""

import logging
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from functions.ai_budget.answers import number, percentage
from functions.ai_budget.config import Notifications
from functions.ai_budget.ledger import Ledger, Unavailable

log = logging.getLogger(__name__)
Send = Callable[[str, str, str, str, str], None]


class Notice(NamedTuple):
    """A row of the outbox with the tenant's contacts; `resets` counts the resets of that month."""

    id: int
    tenant_id: str
    model: str
    month: date
    threshold: int
    resets: int
    limit_usd: Decimal
    spent_usd: Decimal
    tenant_admin: str | None
    account_manager: str | None


def dedupe_id(notice: Notice) -> str:
    """The same for every sending of one notice."""
    parts = (notice.tenant_id, notice.model, f"{notice.month:%Y-%m}", notice.threshold, notice.resets)
    return "/".join(str(part) for part in parts)


def compose(notice: Notice, defaults: Notifications) -> tuple[str, str, str]:
    """To whom, subject and text: 80 % to the tenant's admin, 100 % to the account manager."""
    used = f"{number(percentage(notice.spent_usd, notice.limit_usd))} %"
    month = f"{notice.month:%B %Y}"
    spent, limit = number(notice.spent_usd), number(notice.limit_usd)
    figures = (
        f"Tenant {notice.tenant_id} has spent {spent} of {limit} USD ({used})\n"
        f"of its {month} budget for {notice.model}.\n\n"
    )
    if notice.threshold == 100:
        subject = f"AI budget exceeded: {notice.tenant_id}, {notice.model}, {month}"
        what = "Reports fall back to cached templates until the limit is raised or the month ends.\n"
        return notice.account_manager or defaults.account_manager, subject, figures + what
    subject = f"AI budget warning: {notice.tenant_id}, {notice.model}, {month}"
    what = "At 100 % AI requests are refused and reports fall back to cached templates.\n"
    return notice.tenant_admin or defaults.tenant_admin, subject, figures + what


async def deliver(ledger: Ledger, send: Send, defaults: Notifications, now: datetime) -> dict[str, int]:
    """Sends what waits, oldest first; one that cannot be sent holds no other up. Raises Unavailable."""
    sent = failed = after = 0
    trying = 0

    def attempt(row: tuple[Any, ...]) -> None:
        nonlocal trying
        notice = Notice(*row)
        trying = notice.id
        to, subject, text = compose(notice, defaults)
        send(defaults.sender, to, subject, text, dedupe_id(notice))

    while True:
        try:
            done = await ledger.deliver(attempt, now, after)
        except Unavailable:
            raise
        except Exception as error:
            log.error("notice %d was not sent: %s", trying, type(error).__name__)
            failed, after = failed + 1, trying
            continue
        if done is None:
            return {"sent": sent, "failed": failed}
        sent, after = sent + 1, done
