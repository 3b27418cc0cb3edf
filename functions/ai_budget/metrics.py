"""The Prometheus page: money from the database, latencies from memory that its workers share."""

import mmap
from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from functions.ai_budget.answers import number
from functions.ai_budget.ledger import Ledger, Unavailable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
ROUTES = (
    "check", "track", "set", "tenant", "tenants", "usage", "changes", "metrics", "healthz", "readyz",
    "openapi", "other",
)  # fmt: skip
CLASSES = ("2xx", "4xx", "5xx")
_ROW = {route: index * len(CLASSES) for index, route in enumerate(ROUTES)}
_CELLS = len(BOUNDS) + 2  # one per bound, one above them all, the sum of seconds
_SLICE = len(ROUTES) * len(CLASSES) * _CELLS


class Latencies:
    """Histograms of seconds by route and status class, one slice per worker, written by it alone."""

    def __init__(self, workers: int = 1) -> None:
        self._memory = mmap.mmap(-1, max(1, workers) * _SLICE * 8)
        self._cells = memoryview(self._memory).cast("d")
        self._workers = workers
        self._base = 0

    def own(self, worker: int) -> None:
        """Makes this process write to the slice of a worker (counted from 0)."""
        self._base = worker * _SLICE

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Counts one answer."""
        row = _ROW[route] + (0 if status < 400 else 1 if status < 500 else 2)
        cell = self._base + row * _CELLS
        self._cells[cell + bisect_left(BOUNDS, seconds)] += 1
        self._cells[cell + _CELLS - 1] += seconds

    def lines(self) -> Iterable[str]:
        """The histograms of all workers together."""
        name = "ai_budget_request_duration_seconds"
        yield f"# HELP {name} Time to answer by route and status class, since the start of this server."
        yield f"# TYPE {name} histogram"
        for row in range(len(ROUTES) * len(CLASSES)):
            offset = row * _CELLS
            values = [
                sum(self._cells[w * _SLICE + offset + i] for w in range(self._workers)) for i in range(_CELLS)
            ]
            total, labels = 0, f'route="{ROUTES[row // len(CLASSES)]}",status="{CLASSES[row % len(CLASSES)]}"'
            if not any(values[:-1]):
                continue
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), values, strict=False):
                total += int(count)
                yield f'{name}_bucket{{{labels},le="{bound}"}} {total}'
            yield f"{name}_sum{{{labels}}} {values[-1]!r}"
            yield f"{name}_count{{{labels}}} {total}"


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[str, Any]]) -> Iterable[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield f"{name}{labels} {number(value) if isinstance(value, Decimal) else value}"


def _labels(*values: str) -> Any:
    escaped = (v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for v in values)
    names = ("tenant_id", "model", "report_type")
    return "{" + ",".join(f'{name}="{v}"' for name, v in zip(names, escaped, strict=False)) + "}"


async def page(ledger: Ledger, latencies: Latencies) -> str:
    """The whole page; without the database its absence and the latencies, for no figure beats an old one."""
    lines: list[str] = []
    try:
        positions = [(_labels(*row[:2]), *row[2:]) for row in await ledger.fetch("positions")]
        totals = [(_labels(*row[:3]), *row[3:]) for row in await ledger.fetch("totals")]
        depth, age = (await ledger.fetch("outbox_depth"))[0]
    except Unavailable:
        lines += _family(
            "ai_budget_database_up", "gauge", "1 if the database answered this scrape.", [("", 0)]
        )
        return "\n".join([*lines, *latencies.lines(), ""])
    lines += _family("ai_budget_database_up", "gauge", "1 if the database answered this scrape.", [("", 1)])
    for name, kind, text, rows, column in (
        ("ai_token_usage_cost_usd", "counter", "Spend in US dollars: the sum of the audit log.", totals, 1),
        ("ai_token_usage_requests", "counter", "Tracked calls.", totals, 2),
        ("ai_token_usage_input_tokens", "counter", "Input tokens, cache included.", totals, 3),
        ("ai_token_usage_output_tokens", "counter", "Output tokens.", totals, 4),
        ("ai_budget_monthly_limit_usd", "gauge", "Monthly limit in US dollars.", positions, 1),
        ("ai_budget_spent_usd", "gauge", "Spent this month in US dollars.", positions, 2),
        ("ai_budget_reserved_usd", "gauge", "Reserved and not yet settled in US dollars.", positions, 3),
    ):
        lines += _family(name, kind, text, ((row[0], row[column]) for row in rows))
    utilisation = ((row[0], row[2] * 100 / row[1] if row[1] else Decimal(100)) for row in positions)
    lines += _family(
        "ai_budget_utilization_percent",
        "gauge",
        "100 × spent / limit.",
        ((k, round(float(v), 6)) for k, v in utilisation),
    )
    lines += _family(
        "ai_budget_hard_limit_reached",
        "gauge",
        "1 if the limit is reached or the last check was refused.",
        ((row[0], int(row[4])) for row in positions),
    )
    lines += _family("ai_budget_outbox_unsent", "gauge", "Notices not yet sent.", [("", depth)])
    lines += _family(
        "ai_budget_outbox_oldest_seconds", "gauge", "Age of the oldest of them.", [("", round(age, 3))]
    )
    return "\n".join([*lines, *latencies.lines(), ""])
