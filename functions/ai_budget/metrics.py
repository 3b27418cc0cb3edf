"""The Prometheus page: money and notices from the database at each scrape, latencies from this server."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

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


class _Position(NamedTuple):
    """A row of `positions`: a budget in this month, in US dollars."""

    tenant_id: str
    model: str
    limit: Decimal
    spent: Decimal
    reserved: Decimal
    hard_limit_reached: bool

    @property
    def share(self) -> Decimal:
        """Spent as a share of the limit; 1 of a limit of 0."""
        return self.spent / self.limit if self.limit else Decimal(1)


async def page(
    ledger: Ledger, requests: RequestMetrics, now: datetime, share: Decimal, tenant: str | None = None
) -> bytes:
    """The whole page, below 1 MB. Without the database it has no amounts, rather than stale ones.

    Budgets that have spent at least `share` of their limit, or have reached it, are named: the fullest first,
    as many as fit. The rest are sums by model with an empty tenant_id. With `tenant` it has only that one.
    """
    families = _Families()
    try:
        positions = [_Position(*row) for row in await ledger.fetch("positions", tenant=tenant, now=now)]
        families += _budgets(positions, Decimal(0) if tenant else share)
        families += _usage(await ledger.fetch("totals", tenant=tenant), tenant)
        if tenant is None:
            families += _unpriced(await ledger.fetch("unpriced_counts"))
            [(unexpanded,)] = await ledger.fetch("outbox_unexpanded")
            families += _notices(await ledger.fetch("delivery_counts"), unexpanded)
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


def _named(positions: list[_Position], share: Decimal) -> Iterator[_Position]:
    """The budgets to name, fullest first, as long as their series fit."""
    left = NAMED_BYTES
    for position in sorted(positions, key=lambda p: (p.hard_limit_reached, p.share), reverse=True):
        left -= 5 * (_SERIES_BYTES + len(f"{position.tenant_id}{position.model}".encode()))
        if left < 0 or not (position.hard_limit_reached or position.share >= share):
            return
        yield position


def _budgets(positions: list[_Position], share: Decimal) -> Iterator[Metric]:
    named = list(_named(positions, share))
    names = {position[:2] for position in named}
    models = Counter(position.model for position in positions)
    shown = {model for model, _ in models.most_common(_SUMMED_MODELS)}
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    counts = Counter[tuple[str, str]]()
    for position in positions:
        model = position.model if position.model in shown else ""
        counts[model, str(position.hard_limit_reached).lower()] += 1
        if position[:2] not in names:
            sums[model] = [a + b for a, b in zip(sums[model], position[2:5], strict=True)]
    for column, name, text in (
        (0, "ai_budget_monthly_limit_usd", "Monthly limit in US dollars."),
        (1, "ai_budget_spent_usd", "Spent this month in US dollars."),
        (2, "ai_budget_reserved_usd", "Reserved and not yet settled in US dollars."),
    ):
        rows = [(p.tenant_id, p.model, p[2 + column]) for p in named]
        rows += [("", model, amounts[column]) for model, amounts in sums.items()]
        yield _gauge(name, text, "tenant_id model", rows)
    percent = ((p.tenant_id, p.model, round(p.share * 100, 6)) for p in named)
    yield _gauge("ai_budget_utilization_percent", "100 × spent / limit.", "tenant_id model", percent)
    text = "1 if the limit is reached or the last check was refused."
    reached = ((p.tenant_id, p.model, p.hard_limit_reached) for p in named)
    yield _gauge("ai_budget_hard_limit_reached", text, "tenant_id model", reached)
    text = "Budgets by model, named or not, and whether their limit is reached."
    yield _gauge("ai_budget_budgets", text, "model hard_limit_reached", ((*k, n) for k, n in counts.items()))


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


def _notices(counts: list[Any], unexpanded: int) -> Iterator[Metric]:
    text = "Notices to one target each, by channel and state: pending, sent, failed after the last attempt."
    yield _gauge("ai_budget_notices", text, "channel state", counts)
    waiting = unexpanded + sum(count for _, state, count in counts if state == "pending")
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
