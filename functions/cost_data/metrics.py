"""The page of /metrics/cost: stored figures as Prometheus metrics, with a bounded number of series.

Amounts are US dollars. Prometheus keeps its samples as floats; the sums behind them are exact.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from functions.cost_data.records import month_is_final, month_of
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store

MONTHS = 14
HISTORY_DAYS = 35
OTHER = "other"
# The statements of metrics.sql behind the metrics.
FIGURES = (
    "monthly",
    "final_day",
    "daily_history",
    "usage_of_final_days",
    "categories_of_final_day",
    "monthly_teams",
    "untagged",
    "read_times",
    "read_failures",
    "deliveries_of_months",
    "forecast",
    "budgets",
    "commitments",
    "commitment_usage",
    "bucket_sizes",
    "requests",
    "scanned_bytes",
    "ai_costs",
    "active_tenants",
)
DAYS_BEFORE = range(8)


def page(store: Store, settings: Settings, now: datetime) -> bytes:
    """The metrics in Prometheus' text format. Raises Unavailable if PostgreSQL does not answer."""
    registry = CollectorRegistry()
    registry.register(CostCollector(store, settings, now))
    return generate_latest(registry)


@dataclass(frozen=True)
class CostCollector(Collector):
    """The figures at one moment."""

    store: Store
    settings: Settings
    now: datetime

    def collect(self) -> Iterator[Metric]:
        """Reads every figure of one moment, and then yields the metrics."""
        month = month_of(self.now.date())
        with self.store.snapshot() as fetch:
            services, regions, teams = (
                [row[0] for row in fetch(f"top_{what}", count=getattr(self.settings, f"top_{what}"))]
                for what in ("services", "regions", "teams")
            )
            last_day, day = fetch("last_days")[0]
            parameters = {
                "services": services,
                "regions": regions,
                "teams": teams,
                "last_day": last_day,
                "day": day,
                "days": HISTORY_DAYS,
                "month": month,
                "months": MONTHS,
                "now": self.now,
            }
            rows = {name: fetch(name, **parameters) for name in FIGURES}
        yield from self._costs(rows, day, services)
        yield from self._tags(rows)
        yield from self._budgets(rows)
        yield from self._commitments(rows)
        yield from self._data(rows, day)
        yield from self._ai(rows)

    def _costs(self, rows: dict[str, Any], day: date | None, services: Sequence[str]) -> Iterator[Metric]:
        yield from _pair(
            "aws_cost_monthly",
            "Cost of a month; the month `current` is the one of now.",
            ("month", "region", "service"),
            self._by_month(rows["monthly"]),
        )
        yield from _pair(
            "aws_cost_daily",
            "Cost of the last complete day, whose figures no longer change.",
            ("region", "service"),
            rows["final_day"],
        )
        history = [(str(row[0]), *row[1:]) for row in rows["daily_history"]]
        yield from _pair(
            "aws_cost_daily_history",
            f"Cost of each of the last {HISTORY_DAYS} days.",
            ("day", "service"),
            history,
        )
        if day is not None:
            usage = {(before, service): billed for before, service, billed in rows["usage_of_final_days"]}
            named = [*services, *({OTHER} if any(key[1] == OTHER for key in usage) else ())]
            yield _gauge(
                "aws_cost_final_day_usage_usd",
                "Billed usage, without other charges, on the last complete day and on days before it.",
                ("days_before", "service"),
                [(str(n), service, usage.get((n, service), 0)) for service in named for n in DAYS_BEFORE],
            )
        yield _gauge(
            "aws_cost_final_day_category_usd",
            "Billed cost of the last complete day by charge category.",
            ("charge_category",),
            rows["categories_of_final_day"],
        )
        forecast = rows["forecast"][0] if rows["forecast"] else (None, None, None)
        for suffix, what, value in zip(
            ("", "_low", "_high"),
            ("Forecast", "Lower bound of the forecast", "Upper bound of the forecast"),
            forecast,
            strict=True,
        ):
            yield _gauge(
                f"aws_cost_forecast{suffix}_usd", f"{what} of the whole current month.", (), [(value,)]
            )

    def _tags(self, rows: dict[str, Any]) -> Iterator[Metric]:
        yield from _pair(
            "aws_cost_team_monthly",
            "Cost of a month by the tag `team`.",
            ("month", "team"),
            self._by_month(rows["monthly_teams"]),
        )
        yield _gauge(
            "aws_cost_untagged_ratio",
            "Share of the effective cost of usage without a value of the tag.",
            ("month", "tag"),
            self._by_month(rows["untagged"]),
        )

    def _budgets(self, rows: dict[str, Any]) -> Iterator[Metric]:
        budgets = rows["budgets"]
        total = (
            self.settings.total_budget
            or max(
                ((limit, name) for name, limit, _, _, filtered, _ in budgets if not filtered), default=(0, "")
            )[1]
        )
        yield _gauge(
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
            yield _gauge(name, text, ("budget",), [(row[0], row[column]) for row in budgets])

    def _commitments(self, rows: dict[str, Any]) -> Iterator[Metric]:
        for column, name, text in (
            (1, "aws_commitment_coverage_ratio", "Share of eligible cost that commitments cover."),
            (2, "aws_commitment_utilization_ratio", "Share of the commitments that is used."),
        ):
            values = [
                (row[0], None if row[column] is None else row[column] / 100)
                for row in rows["commitment_usage"]
            ]
            yield _gauge(name, text, ("kind",), values)
        yield _gauge(
            "aws_commitment_expiry_days",
            "Days until a Savings Plan or reservation ends.",
            ("kind", "id", "product"),
            [(*row[:3], (row[3] - self.now).total_seconds() / 86_400) for row in rows["commitments"]],
        )
        yield _gauge(
            "aws_s3_bucket_bytes",
            "Size of a bucket by storage type, as CloudWatch names it.",
            ("bucket", "storage_class"),
            rows["bucket_sizes"],
        )

    def _data(self, rows: dict[str, Any], day: date | None) -> Iterator[Metric]:
        yield _gauge(
            "aws_cost_last_final_day_timestamp_seconds",
            "Start of the last complete day.",
            (),
            [(datetime.combine(day, time(), UTC).timestamp() if day else None,)],
        )
        finals = [
            (f"{month:%Y-%m}", int(month_is_final(month, seen)))
            for month, seen in rows["deliveries_of_months"]
        ]
        yield _gauge(
            "aws_cost_month_final",
            "1 if the figures of the month no longer change.",
            ("month",),
            finals,
        )
        yield _gauge(
            "aws_cost_data_age_seconds",
            "Time since a source was last read.",
            ("kind",),
            [(kind, (self.now - at).total_seconds()) for kind, at in rows["read_times"]],
        )
        yield _gauge(
            "aws_cost_read_failures",
            "Failed reads since the last successful one.",
            ("kind",),
            rows["read_failures"],
        )
        requests = rows["requests"][0][0] if rows["requests"] else 0
        yield _gauge(
            "aws_cost_explorer_requests", "Cost Explorer requests of the current month.", (), [(requests,)]
        )
        yield _gauge(
            "aws_cost_explorer_request_limit",
            "The most Cost Explorer requests that a month may have.",
            (),
            [(self.settings.request_limit,)],
        )
        yield _gauge(
            "aws_cost_athena_scanned_bytes",
            "Bytes that Athena scanned in the current month.",
            (),
            rows["scanned_bytes"],
        )

    def _ai(self, rows: dict[str, Any]) -> Iterator[Metric]:
        yield _gauge(
            "ai_model_cost_monthly_usd",
            "AI spend of a month by model: of the usage log and of the bill.",
            ("month", "source", "model"),
            self._by_month(rows["ai_costs"]),
        )
        yield _gauge(
            "ai_active_tenants",
            "Tenants with a tracked AI call in the month.",
            ("month",),
            self._by_month(rows["active_tenants"]),
        )

    def _by_month(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """The rows with their month as text; the ones of this month a second time as `current`."""
        current = month_of(self.now.date())
        labelled = [(f"{month:%Y-%m}", *rest) for month, *rest in rows]
        return [*labelled, *(("current", *rest) for month, *rest in rows if month == current)]


def _pair(
    name: str, text: str, labels: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[GaugeMetricFamily]:
    """A metric of billed and one of effective cost; the rows end in these two amounts."""
    rows = list(rows)
    yield _gauge(f"{name}_usd", f"Billed. {text}", labels, [row[:-1] for row in rows])
    yield _gauge(
        f"{name}_effective_usd", f"Amortized. {text}", labels, [(*row[:-2], row[-1]) for row in rows]
    )


def _gauge(name: str, text: str, labels: Sequence[str], rows: Iterable[Sequence[Any]]) -> GaugeMetricFamily:
    """A gauge; the rows are label values and a value. A row without a value has no sample."""
    metric = GaugeMetricFamily(name, text, labels=labels)
    for *values, value in rows:
        if value is not None:
            metric.add_metric(values, float(value))
    return metric
