"""The Prometheus page: money and notices from the database at each scrape, latencies from this server."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric, UntypedMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from functions.ai_budget.ledger import Ledger, Unavailable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Lambda's answer to a load balancer is at most 1 MB.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html, read 2026-11-28
NAMED_BYTES = 700_000
_SERIES_BYTES = 75  # of a series of a named budget, without its labels
_SUMMED_MODELS = 50  # the others share an empty model label
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class RequestMetrics:
    """Seconds to answer by route and status class, of all workers that share `multiprocess_dir`."""

    def __init__(self, multiprocess_dir: str | None = None) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "ai_budget_request_duration_seconds",
            "Time to answer by route and status class, since the start of this server.",
            ["route", "status"],
            registry=self.registry,
            buckets=_BUCKETS,
        )
        if multiprocess_dir:
            self.registry = CollectorRegistry()
            MultiProcessCollector(self.registry, path=multiprocess_dir)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Counts one answer."""
        self._seconds.labels(route, f"{status // 100}xx").observe(seconds)


def _share(budget: Any) -> Decimal:
    """What a budget has spent as a share of its limit; 1 of a limit of 0."""
    return budget.spent_usd / budget.monthly_limit_usd if budget.monthly_limit_usd else Decimal(1)


async def page(
    ledger: Ledger, requests: RequestMetrics, now: datetime, share: Decimal, tenant: str | None = None
) -> bytes:
    """The whole page, below 1 MB. Without the database it has no amounts, rather than stale ones.

    Budgets that have spent at least `share` of their limit, or have reached it, are named: the fullest first,
    as many as fit. The rest are sums by model with an empty tenant_id. With `tenant` it has only that one.
    """
    families = _Families()
    try:
        if tenant is None:
            families += _budgets(await ledger.fetch("budgets", now=now), share)
        else:
            families += _budgets(await ledger.fetch("tenant", tenant_id=tenant, now=now), Decimal(0))
        families += _usage(await ledger.fetch("totals", tenant=tenant), tenant)
        if tenant is None:
            families += _unpriced(await ledger.fetch("unpriced_counts"))
            families += _notices(await ledger.fetch("notice_counts"))
        up = 1
    except Unavailable:
        families, up = _Families(), 0
    families.append(_gauge("ai_budget_database_up", "1 if the database answered this scrape.", "", [(up,)]))
    return generate_latest(families) + (b"" if tenant else generate_latest(requests.registry))


class _Families(list[Metric]):
    """A collector of metrics that are at hand."""

    def collect(self) -> Iterable[Metric]:
        return self


def _gauge(
    name: str, text: str, labels: str, rows: Iterable[Sequence[Any]], kind: type[Metric] = GaugeMetricFamily
) -> Metric:
    """A metric of rows that end in their value."""
    family: Any = kind(name, text, labels=labels.split())  # type: ignore[call-arg]
    for *values, number in rows:
        family.add_metric(values, float(number))
    return family


def _named(budgets: list[Any], share: Decimal) -> Iterator[Any]:
    """The budgets to name, fullest first, as long as their series fit."""
    left = NAMED_BYTES
    for budget in sorted(budgets, key=lambda b: (b.hard_limit_reached, _share(b)), reverse=True):
        left -= 5 * (_SERIES_BYTES + len(f"{budget.tenant_id}{budget.model}".encode()))
        if left < 0 or not (budget.hard_limit_reached or _share(budget) >= share):
            return
        yield budget


def _budgets(budgets: list[Any], share: Decimal) -> Iterator[Metric]:
    named = list(_named(budgets, share))
    names = {(budget.tenant_id, budget.model) for budget in named}
    rest = [budget for budget in budgets if (budget.tenant_id, budget.model) not in names]
    shown = {model for model, _ in Counter(budget.model for budget in rest).most_common(_SUMMED_MODELS)}
    for column, name, text in (
        ("monthly_limit_usd", "ai_budget_monthly_limit_usd", "Monthly limit in US dollars."),
        ("spent_usd", "ai_budget_spent_usd", "Spent this month in US dollars."),
        ("reserved_usd", "ai_budget_reserved_usd", "Reserved and not yet settled in US dollars."),
    ):
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for budget in rest:
            sums[budget.model if budget.model in shown else ""] += getattr(budget, column)
        rows = [(b.tenant_id, b.model, getattr(b, column)) for b in named]
        yield _gauge(name, text, "tenant_id model", rows + [("", *item) for item in sums.items()])
    percent = ((b.tenant_id, b.model, round(_share(b) * 100, 6)) for b in named)
    yield _gauge("ai_budget_utilization_percent", "100 × spent / limit.", "tenant_id model", percent)
    text = "1 if the limit is reached or the last check was refused."
    reached = ((b.tenant_id, b.model, b.hard_limit_reached) for b in named)
    yield _gauge("ai_budget_hard_limit_reached", text, "tenant_id model", reached)


def _usage(totals: list[Any], tenant: str | None) -> Iterator[Metric]:
    """Counters of the audit log. Untyped, since the library would append `_total` to the guide's names."""
    labels, first = ("tenant_id model report_type", (tenant,)) if tenant else ("model report_type", ())
    for column, name, text in (
        (2, "ai_token_usage_cost_usd", "Spend in US dollars: the sum of the audit log, which never falls."),
        (3, "ai_token_usage_requests", "Tracked calls."),
        (4, "ai_token_usage_input_tokens", "Input tokens, cache included."),
        (5, "ai_token_usage_output_tokens", "Output tokens."),
    ):
        rows = ((*first, *row[:2], row[column]) for row in totals)
        yield _gauge(name, text, labels, rows, UntypedMetricFamily)


def _notices(counts: list[Any]) -> Iterator[Metric]:
    text = "Notices to one target each, by channel and state: pending, sent, failed after the last attempt."
    yield _gauge("ai_budget_notices", text, "channel state", (row for row in counts if row[0]))
    waiting = sum(count for _, state, count in counts if state == "pending")
    yield _gauge("ai_budget_outbox_unsent", "Notices not yet sent and not given up.", "", [(waiting,)])


def _unpriced(counts: list[Any]) -> Iterator[Metric]:
    """The models with the most calls by name, the others together."""
    counts = sorted(counts, key=lambda row: row[1], reverse=True)
    shown = [(row[0], row[1], row[2]) for row in counts[:_SUMMED_MODELS]]
    if others := counts[_SUMMED_MODELS:]:
        shown.append(("", sum(row[1] for row in others), sum(row[2] for row in others)))
    text = "that were tracked without a price and are in no budget until POST /reprice."
    yield _gauge("ai_budget_unpriced_calls", f"Calls {text}", "model", ((m, c) for m, c, _ in shown))
    yield _gauge(
        "ai_budget_unpriced_tokens", f"Tokens of calls {text}", "model", ((m, t) for m, _, t in shown)
    )
