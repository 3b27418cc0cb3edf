"""Reads what is due from AWS and stores it. The failure of one source does not stop the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from functions.cost_data import schedule
from functions.cost_data.aggregate import aggregated_files
from functions.cost_data.records import CostDataError, Kind, Read, Scope, month_of, previous_month
from functions.cost_data.settings import Settings
from functions.cost_data.sources import account
from functions.cost_data.sources.athena import aggregated_period
from functions.cost_data.sources.aws import Aws, AwsError
from functions.cost_data.sources.cost_explorer import OTHER_CATEGORIES, CostExplorer, LimitReached, last_days
from functions.cost_data.sources.export import Export, ExportFile, fingerprint
from functions.cost_data.store import Store

COMMITMENT_DAYS = 30
AI_MONTHS_OVERLAP_DAYS = 3


@dataclass
class Outcome:
    """What a run did, one line each; `costs_stored` is false if the costs that were due could not be read."""

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    costs_stored: bool = True


def collect(store: Store, aws: Aws, settings: Settings, now: datetime) -> Outcome:
    """Runs every read that is due. Raises Unavailable if PostgreSQL does not answer."""
    return _Run(store, aws, settings, now).run()


class _Run:
    def __init__(self, store: Store, aws: Aws, settings: Settings, now: datetime) -> None:
        self.store = store
        self.aws = aws
        self.settings = settings
        self.now = now
        self.outcome = Outcome()
        self.usage_requests = CostExplorer(aws, partial(self._count_request, kept=0))
        self.other_requests = CostExplorer(
            aws, partial(self._count_request, kept=schedule.requests_kept_for_usage(now))
        )

    def run(self) -> Outcome:
        if self.settings.export:
            self._read(Kind.BILL, self.settings.export, self._export)
        else:
            self._read(Kind.USAGE, "cost-explorer", self._usage)
            if self._is_due(Kind.OTHER_CHARGES, schedule.OTHER_CHARGES_EVERY_DAYS):
                self._read(Kind.OTHER_CHARGES, "cost-explorer", self._other_charges)
        self._read(Kind.BUDGETS, "budgets", self._budgets)
        if self._is_due(Kind.BUCKET_SIZES, schedule.BUCKET_SIZES_EVERY_DAYS):
            self._read(Kind.BUCKET_SIZES, "cloudwatch", self._bucket_sizes)
        if self._is_due(Kind.FORECAST, schedule.FORECAST_EVERY_DAYS):
            self._read(Kind.FORECAST, "cost-explorer", self._forecast)
        if self._is_due(Kind.COMMITMENTS, schedule.COMMITMENTS_EVERY_DAYS):
            self._read(Kind.COMMITMENTS, "cost-explorer", self._commitments)
        self._read(Kind.AI, "ai_token_usage", self._ai)
        return self.outcome

    def _read(self, kind: Kind, source: str, read: Callable[[], list[str]]) -> None:
        try:
            self.outcome.done += [f"{kind}: {line}" for line in read()]
        except (AwsError, LimitReached, CostDataError) as error:
            self.outcome.failed.append(f"{kind}: {error}")
            if kind in (Kind.BILL, Kind.USAGE):
                self.outcome.costs_stored = False
            self.store.record_failure(Read(kind, source, "", self.now), str(error))

    def _is_due(self, kind: Kind, every_days: int) -> bool:
        last = self.store.last_read(kind)
        failure = self.store.fetch("last_failure", kind=kind)[0][0]
        return schedule.is_due(self.now, last[2] if last else None, every_days) and schedule.is_due(
            self.now, failure, schedule.RETRY_AFTER_DAYS
        )

    def _count_request(self, kept: int) -> bool:
        return self.store.count_request(self.now, self.settings.request_limit - kept)

    def _export(self) -> list[str]:
        export = Export(self.aws, self.settings.export)
        lines = []
        for period in export.periods():
            origin = export.origin(period)
            last = self.store.last_read(Kind.BILL, origin)
            if not schedule.billing_period_is_due(period, last[2] if last else None):
                continue
            files = export.files(period)
            digest = fingerprint(files)
            if not files:
                lines.append(f"{origin}: AWS is delivering it; read at the next run")
            elif last and last[1] == digest:
                self.store.confirm(last[0], self.now)
                lines.append(f"{origin}: unchanged")
            else:
                read = Read(Kind.BILL, self.settings.engine, origin, self.now, digest)
                self._store_period(export, period, files, read)
                lines.append(f"{origin}: stored")
        if not self.store.last_read(Kind.BILL):
            raise CostDataError(
                f"{self.settings.export}: no delivery yet; AWS makes the first within 24 hours"
            )
        return lines

    def _store_period(self, export: Export, period: date, files: list[ExportFile], read: Read) -> None:
        if self.settings.engine == "athena":
            result = aggregated_period(self.aws, self.settings, period)
            self.store.store_costs(read, result.rows, bytes_scanned=result.bytes_scanned)
            return
        with (
            export.downloaded(files) as paths,
            aggregated_files(paths, self.settings.memory_limit, may_be_empty=True) as rows,
        ):
            self.store.store_costs(read, rows)

    def _usage(self) -> list[str]:
        last = self.store.last_read(Kind.USAGE)
        last_month_read = self.store.fetch(
            "last_read_of_day", kind=Kind.USAGE, day=previous_month(self.now.date())
        )
        span = schedule.usage_span(
            self.now, last[2] if last else None, last_month_read[0][0] if last_month_read else None
        )
        if span is None:
            return []
        return self._store_span(Kind.USAGE, span, ("usage",), self.usage_requests.usage)

    def _other_charges(self) -> list[str]:
        span = schedule.other_charges_span(self.now)
        return self._store_span(Kind.OTHER_CHARGES, span, OTHER_CATEGORIES, self.other_requests.other_charges)

    def _store_span(
        self, kind: Kind, span: schedule.Span, categories: Sequence[str], rows: Callable
    ) -> list[str]:
        scope = Scope("AWS", self.aws.account, span.first, span.last, categories)
        self.store.store_costs(Read(kind, "cost-explorer", self.aws.account, self.now), rows(span), scope)
        return [f"{span.first} to {span.last} stored"]

    def _budgets(self) -> list[str]:
        budgets = list(account.budgets(self.aws, self.now))
        self.store.store_answer(self._answer(Kind.BUDGETS, "budgets"), {"budgets": budgets})
        return [f"{len(budgets)} stored"]

    def _bucket_sizes(self) -> list[str]:
        sizes = list(account.bucket_sizes(self.aws, self.now))
        self.store.store_answer(self._answer(Kind.BUCKET_SIZES, "cloudwatch"), {"bucket_sizes": sizes})
        return [f"{len(sizes)} stored"]

    def _forecast(self) -> list[str]:
        today = self.now.date()
        spent = self.store.fetch("month_before", month=month_of(today), day=today)[0][0]
        is_known = self.outcome.costs_stored and not self.settings.export
        if spent is None and today.day > 1 and not is_known:
            raise CostDataError(f"no costs of {today:%Y-%m} are stored; AWS forecasts later days only")
        forecast = self.other_requests.forecast(self.now, spent or Decimal(0))
        self.store.store_answer(self._answer(Kind.FORECAST, "cost-explorer"), {"forecasts": [forecast]})
        return [f"{forecast[1]:.2f} USD for {today:%Y-%m}"]

    def _commitments(self) -> list[str]:
        commitments = list(account.commitments(self.aws, self.now))
        kinds = {commitment.kind for commitment in commitments}
        span = last_days(self.now, COMMITMENT_DAYS)
        usage = [
            (kind, *read(span), *span)
            for kind, read in (
                (account.SAVINGS_PLAN, self.other_requests.savings_plans_usage),
                (account.RESERVATION, self.other_requests.reservations_usage),
            )
            if kind in kinds
        ]
        self.store.store_answer(
            self._answer(Kind.COMMITMENTS, "cost-explorer"),
            {"commitments": commitments, "commitment_usage": usage},
        )
        return [f"{len(commitments)} stored"]

    def _ai(self) -> list[str]:
        today = self.now.date()
        months = [month_of(today)]
        if today.day <= AI_MONTHS_OVERLAP_DAYS:
            months.append(previous_month(today))
        read = Read(Kind.AI, "ai_token_usage", "", self.now)
        stored = [month for month in months if self.store.store_ai_costs(read, month)]
        return [f"{month:%Y-%m} stored" for month in stored]

    def _answer(self, kind: Kind, source: str) -> Read:
        return Read(kind, source, self.aws.account, self.now)
