"""What a call costs: the price rows of the database, those of the configuration before them."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from functions.ai_budget.config import PriceOverride

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_MTOK = Decimal(1_000_000)
_KNOWN = 10_000


class Price(NamedTuple):
    """USD per token, from `effective_from` on, for calls whose input (cache included) exceeds `above`."""

    effective_from: datetime
    above: int
    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal

    def cost(self, prompt: int, completion: int, cache_read: int, cache_write: int) -> Decimal:
        """USD, exact; `prompt` is without cache tokens."""
        cost = prompt * self.input + completion * self.output
        if cache_read or cache_write:
            cost += cache_read * self.cache_read + cache_write * self.cache_write
        return cost


class Prices:
    """Looks up the price of a model at an instant."""

    def __init__(self, rows: Iterable[Sequence[Any]], overrides: dict[str, PriceOverride]) -> None:
        self._patterns: dict[str, list[Price]] = {}
        for _, pattern, effective_from, above, *per_mtok in rows:
            price = Price(effective_from, above, *(p / _MTOK for p in per_mtok))
            self._patterns.setdefault(pattern, []).append(price)
        self._overrides = {model: [_overridden(price)] for model, price in overrides.items()}
        self._found: dict[str, list[Price]] = {}

    def find(self, model: str, at: datetime, input_tokens: int) -> Price | None:
        """The price of a call with so many input tokens, or None for an unknown model."""
        rows = self._found.get(model)
        if rows is None:
            rows = self._overrides.get(model) or self._match(model)
            if len(self._found) >= _KNOWN:
                self._found.clear()
            self._found[model] = rows
        for price in rows:
            if price.effective_from <= at and (not price.above or input_tokens > price.above):
                return price
        return None

    def known(self) -> str:
        """A pattern of all models that have a price."""
        return "|".join([*self._patterns, *(f"^{re.escape(model)}$" for model in self._overrides)])

    def _match(self, model: str) -> list[Price]:
        found = [
            price for pattern, rows in self._patterns.items() if re.search(pattern, model) for price in rows
        ]
        return sorted(found, key=lambda price: price[:2], reverse=True)


def _overridden(price: PriceOverride) -> Price:
    def cache(given: Decimal | None, ratio: str) -> Decimal:
        if given is None:
            given = (price.input_usd_per_mtok * Decimal(ratio)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        return given / _MTOK

    return Price(
        _ALWAYS,
        0,
        price.input_usd_per_mtok / _MTOK,
        price.output_usd_per_mtok / _MTOK,
        cache(price.cache_read_usd_per_mtok, "0.1"),
        cache(price.cache_write_usd_per_mtok, "1.25"),
    )
