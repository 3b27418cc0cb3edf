"""`python -m functions.ai_budget.price_rows`: the price rows of schema.sql, as SQL.

They come from the guide and from genai-prices. Run it after an update of that and put what is new into a
migration; a test compares the two. A model that is not dated there is priced from 1970 on, that is from its
launch. genai-prices counts cache tokens as input tokens and has threshold prices for the whole call, as here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

GUIDE = "FinOps guide, Pricing (Claude API); cache prices: genai-prices"
_SUFFIX = "([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*"


class Row(NamedTuple):
    """A row of ai_model_prices."""

    model: str
    pattern: str
    effective_from: datetime
    above: int
    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    source: str


def _since(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _four(usd: Iterable[Decimal]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    first, second, third, fourth = usd
    return first, second, third, fourth


def _guide() -> Iterator[Row]:
    for model, *usd in (
        ("claude-3-5-sonnet-20241022", "3", "15", "0.3", "3.75"),
        ("claude-3-opus-20240229", "15", "75", "1.5", "18.75"),
        ("claude-3-haiku-20240307", "0.25", "1.25", "0.03", "0.3"),
    ):
        launched = datetime.strptime(model[-8:], "%Y%m%d").replace(tzinfo=UTC)
        yield Row(model, f"^{model}$", launched, 0, *_four(map(Decimal, usd)), GUIDE)


def _clauses(clause: Any) -> Iterator[Any]:
    for part in clause.or_ if hasattr(clause, "or_") else (clause,):
        yield from _clauses(part) if hasattr(part, "or_") else (part,)


def _pattern(match: Any) -> str:
    """The listed ids, and those that begin as listed and end in a date, a version or `latest`."""
    whole, begins = [], []
    for clause in _clauses(match):
        if hasattr(clause, "regex"):
            whole.append(clause.regex.strip("^$").replace("\\d", "[0-9]"))
        elif hasattr(clause, "equals"):
            whole.append(clause.equals.replace(".", "\\."))
        else:
            prefix = (getattr(clause, "starts_with", None) or clause.contains).rstrip("@").replace(".", "\\.")
            begins.append(prefix + ("[0-9]{4}" if re.search("-20[0-9]{2}$", prefix) else ""))
    if begins:
        whole.append(f"({'|'.join(begins)}){_SUFFIX}")
    return f"^({'|'.join(whole)})$"


def _tier(value: Any, above: int) -> Decimal:
    if not hasattr(value, "base"):
        return value
    return next((t.price for t in reversed(value.tiers) if t.start <= above), value.base)


def _library() -> Iterator[Row]:
    from importlib.metadata import version

    from genai_prices import data

    source = f"genai-prices {version('genai-prices')}"
    provider = next(p for p in data.providers if p.id == "anthropic")
    for model in provider.models:
        pattern = _pattern(model.match)
        dated = model.prices if isinstance(model.prices, list) else [None]
        for entry in dated:
            price: Any = model.prices if entry is None else entry.prices
            start = getattr(getattr(entry, "constraint", None), "start_date", None) or date(1970, 1, 1)
            names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
            values = [getattr(price, n, None) or price.input_mtok for n in names]
            for above in sorted({0} | {t.start for v in values for t in getattr(v, "tiers", ())}):
                yield Row(
                    model.id, pattern, _since(start), above, *_four(_tier(v, above) for v in values), source
                )


def rows() -> list[Row]:
    """The guide's three models, then all of genai-prices' Anthropic models."""
    return [*_guide(), *_library()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def main() -> None:
    """Prints the INSERT."""
    lines = [
        f"    ({_quoted(r.model)}, {_quoted(r.pattern)}, '{r.effective_from:%Y-%m-%d} 00:00Z', {r.above},"
        f" {r.input}, {r.output}, {r.cache_read}, {r.cache_write},\n        {_quoted(r.source)})"
        for r in rows()
    ]
    usd = [f"{kind}_usd_per_mtok" for kind in ("input", "output", "cache_read", "cache_write")]
    columns = f"{usd[0]}, {usd[1]},\n    {usd[2]}, {usd[3]}, source"
    print(
        f"INSERT INTO ai_model_prices (model, pattern, effective_from, above_input_tokens, {columns}) VALUES"
    )
    print(",\n".join(lines) + ";")


if __name__ == "__main__":
    main()
