"""Metrics of costs: they change only when a read stores something, or the day changes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from functions.cost_data.records import month_is_final, month_of
from functions.cost_data.settings import Settings

MONTHS = 14
HISTORY_DAYS = 35
OTHER = "other"
DAYS_BEFORE = range(8)
# The statements of metrics.sql behind these metrics.
FIGURES = (
    "monthly",
    "final_day",
    "daily_history",
    "usage_of_final_days",
    "categories_of_final_day",
    "deliveries_of_months",
    "monthly_teams",
    "untagged",
    "ai_costs",
    "active_tenants",
)


@dataclass(frozen=True)
class CostCollector(Collector):
    """The costs of one moment; `fetch` gives the rows of a statement."""

    fetch: Callable[..., list[tuple[Any, ...]]]
    settings: Settings
    now: datetime

    def collect(self) -> Iterator[Metric]:
        """Reads what the page names, the top services, Regions and teams, and then every figure."""
        services, regions, teams = (
            [row[0] for row in self.fetch(f"top_{what}", count=getattr(self.settings, f"top_{what}"))]
            for what in ("services", "regions", "teams")
        )
        last_day, day = self.fetch("last_days")[0]
        parameters = {
            "services": services,
            "regions": regions,
            "teams": teams,
            "last_day": last_day,
            "day": day,
            "days": HISTORY_DAYS,
            "months": MONTHS,
        }
        rows = {name: self.fetch(name, **parameters) for name in FIGURES}
        yield from self._costs(rows, day, services)
        yield from self._finality(rows, day)
        yield from self._tags(rows)
        yield from self._ai(rows)

    def _costs(self, rows: dict[str, Any], day: date | None, services: Sequence[str]) -> Iterator[Metric]:
        yield from pair(
            "aws_cost_monthly",
            "Cost of a month; the month `current` is the one of now.",
            ("month", "region", "service"),
            self._by_month(rows["monthly"]),
        )
        yield from pair(
            "aws_cost_daily",
            "Cost of the last complete day, whose figures no longer change.",
            ("region", "service"),
            rows["final_day"],
        )
        history = [(str(row[0]), *row[1:]) for row in rows["daily_history"]]
        yield from pair(
            "aws_cost_daily_history",
            f"Cost of each of the last {HISTORY_DAYS} days.",
            ("day", "service"),
            history,
        )
        if day is not None:
            usage = {(before, service): billed for before, service, billed in rows["usage_of_final_days"]}
            named = [*services, *({OTHER} if any(key[1] == OTHER for key in usage) else ())]
            # Usage before the first stored day is not known: 0 would make the next day a spike.
            days = [before for before in DAYS_BEFORE if before <= max((key[0] for key in usage), default=-1)]
            yield gauge(
                "aws_cost_final_day_usage_usd",
                "Billed usage, without other charges, on the last complete day and on days before it.",
                ("days_before", "service"),
                [(str(n), service, usage.get((n, service), 0)) for service in named for n in days],
            )
        yield gauge(
            "aws_cost_final_day_category_usd",
            "Billed cost of the last complete day by charge category.",
            ("charge_category",),
            rows["categories_of_final_day"],
        )

    def _finality(self, rows: dict[str, Any], day: date | None) -> Iterator[Metric]:
        yield gauge(
            "aws_cost_last_final_day_timestamp_seconds",
            "Start of the last complete day.",
            (),
            [(datetime.combine(day, time(), UTC).timestamp() if day else None,)],
        )
        finals = [
            (f"{month:%Y-%m}", int(month_is_final(month, seen)))
            for month, seen in rows["deliveries_of_months"]
        ]
        yield gauge(
            "aws_cost_month_final",
            "1 if the figures of the month no longer change.",
            ("month",),
            finals,
        )

    def _tags(self, rows: dict[str, Any]) -> Iterator[Metric]:
        yield from pair(
            "aws_cost_team_monthly",
            "Cost of a month by the tag `team`.",
            ("month", "team"),
            self._by_month(rows["monthly_teams"]),
        )
        yield gauge(
            "aws_cost_untagged_ratio",
            "Share of the effective cost of usage without a value of the tag.",
            ("month", "tag"),
            self._by_month(rows["untagged"]),
        )

    def _ai(self, rows: dict[str, Any]) -> Iterator[Metric]:
        yield gauge(
            "ai_model_cost_monthly_usd",
            "AI spend of a month by model: of the usage log and of the bill.",
            ("month", "source", "model"),
            self._by_month(rows["ai_costs"]),
        )
        yield gauge(
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


def pair(
    name: str, text: str, labels: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[GaugeMetricFamily]:
    """A metric of billed and one of effective cost; the rows end in these two amounts."""
    rows = list(rows)
    yield gauge(f"{name}_usd", f"Billed. {text}", labels, [row[:-1] for row in rows])
    yield gauge(f"{name}_effective_usd", f"Amortized. {text}", labels, [(*row[:-2], row[-1]) for row in rows])


def gauge(name: str, text: str, labels: Sequence[str], rows: Iterable[Sequence[Any]]) -> GaugeMetricFamily:
    """A gauge; the rows are label values and a value. A row without a value has no sample."""
    metric = GaugeMetricFamily(name, text, labels=labels)
    for *values, value in rows:
        if value is not None:
            metric.add_metric(values, float(value))
    return metric
