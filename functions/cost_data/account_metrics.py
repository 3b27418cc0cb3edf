"""Metrics of the account and of the reads themselves: forecast, budgets, commitments, age of the data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from functions.cost_data.cost_metrics import gauge
from functions.cost_data.records import month_of
from functions.cost_data.settings import Settings


@dataclass(frozen=True)
class AccountCollector(Collector):
    """The answers of one moment; `fetch` gives the rows of a statement."""

    fetch: Callable[..., list[tuple[Any, ...]]]
    settings: Settings
    now: datetime

    def collect(self) -> Iterator[Metric]:
        """Reads and yields the metrics."""
        yield from self._forecast()
        yield from self._budgets()
        yield from self._commitments()
        yield from self._reads()

    def _forecast(self) -> Iterator[Metric]:
        rows = self.fetch("forecast", month=month_of(self.now.date()))
        forecast = rows[0] if rows else (None, None, None)
        for suffix, what, value in zip(
            ("", "_low", "_high"),
            ("Forecast", "Lower bound of the forecast", "Upper bound of the forecast"),
            forecast,
            strict=True,
        ):
            yield gauge(
                f"aws_cost_forecast{suffix}_usd", f"{what} of the whole current month.", (), [(value,)]
            )

    def _budgets(self) -> Iterator[Metric]:
        budgets = self.fetch("budgets")
        total = (
            self.settings.total_budget
            or max(
                ((limit, name) for name, limit, _, _, filtered, _ in budgets if not filtered), default=(0, "")
            )[1]
        )
        yield gauge(
            "aws_budget_monthly_limit_usd",
            "Monthly limit of the AWS budget of the whole account.",
            ("budget",),
            [row[:2] for row in budgets if row[0] == total],
        )
        for column, name, text in (
            (
                1,
                "aws_budget_limit_usd",
                "Monthly limit of each AWS budget; they overlap, so they cannot be added up.",
            ),
            (2, "aws_budget_actual_usd", "What AWS counts as spent against the budget this month."),
            (3, "aws_budget_forecast_usd", "What AWS forecasts against the budget for this month."),
            (5, "aws_budget_subscribers", "E-mail addresses and topics that the budget notifies."),
        ):
            yield gauge(name, text, ("budget",), [(row[0], row[column]) for row in budgets])

    def _commitments(self) -> Iterator[Metric]:
        usage = self.fetch("commitment_usage")
        for column, name, text in (
            (1, "aws_commitment_coverage_ratio", "Share of eligible cost that commitments cover."),
            (2, "aws_commitment_utilization_ratio", "Share of the commitments that is used."),
        ):
            values = [(row[0], None if row[column] is None else row[column] / 100) for row in usage]
            yield gauge(name, text, ("kind",), values)
        yield gauge(
            "aws_commitment_expiry_days",
            "Days until a Savings Plan or reservation ends.",
            ("kind", "id", "product"),
            [
                (*row[:3], (row[3] - self.now).total_seconds() / 86_400)
                for row in self.fetch("commitments", now=self.now)
            ],
        )
        yield gauge(
            "aws_s3_bucket_bytes",
            "Size of a bucket by storage type, as CloudWatch names it.",
            ("bucket", "storage_class"),
            self.fetch("bucket_sizes"),
        )

    def _reads(self) -> Iterator[Metric]:
        yield gauge(
            "aws_cost_data_age_seconds",
            "Time since a source was last read.",
            ("kind",),
            [(kind, (self.now - at).total_seconds()) for kind, at in self.fetch("read_times")],
        )
        yield gauge(
            "aws_cost_read_failures",
            "Failed reads since the last successful one.",
            ("kind",),
            self.fetch("read_failures"),
        )
        month = month_of(self.now.date())
        rows = self.fetch("requests", month=month)
        requests = rows[0][0] if rows else 0
        yield gauge(
            "aws_cost_explorer_requests", "Cost Explorer requests of the current month.", (), [(requests,)]
        )
        yield gauge(
            "aws_cost_explorer_request_limit",
            "The most Cost Explorer requests that a month may have.",
            (),
            [(self.settings.request_limit,)],
        )
        yield gauge(
            "aws_cost_athena_scanned_bytes",
            "Bytes that Athena scanned in the current month.",
            (),
            self.fetch("scanned_bytes", month=month),
        )
