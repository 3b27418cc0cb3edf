"""A month of metrics from before the demo started, so that panels over time have something to draw.

The AI budget service and the cost exporter run in this process with a clock in the past: tenants call, AWS
delivers bills, and at every step both pages are read as Prometheus would have read them. `promtool` turns the
samples into blocks of Prometheus' database.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import NamedTuple, TextIO

from demo import tenants
from demo.account import SampleAccount
from functions.ai_budget import metrics, notifications
from functions.ai_budget.auth import Caller
from functions.ai_budget.config import Config
from functions.ai_budget.errors import ApiError
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.service import Service
from functions.cost_data.metrics import Page
from functions.cost_data.records import month_of, previous_month

DAYS = 32
STEP = timedelta(minutes=30)
DELIVERY_HOUR = 6
# Before the month of history a tenant makes one large call instead of many.
EARLIER_STEP = timedelta(days=5)
# Without samples: the days with one call each, and how many days' usage a call is.
FILLED, DAYS_OF_A_CALL = timedelta(days=75), (0.8, 1.25)
CHECK, TRACK = "/api/ai-budget/check", "/api/ai-budget/track"
# The label of a metric that has its past in labels.
PAST = re.compile(r'[{,](day|month)="\d')


class Targets(NamedTuple):
    """host:port of the AI budget service and of the cost exporter, as Prometheus will scrape them."""

    ai_budget: str
    cost_data: str


class Clock:
    """A clock that is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class History:
    """Fills the database of `account` with what happened until `now`."""

    def __init__(
        self, url: str, account: SampleAccount, page: Page, config: Config, targets: Targets, now: datetime
    ) -> None:
        self._account = account
        self._page = page
        self._config = config
        self._targets = targets
        self._now = now
        start = now - timedelta(days=DAYS)
        self.start = start.replace(minute=start.minute // 30 * 30, second=0, microsecond=0)
        self._clock = Clock(self.start)
        self._requests = RequestMetrics()
        self._ledger = Ledger(lambda: url, clock=self._clock)
        self._service = Service(self._ledger, config, clock=self._clock)

    def write(self, file: Path) -> None:
        """Writes every sample of the month before now as OpenMetrics."""
        with file.open("w", encoding="utf-8") as output:
            asyncio.run(self._write(output))
            output.write("# EOF\n")

    def fill(self) -> None:
        """Only fills the database, without samples: in the last days a tenant makes one large call a day."""
        self.start = self._now - FILLED
        asyncio.run(self._fill())

    async def _fill(self) -> None:
        await self._ledger.open()
        try:
            await self._earlier_calls()
            while self._clock.now < self._now:
                random = Random(f"{self._clock.now.date()}")
                await self._call_all(
                    call
                    for tenant in tenants.TENANTS
                    for call in tenants.one_call_each(tenant, random.uniform(*DAYS_OF_A_CALL))
                )
                self._clock.now += timedelta(days=1)
        finally:
            await self._ledger.close()

    async def _write(self, output: TextIO) -> None:
        await self._ledger.open()
        try:
            await self._earlier_calls()
            self._account.store_months_before(self.start.date())
            costs: list[str] = []
            for at in self._steps():
                self._clock.now = at
                await self._call_all(tenants.calls_between(at, at + STEP, self._now))
                if not costs or (at.hour, at.minute) == (DELIVERY_HOUR, 0):
                    costs = self._read_costs(at)
                    await self._send_notices(at)
                share = self._config.metrics_share_percent / 100
                page = await metrics.page(self._ledger, self._requests, at, share)
                output.write(_stamped(_samples(page), "ai-budget", self._targets.ai_budget, at))
                output.write(_stamped(costs, "cost-data", self._targets.cost_data, at))
            for month in self._account.bill.months:
                self._account.store_ai_costs(month, self._now)
        finally:
            await self._ledger.close()

    async def _send_notices(self, at: datetime) -> None:
        """Sends the notices to tenants, as the schedule of the service does; the mails go nowhere."""
        async with notifications.http_client() as http:
            await notifications.deliver(self._ledger, _drop_mail, http, self._config.notifications, at)

    def _steps(self) -> Iterator[datetime]:
        at = self.start
        while at < self._now:
            yield at
            at += STEP

    async def _earlier_calls(self) -> None:
        """Sets the budgets, and makes the calls of the months before."""
        first = self._clock.now = self._first_instant(max(tenant.joined for tenant in tenants.TENANTS))
        for body in tenants.budgets():
            await self._service.budgets.set_budget(body, Caller("demo"))
        at = first
        while at < self.start:
            self._clock.now = at
            days = min(EARLIER_STEP, self.start - at) / timedelta(days=1)
            await self._call_all(
                call
                for tenant in tenants.TENANTS
                if at >= self._first_instant(tenant.joined)
                for call in tenants.one_call_each(tenant, days)
            )
            at += EARLIER_STEP

    def _first_instant(self, months_before: int) -> datetime:
        day = month_of(self._now.date())
        for _ in range(months_before):
            day = previous_month(day)
        return self._now.replace(
            year=day.year, month=day.month, day=1, hour=0, minute=0, second=0, microsecond=0
        )

    async def _call_all(self, calls: Iterable[tenants.Call]) -> None:
        await asyncio.gather(*(self._check_and_track(call) for call in calls))

    async def _check_and_track(self, call: tenants.Call) -> None:
        started = perf_counter()
        try:
            answer, _ = await self._service.check(call.check())
        except ApiError as error:
            if error.status != 429:
                raise
            self._requests.observe(CHECK, error.status, perf_counter() - started)
            return
        checked = perf_counter()
        self._requests.observe(CHECK, 200, checked - started)
        await self._service.track(call.track(reservation_id=answer.reservation_id))
        self._requests.observe(TRACK, 200, perf_counter() - checked)

    def _read_costs(self, at: datetime) -> list[str]:
        """Stores what is delivered, and returns the samples whose past is not in a label."""
        self._account.store_delivery(at)
        self._account.store_answers(at)
        self._account.store_ai_costs(month_of(at.date()), at)
        return [line for line in _samples(self._page.text(at)) if not PAST.search(line)]


def _stamped(lines: Iterable[str], job: str, instance: str, at: datetime) -> str:
    """Samples of a page as OpenMetrics samples of an instant, with the labels that a target gets."""
    labels = f'instance="{instance}",job="{job}"'
    samples = []
    for line in lines:
        name, brace, rest = line.partition("{")
        sample = f"{name}{{{labels},{rest}" if brace else f"{{{labels}}} ".join(line.split(" ", 1))
        samples.append(f"{sample} {at.timestamp()}\n")
    return "".join(samples)


def _drop_mail(*_: str) -> None:
    """A mail of the past."""


def _samples(page: bytes) -> list[str]:
    return [line for line in page.decode().splitlines() if not line.startswith("#")]
