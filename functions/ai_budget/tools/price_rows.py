"""`python -m functions.ai_budget.tools.price_rows`: writes sql/prices.sql from the guide and genai-prices.

Run it after an update of genai-prices; a test fails until then.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from genai_prices import data

from functions.ai_budget.pricing import LAST_SNAPSHOTS, canonical_model

PRICES = Path(__file__).parents[1] / "sql" / "prices.sql"
# "Pricing (Claude API)" of the FinOps guide: USD per million tokens, input and output.
GUIDE = {
    "claude-3-5-sonnet-20241022": (Decimal(3), Decimal(15)),
    "claude-3-opus-20240229": (Decimal(15), Decimal(75)),
    "claude-3-haiku-20240307": (Decimal("0.25"), Decimal("1.25")),
}
_EARLIER_SNAPSHOTS = {"claude-3-5-sonnet": ["20240620"]}
_LAUNCH = date(1970, 1, 1)
_WEB_SEARCH = Decimal(10)
_COLUMNS = """model, effective_from, above_input_tokens, input_usd_per_mtok, output_usd_per_mtok,
    cache_read_usd_per_mtok, cache_write_usd_per_mtok, cache_write_1h_usd_per_mtok, web_search_usd_per_1000,
    fast_multiplier, source"""


class Row(NamedTuple):
    """A row of ai_model_prices. What genai-prices does not date holds since the launch of the model."""

    model: str
    effective_from: datetime
    above: int
    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    cache_write_1h: Decimal
    web_search_per_1000: Decimal
    fast_multiplier: Decimal | None
    source: str


def rows() -> list[Row]:
    """The prices of all Claude models from the third generation on, by model, date and tier."""
    source = f"genai-prices {version('genai-prices')}"
    fast = _fast_multipliers()
    return sorted(
        row._replace(source=f"FinOps guide; {source}") if row.model in GUIDE else row
        for model in _provider("anthropic").models
        for name in _names(model.id)
        for start, price in _dated(model.prices)
        for row in _tiers(name, start, price, fast.get(name), source)
    )


def _provider(provider_id: str) -> Any:
    return next(provider for provider in data.providers if provider.id == provider_id)


def _names(model_id: str) -> Iterator[str]:
    """The canonical names that an entry of genai-prices prices: one, or one for each snapshot of Claude 3."""
    name = canonical_model(model_id).canonical
    undated = name.removesuffix("-" + name.rpartition("-")[2])
    if undated in LAST_SNAPSHOTS:
        yield from (
            f"{undated}-{day}" for day in [*_EARLIER_SNAPSHOTS.get(undated, ()), LAST_SNAPSHOTS[undated]]
        )
    elif name.count("-") > 1:
        yield name


def _dated(prices: Any) -> Iterator[tuple[date, Any]]:
    if not isinstance(prices, list):
        yield _LAUNCH, prices
        return
    for entry in prices:
        yield getattr(entry.constraint, "start_date", _LAUNCH), entry.prices


def _tiers(name: str, start: date, price: Any, fast: Decimal | None, source: str) -> Iterator[Row]:
    guide_input, guide_output = GUIDE.get(name, (None, None))
    values = [
        guide_input or price.input_mtok,
        guide_output or price.output_mtok,
        price.cache_read_mtok,
        price.cache_write_mtok,
        price.cache_write_1h_mtok,
    ]
    if missing := [value for value in values if value is None]:
        raise ValueError(
            f"{name}: genai-prices lists no price for {len(missing)} of the five kinds of tokens"
        )
    effective_from = datetime.combine(start, time(), UTC)
    web_search = price.web_searches_kcount or _WEB_SEARCH
    for above in sorted({0} | {tier.start for value in values for tier in getattr(value, "tiers", ())}):
        amounts = (_amount(value, above) for value in values)
        yield Row._make((name, effective_from, above, *amounts, web_search, fast, source))


def _amount(value: Any, above: int) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return next((tier.price for tier in reversed(value.tiers) if tier.start <= above), value.base)


def _fast_multipliers() -> dict[str, Decimal]:
    """By what fast mode multiplies all prices of a model: OpenRouter lists it as models ending in `-fast`.

    https://platform.claude.com/docs/en/build-with-claude/fast-mode, read 2026-11-28
    """
    standard = {name: price for name, _, price in _openrouter() if not name.endswith("-fast")}
    return {
        canonical_model(name.removesuffix("-fast")).canonical: price / standard[name.removesuffix("-fast")]
        for name, _, price in _openrouter()
        if name.endswith("-fast")
    }


def _openrouter() -> Iterator[tuple[str, date, Decimal]]:
    for model in _provider("openrouter").models:
        if model.id.startswith("anthropic/claude-"):
            for start, price in _dated(model.prices):
                yield model.id, start, _amount(price.input_mtok, 0)


def sql() -> str:
    """The INSERT that fills a fresh database."""
    lines = [
        f"    ('{row.model}', '{row.effective_from:%Y-%m-%d} 00:00Z', {row.above}, "
        + ", ".join("NULL" if value is None else f"{value.normalize():f}" for value in row[3:10])
        + f", '{row.source}')"
        for row in rows()
    ]
    head = "-- USD per million tokens: written by `python -m functions.ai_budget.tools.price_rows`."
    return f"{head}\nINSERT INTO ai_model_prices ({_COLUMNS}) VALUES\n" + ",\n".join(lines) + ";\n"


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m functions.ai_budget.tools.price_rows", description=__doc__
    ).parse_args()
    PRICES.write_text(sql())
