"""The page of /metrics/cost: stored figures as Prometheus metrics, with a bounded number of series.

Amounts are US dollars. Prometheus keeps its samples as floats; the sums behind them are exact.
"""

from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from functions.cost_data.account_metrics import AccountCollector
from functions.cost_data.cost_metrics import CostCollector
from functions.cost_data.settings import Settings
from functions.cost_data.store import Store


class Page:
    """The page. Its costs are read again only after a read has stored something, or on a new day."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._costs: tuple[object, bytes] = (None, b"")

    def text(self, now: datetime) -> bytes:
        """The metrics in Prometheus' text format. Raises Unavailable if PostgreSQL does not answer."""
        with self._store.snapshot() as fetch:
            version = (fetch("version"), now.date())
            known, costs = self._costs
            if version != known:
                costs = _text(CostCollector(fetch, self._settings, now))
                self._costs = (version, costs)
            return costs + _text(AccountCollector(fetch, self._settings, now))


def _text(collector: Collector) -> bytes:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
