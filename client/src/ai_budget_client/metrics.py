"""Prometheus metrics of the client, if a registry is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Metrics:
    """Without a registry nothing is counted."""

    def checked(self, outcome: str, seconds: float) -> None:
        """A check was answered: `allowed`, `denied_by_cache`, or the code of the refusal."""

    def sent(self, outcome: str) -> None:
        """A call in the spool was `recorded`, `released` or `rejected`, or must be sent again (`retried`)."""

    def used(self, model: str, kind: str, tokens: int) -> None:
        """Tokens of a call; `kind` is `input` or `output`."""

    def failed_open(self) -> None:
        """A call was permitted without a check."""

    def interrupted(self, calls: int) -> None:
        """Rows of a process that died were adopted."""

    def watch_spool(self, calls: Callable[[], float]) -> None:
        """`calls` gives how many the spool holds."""


class PrometheusMetrics(Metrics):
    """Needs `pip install ai-budget-client[metrics]`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        self._checks = Histogram(
            "ai_budget_client_check_duration_seconds", "Checks by outcome.", ["outcome"], registry=registry
        )
        self._sent = Counter(
            "ai_budget_client_sent",
            "Calls in the spool that were sent, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self._tokens = Histogram(
            "gen_ai_client_token_usage",
            "Tokens of a call, as in OpenTelemetry's semantic conventions.",
            ["gen_ai_request_model", "gen_ai_token_type"],
            buckets=[4**power for power in range(14)],
            registry=registry,
        )
        self._failed_open = Counter(
            "ai_budget_client_unchecked_calls", "Calls permitted without a check.", registry=registry
        )
        self._interrupted = Counter(
            "ai_budget_client_adopted_calls", "Calls taken over from a process that died.", registry=registry
        )
        self._spool = Gauge(
            "ai_budget_client_spool_calls", "Calls that the service has not recorded.", registry=registry
        )

    def checked(self, outcome: str, seconds: float) -> None:
        self._checks.labels(outcome).observe(seconds)

    def sent(self, outcome: str) -> None:
        self._sent.labels(outcome).inc()

    def used(self, model: str, kind: str, tokens: int) -> None:
        self._tokens.labels(model, kind).observe(tokens)

    def failed_open(self) -> None:
        self._failed_open.inc()

    def interrupted(self, calls: int) -> None:
        self._interrupted.inc(calls)

    def watch_spool(self, calls: Callable[[], float]) -> None:
        self._spool.set_function(calls)
