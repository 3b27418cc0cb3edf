"""What the collector stores of the sample account: its bill as AWS delivers it, and AWS's other answers."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from demo.bill import ACCOUNT, CORRECTED_ON, Bill
from functions.cost_data.importing import import_files
from functions.cost_data.records import MONTH_FINAL_ON, Kind, Read, month_of, next_month, previous_month
from functions.cost_data.schedule import FORECAST_EVERY_DAYS
from functions.cost_data.sources.account import RESERVATION, SAVINGS_PLAN, BucketSize, Budget, Commitment
from functions.cost_data.store import Store

MEMORY = "256MB"
LIMIT = Decimal(110_000)
# Days on which the month before is read again, and changes until it is final.
MONTH_BEFORE_READ_ON = (1, 2, 3, 4, CORRECTED_ON, MONTH_FINAL_ON)
GB = Decimal(10**9)
BUCKETS = (
    ("teei-prod-exports", "StandardStorage", 1_840 * GB),
    ("teei-prod-exports", "StandardIAStorage", 620 * GB),
    ("teei-prod-backups", "GlacierInstantRetrievalStorage", 910 * GB),
    ("teei-prod-backups", "DeepArchiveStorage", 2_300 * GB),
    ("teei-prod-loki-chunks", "StandardStorage", 480 * GB),
    ("teei-prod-loki-chunks", "StandardIAStorage", 730 * GB),
    ("teei-prod-assets", "StandardStorage", 215 * GB),
    ("teei-staging-exports", "StandardStorage", 64 * GB),
)


class SampleAccount:
    """Stores the sample account as it is known at an instant; the files are kept in `folder`."""

    def __init__(self, store: Store, bill: Bill, folder: Path) -> None:
        self.store = store
        self.bill = bill
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def store_months_before(self, first: date) -> None:
        """Stores the months before the one of `first`, as they are known on that day."""
        at = datetime.combine(first, time(), UTC)
        self._import([month for month in self.bill.months if month < month_of(first)], at)

    def store_delivery(self, at: datetime) -> None:
        """Stores what AWS delivers on a day: the month so far, and on some days the month before."""
        self._import([month_of(at.date())], at)
        if at.day in MONTH_BEFORE_READ_ON:
            self._import([previous_month(at.date())], at)

    def _import(self, months: list[date], at: datetime) -> None:
        def corrected(month: date) -> bool:
            return at.date() >= next_month(month).replace(day=CORRECTED_ON)

        files = [self.bill.file(self._folder, month, at, corrected(month)) for month in months]
        import_files(self.store, files, at, MEMORY)

    def store_answers(self, at: datetime) -> None:
        """Stores budgets and bucket sizes, and the forecast when it is due."""
        budgets = self._budgets(at)
        self.store.store_answer(self._read(Kind.BUDGETS, at), {"budgets": budgets})
        sizes = [BucketSize(*size, at) for size in BUCKETS]
        self.store.store_answer(self._read(Kind.BUCKET_SIZES, at), {"bucket_sizes": sizes})
        last = self.store.last_read(Kind.FORECAST)
        if last is None or at.day == 1 or at - last[2] >= timedelta(days=FORECAST_EVERY_DAYS):
            forecast = self._forecast(at)
            self.store.store_answer(self._read(Kind.FORECAST, at), {"forecasts": [forecast]})

    def store_commitments(self, at: datetime) -> None:
        """Stores the Savings Plan and two reservations, with how far they were used in the last 30 days."""
        plan_ends = datetime.combine(self.bill.plan_bought, time(), UTC) + timedelta(days=365)
        commitments = [
            Commitment(SAVINGS_PLAN, "sp-0c5e2a71", "Compute", plan_ends),
            Commitment(RESERVATION, "ri-2026-reporting-db", "db.r7g.2xlarge", at + timedelta(days=41)),
            Commitment(RESERVATION, "ri-2026-cache", "cache.r7g.large", at + timedelta(days=190)),
        ]
        days = (at.date() - timedelta(days=30), at.date() - timedelta(days=1))
        usage = [
            (SAVINGS_PLAN, Decimal("15.0"), Decimal("97.4"), *days),
            (RESERVATION, Decimal("58.2"), Decimal("88.9"), *days),
        ]
        tables = {"commitments": commitments, "commitment_usage": usage}
        self.store.store_answer(self._read(Kind.COMMITMENTS, at), tables)

    def store_ai_costs(self, month: date, at: datetime) -> None:
        """Sums up the usage log of the AI budget service."""
        self.store.store_ai_costs(Read(Kind.AI, "ai_token_usage", "", at), month)

    def _budgets(self, at: datetime) -> list[Budget]:
        spent = {
            service: billed for service, billed in self._spent(month_of(at.date())).items() if billed > 0
        }
        total = sum(spent.values(), Decimal(0))
        passed = self._passed(at)

        def budget(name: str, limit: int, services: tuple[str, ...], subscribers: int) -> Budget:
            actual = sum((spent.get(service, Decimal(0)) for service in services), Decimal(0))
            actual = actual if services else total
            return Budget(name, Decimal(limit), actual, actual / passed, bool(services), subscribers)

        return [
            budget("cloud-total", int(LIMIT), (), 4),
            budget("cloud-compute", 48_000, ("Amazon Elastic Compute Cloud",), 2),
            budget("cloud-databases", 22_000, ("Amazon Relational Database Service",), 2),
            budget("cloud-transfer", 11_500, ("AWS Data Transfer",), 1),
        ]

    def _spent(self, month: date) -> dict[str, Decimal]:
        """Usage of a month by service, as the store has it."""
        rows = self.store.fetch("month_totals", month=month)
        spent: dict[str, Decimal] = {}
        for _, service, billed, _ in rows:
            spent[service] = spent.get(service, Decimal(0)) + billed
        return spent

    def _forecast(self, at: datetime) -> tuple[date, Decimal, Decimal, Decimal]:
        """(month, mean, low, high): what the month would cost at its rate so far, less sure early in it."""
        month, passed = month_of(at.date()), self._passed(at)
        spent = sum(self._spent(month).values(), Decimal(0))
        usual = LIMIT * Decimal("0.94")
        error = Decimal(str(Random(f"forecast {at.date()}").uniform(-0.02, 0.02)))
        mean = spent + (1 - passed) * usual * (1 + error)
        spread = (1 - passed) * usual * Decimal("0.09") + usual * Decimal("0.004")
        return month, mean, mean - spread, mean + spread

    def _passed(self, at: datetime) -> Decimal:
        """The part of the month that has passed."""
        start = datetime.combine(month_of(at.date()), time(), UTC)
        end = datetime.combine(next_month(at.date()), time(), UTC)
        return max(Decimal(str((at - start) / (end - start))), Decimal("0.001"))

    def _read(self, kind: Kind, at: datetime) -> Read:
        return Read(kind, "sample", ACCOUNT, at)
